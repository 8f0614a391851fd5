"""``lyceum-hub migrate``: bring the database to the state that this release needs."""

from __future__ import annotations

import argparse
import asyncio
import ssl
import sys
from typing import Literal

from lyceum_hub.settings import SettingsError, load, read_secret


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--phase",
        choices=["before", "after"],
        help="before: what new hubs need and old ones bear; after: what only new hubs bear; without it, both",
    )
    parser.add_argument("--user", default="lyceum_owner", help="the role that owns the tables (%(default)s)")
    parser.add_argument("--password-file", metavar="FILE", help="the file with its password (standard input)")


def run(options: argparse.Namespace) -> int:
    """Apply what is missing and say what it was on standard output, which stays empty if it was nothing."""
    settings = load(options.config)
    if options.password_file is None:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = read_secret(options.password_file)
    try:
        context = ssl.create_default_context(cafile=settings.tls.ca)
    except OSError as error:
        raise SettingsError(f"the authority's certificate {settings.tls.ca} cannot be used: {error}") from error
    from lyceum_hub.db.migrate import migrate  # noqa: PLC0415 30 MB that a hub which serves need not carry

    phases: tuple[Literal["before", "after"], ...] = (options.phase,) if options.phase else ("before", "after")
    done = asyncio.run(migrate(settings.database, context, user=options.user, password=password, phases=phases))
    for name in done.applied:
        print(f"applied {name}")  # noqa: T201 the command's output
    if not done.applied:
        print("nothing to apply", file=sys.stderr)  # noqa: T201 the command's output
    if done.left:
        print(f"left for later: {', '.join(done.left)}", file=sys.stderr)  # noqa: T201 the command's output
    return 0
