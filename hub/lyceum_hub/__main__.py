"""The command ``lyceum-hub``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from lyceum_compute.protocol.identity import IdentityError

from . import VERSION
from .commands import account, host, migrate, serve
from .errors import HubError, MigrationError
from .settings import SettingsError

CONFIG = "/etc/lyceum/hub.toml"


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    top = argparse.ArgumentParser(prog="lyceum-hub", description="The hub: accounts, projects and synchronised tables.")
    top.add_argument("--version", action="version", version=VERSION)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module, name, text in (
        (serve, "serve", "serve browsers and programs"),
        (migrate, "migrate", "bring the database to the state that this release needs"),
        (account, "account", "make accounts, set passwords, disable and enable"),
        (host, "host", "list compute hosts, empty one, let it take projects again"),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("--config", default=CONFIG, metavar="FILE", help="the settings (%(default)s)")
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; an error that a person can mend is one line, without a traceback."""
    options = parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except (SettingsError, IdentityError, MigrationError, HubError) as error:
        message = error.message if isinstance(error, HubError) else str(error)
        print(f"lyceum-hub: {message}", file=sys.stderr)  # noqa: T201 the command's output
        return 1
    except KeyboardInterrupt:
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
