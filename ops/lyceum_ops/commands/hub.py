"""The hub's own command, run on a hub host. Secrets travel by standard input alone."""

from __future__ import annotations

from lyceum_ops import programs
from lyceum_ops.errors import Failure
from lyceum_ops.remote import Machines

PROGRAM = "/opt/lyceum/hub/current/bin/lyceum-hub"
USER = "lyceum-hub"


def call(machines: Machines, *words: str, stdin: str | None = None) -> str:
    """Run the command on the first hub host; returns what it says that it did."""
    hub = machines.first("hub")
    try:
        result = hub.run("runuser", "-u", USER, "--", PROGRAM, *words, stdin=None if stdin is None else f"{stdin}\n")
    except programs.ProgramFailure as failure:
        raise Failure(failure.said.strip() or str(failure), hint=_hint(failure.code, hub.name)) from None
    return (result.stdout or result.stderr).strip()


def _hint(code: int, hub: str) -> str | None:
    if code == 255:
        return f"The machine {hub} cannot be reached by SSH."
    return "Lyceum is not deployed there yet: ./lyceum up, or ./lyceum deploy" if code == 127 else None
