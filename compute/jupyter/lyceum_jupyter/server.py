"""Jupyter's server for one project."""

from __future__ import annotations

import logging
import socket
import time
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir
from jupyter_server.auth.identity import IdentityProvider, User
from jupyter_server.serverapp import ServerApp
from tornado.ioloop import PeriodicCallback
from tornado.web import HTTPError, RequestHandler
from traitlets import Enum, List, Unicode
from traitlets.config import Config

from . import people
from .idle import ROUND, Idle

EXTENSIONS = ("lyceum_jupyter.lab", "jupyter_server_ydoc", "jupyter_server_fileid")
#: Seconds after which what was typed into a document, letter by letter, is kept as one piece.
HISTORY = 86_400


class Identity(IdentityProvider):
    """Who asks was found out before the request came here; there is nothing to sign in to."""

    token = Unicode("")
    updatable_fields = List(Enum([]))
    auth_enabled = True
    login_available = False
    logout_available = False

    def get_user(self, handler: RequestHandler) -> User:
        """Return the person that the gateway names. Raises ``HTTPError`` for nobody, and for pages of other origins."""
        person = people.of(handler.request.headers)
        if person is None:
            raise HTTPError(403, "the request comes from nobody")
        if people.comes_from_elsewhere(handler.request.method or "", handler.request.headers):
            raise HTTPError(403, "a page of another origin asks")
        return User(person.account, name=person.name, display_name=person.name, initials=person.initials)

    def should_check_origin(self, handler: RequestHandler) -> bool:  # noqa: ARG002 - as it is called
        """Origins were looked at by ``get_user``, for every request alike."""
        return False

    def validate_security(self, app: Any, ssl_options: dict[str, Any] | None = None) -> None:
        """Leave out the warning that there is no password."""


class Server(ServerApp):
    """Jupyter's server on a socket that is open already."""

    def __init__(self, listener: socket.socket, idle: float, **options: Any) -> None:
        super().__init__(**options)
        self._listener = listener
        self._idle = Idle(idle, time.monotonic())

    def load_config_file(self, *_: object, **__: object) -> None:
        """Read no settings of the server from the home: one broken line there, and nobody could open a notebook."""

    def find_server_extensions(self) -> None:
        """Load what is named in the settings, nothing that only lies about."""

    def init_httpserver(self) -> None:
        """Serve as usual, but look for no free port."""
        self.sock = "inherited"
        super().init_httpserver()

    def _bind_http_server(self) -> None:
        self.http_server.add_socket(self._listener)

    def init_shutdown_no_activity(self) -> None:
        """End when nothing happened for long enough."""
        PeriodicCallback(self._look, ROUND * 1000).start()

    def _look(self) -> None:
        kernels = self.kernel_manager.list_kernels()  # type: ignore[no-untyped-call]
        rooms = self.web_app.settings.get("ywebsocket_server")
        watched = any(kernel["connections"] for kernel in kernels) or (rooms is not None and _visited(rooms))
        busy = any(kernel["execution_state"] in {"busy", "starting"} for kernel in kernels)
        active = self.web_app.last_activity().timestamp()  # type: ignore[no-untyped-call]
        if self._idle.over(time.monotonic(), since_activity=time.time() - active, needed=watched or busy):
            self.log.info("nobody has needed Jupyter for %d s: it ends", self._idle.limit)
            self.stop()


def _visited(rooms: Any) -> bool:
    return any(room.clients for room in rooms.rooms.values())


def settings(project: str, home: Path) -> Config:
    """Return the settings of a project's server; ``project`` is its id without dashes."""
    project_id = f"{project[:8]}-{project[8:12]}-{project[12:16]}-{project[16:20]}-{project[20:]}"
    kept = Path(jupyter_data_dir())
    wanted = Config()
    wanted.ServerApp.update(
        jpserver_extensions=dict.fromkeys(EXTENSIONS, True),
        identity_provider_class=Identity,
        base_url=f"/{project_id}/port/jupyter/",
        default_url="/lab",
        root_dir=str(home),
        allow_remote_access=True,
        disable_check_xsrf=True,
        trust_xheaders=True,
        open_browser=False,
        terminals_enabled=False,
        quit_button=False,
    )
    wanted.Application.log_level = logging.WARNING
    wanted.FileContentsManager.delete_to_trash = False
    wanted.YDocExtension.session_store_path = str(kept / "collaboration-sessions.json")
    wanted.SQLiteYStore.update(db_path=str(kept / "collaboration.db"), squash_after_inactivity_of=HISTORY)
    return wanted


def serve(listener: socket.socket, project: str, home: Path, *, idle: float) -> None:
    """Serve until SIGTERM, or until nobody needed it for ``idle`` seconds."""
    Path(jupyter_data_dir()).mkdir(parents=True, exist_ok=True)
    listener.setblocking(False)
    server = Server(listener, idle, config=settings(project, home))
    server.initialize(argv=[])
    server.start()
