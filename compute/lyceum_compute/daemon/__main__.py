"""``lyceum-compute [SETTINGS]``: the compute daemon."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path

from lyceum_compute.logs import set_up
from lyceum_compute.protocol.identity import IdentityError

from .service import serve
from .settings import DEFAULT_PATH, SettingsError, load
from .systemd import UnitError

log = logging.getLogger("lyceum_compute.daemon")


def main() -> None:
    """Run the daemon; exit code 2 if the settings cannot be used, 1 if it cannot go on."""
    parser = argparse.ArgumentParser(prog="lyceum-compute", description="Runs the projects of one compute host.")
    parser.add_argument("settings", nargs="?", type=Path, default=DEFAULT_PATH, help="settings (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="only check the settings")
    arguments = parser.parse_args()
    set_up()
    try:
        settings = load(arguments.settings)
    except SettingsError as error:
        log.error("%s", error)  # noqa: TRY400 a traceback helps nobody here
        sys.exit(2)
    if arguments.check:
        return
    try:
        asyncio.run(serve(settings))
    except* (IdentityError, UnitError, OSError) as group:
        for problem in group.exceptions:
            log.error("%s", problem)  # noqa: TRY400 a traceback helps nobody here
        sys.exit(1)


if __name__ == "__main__":
    main()
