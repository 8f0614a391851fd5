"""The control machine's half of installing a distribution: sends the wheelhouse when the host lacks the release."""

from __future__ import annotations

import re
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

MODULE = "lyceum_application"
# A release names a folder on the host.
RELEASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")


class ActionModule(ActionBase):  # type: ignore[misc]  # Ansible has no types
    """Installs a distribution on one host. The arguments are described in roles/application/tasks/main.yml."""

    TRANSFERS_FILES = True
    _requires_connection = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        self._variables = task_vars or {}
        arguments = self._task.args
        wheelhouse = Path(arguments["wheelhouse"])
        asked = {"folder": arguments["folder"], "release": read_release(wheelhouse), "keep": arguments["keep"]}
        answer = self._on_host(asked)
        if answer.get("failed") or answer["there"] or self._task.check_mode:
            return answer
        try:
            return self._on_host({**asked, "archive": self._send(wheelhouse)})
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)

    def _send(self, wheelhouse: Path) -> str:
        with tempfile.NamedTemporaryFile(suffix=".tar") as archive:
            with tarfile.open(archive.name, "w", dereference=True) as opened:
                for entry in sorted(wheelhouse.iterdir()):
                    opened.add(entry, arcname=entry.name)
            remote = self._connection._shell.join_path(self._make_tmp_path(), "wheelhouse.tar")
            self._transfer_file(archive.name, remote)
        return str(remote)

    def _on_host(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return dict(self._execute_module(module_name=MODULE, module_args=arguments, task_vars=self._variables))


def read_release(wheelhouse: Path) -> str:
    """The name of the release that a wheelhouse holds."""
    try:
        release = (wheelhouse / "RELEASE").read_text().strip()
    except OSError as error:
        raise AnsibleActionFail(
            f"there is no wheelhouse in {wheelhouse} ({error.strerror}); run playbooks/build.yml first"
        ) from None
    if not RELEASE.fullmatch(release):
        raise AnsibleActionFail(
            f"{wheelhouse}/RELEASE holds {release!r}, which is no name of a release; run playbooks/build.yml again"
        )
    return release
