"""JupyterLab's pages, from the files that its wheel brings, without what calls package indexes or feeds of news.

``jupyterlab.labapp`` would do as well, but takes longer to load: it brings managers of extensions, announcements and a
build system.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_config_dir
from jupyter_server import version_info
from jupyterlab_server import LabServerApp

SHARE = Path(sys.prefix, "share/jupyter/lab")
#: Pages that ask for what this server does not have, by the names of their plugins.
LEFT_OUT = (
    "@jupyterlab/apputils-extension:announcements",
    "@jupyterlab/extensionmanager-extension",
    "@jupyterlab/lsp-extension",
    "@jupyterlab/pluginmanager-extension",
    "@jupyterlab/terminal-extension",
)


class Lab(LabServerApp):  # type: ignore[misc]  # has no types
    """JupyterLab below ``/lab``."""

    name = "lab"
    app_name = "JupyterLab"
    load_other_extensions = False

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        own = Path(jupyter_config_dir(), "lab")
        self.app_settings_dir = str(SHARE / "settings")
        self.app_version = json.loads((SHARE / "static/package.json").read_text())["jupyterlab"]["version"]
        self.schemas_dir = str(SHARE / "schemas")
        self.static_dir = str(SHARE / "static")
        self.templates_dir = str(SHARE / "static")
        self.themes_dir = str(SHARE / "themes")
        self.user_settings_dir = str(own / "user-settings")
        self.workspaces_dir = str(own / "workspaces")
        self.cache_files = True

    def initialize_handlers(self) -> None:
        """Tell the pages what there is."""
        settings = self.serverapp.web_app.settings
        settings["page_config_hook"] = leave_out
        settings.setdefault("page_config_data", {}).update(
            buildAvailable=False,
            buildCheck=False,
            delete_to_trash=False,
            devMode=False,
            exposeAppInBrowser=False,
            fullMathjaxUrl="",
            news={"disabled": True},
            notebookVersion=json.dumps(version_info),
            quitButton=False,
            token="",
        )
        super().initialize_handlers()


def leave_out(_handler: object, page: dict[str, Any]) -> dict[str, Any]:
    """Add to what is disabled on a page."""
    return {**page, "disabledExtensions": sorted({*page.get("disabledExtensions", ()), *LEFT_OUT})}


def _jupyter_server_extension_points() -> list[dict[str, object]]:
    """Tell the server what this module extends it with."""
    return [{"module": __name__, "app": Lab}]
