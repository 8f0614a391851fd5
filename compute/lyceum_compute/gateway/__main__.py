"""``lyceum-gateway [SETTINGS]``: the gateway to the projects of one compute host."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import uvloop

from lyceum_compute.handover import Handover, keep
from lyceum_compute.logs import set_up
from lyceum_compute.protocol.identity import IdentityError

from .service import serve
from .settings import DEFAULT_PATH, Settings, SettingsError, load

log = logging.getLogger("lyceum_compute.gateway")


def main() -> None:
    """Run the gateway; exit code 2 if the settings cannot be used, 1 if it cannot go on."""
    parser = argparse.ArgumentParser(prog="lyceum-gateway", description="Passes connections to one host's projects.")
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
    sys.exit(keep(lambda handover: _serve(settings, handover)))


def _serve(settings: Settings, handover: Handover) -> int:
    try:
        uvloop.run(serve(settings, handover))
    except (IdentityError, OSError) as error:
        log.error("%s", error)  # noqa: TRY400 a traceback helps nobody here
        return 1
    return 0


if __name__ == "__main__":
    main()
