"""``lyceum-network``: makes the projects' gate, and connects projects to it. The service manager calls it."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from lyceum_compute.logs import set_up
from lyceum_compute.programs import ProgramError

from . import gate, link
from .settings import NetworkError, load

SETTINGS = Path("/etc/lyceum/compute.toml")
log = logging.getLogger("lyceum_compute.network")


def main() -> None:
    """Do one thing; exit code 1, with the reason in the log, if it cannot be done."""
    parser = argparse.ArgumentParser(prog="lyceum-network", description=__doc__)
    parser.add_argument("--settings", type=Path, default=SETTINGS, help="settings (default: %(default)s)")
    parser.add_argument("what", choices=["gate", "project"])
    parser.add_argument("how", choices=["up", "down"])
    parser.add_argument("name", nargs="?", default="", help="the project's user")
    arguments = parser.parse_args()
    set_up()
    try:
        asyncio.run(_do(arguments.what, arguments.how, arguments.name, arguments.settings))
    except (NetworkError, ProgramError, OSError) as error:
        log.error("%s", error)  # noqa: TRY400 a traceback helps nobody here
        sys.exit(1)


async def _do(what: str, how: str, name: str, settings: Path) -> None:
    if what == "gate":
        await (gate.up(load(settings)) if how == "up" else gate.down())
    else:
        await (link.up(load(settings), name) if how == "up" else link.down(name))


if __name__ == "__main__":
    main()
