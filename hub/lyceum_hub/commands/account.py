"""``lyceum-hub account``: accounts, for the operator."""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lyceum_hub.db.database import Database
from lyceum_hub.errors import ConflictError
from lyceum_hub.services.accounts import Accounts
from lyceum_hub.services.limits import Limits
from lyceum_hub.services.passwords import Passwords
from lyceum_hub.services.sessions import Sessions
from lyceum_hub.settings import Settings, SettingsError, load, read_secret


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own commands and options."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make an account; the password comes from standard input")
    create.add_argument("email_address")
    create.add_argument("--first-name", default="")
    create.add_argument("--last-name", default="")
    create.add_argument("--administrator", action="store_true", help="make it an administrator's")
    create.add_argument(
        "--if-missing", action="store_true", help="an account that is there already is no error, and is left as it is"
    )
    administrator = actions.add_parser(
        "administrator", help="make an administrator's account if there is none, or an account that is there one"
    )
    administrator.add_argument("email_address")
    set_password = actions.add_parser("set-password", help="set the password from standard input; all sessions end")
    set_password.add_argument("email_address")
    for name, text in (
        ("disable", "end all sessions and refuse to sign in"),
        ("enable", "let sign in again"),
    ):
        actions.add_parser(name, help=text).add_argument("email_address")
    actions.add_parser("list", help="print all accounts, one line of JSON each")


def run(options: argparse.Namespace) -> int:
    """Do it and say what was done."""
    settings = load(options.config)
    return asyncio.run(_run(settings, options))


async def _run(settings: Settings, options: argparse.Namespace) -> int:
    async with _accounts(settings) as accounts:
        match options.action:
            case "create":
                return await _create(accounts, options)
            case "administrator":
                return await _administrator(accounts, options.email_address)
            case "set-password":
                account = await accounts.find_by_email(options.email_address)
                await accounts.set_password(account, _password())
                return _say(f"changed the password of {account.email_address}")
            case "disable" | "enable":
                account = await accounts.find_by_email(options.email_address)
                disabled = options.action == "disable"
                changed = await accounts.set_disabled(account.account_id, disabled=disabled)
                done = f"{options.action}d {account.email_address}"
                return _say(done) if changed else _unchanged(f"already {done}")
            case _:
                return await _list(accounts)


async def _create(accounts: Accounts, options: argparse.Namespace) -> int:
    _, made = await accounts.create(
        email_address=options.email_address,
        password=_password(),
        first_name=options.first_name,
        last_name=options.last_name,
        administrator=options.administrator,
    )
    if made:
        return _say(f"created {options.email_address}")
    if not options.if_missing:
        raise ConflictError(f"There is an account {options.email_address} already.")
    return _unchanged(f"there is an account {options.email_address} already")


async def _administrator(accounts: Accounts, email_address: str) -> int:
    account_id, made = await accounts.create(
        email_address=email_address, password=_password(), first_name="", last_name="", administrator=True
    )
    if made:
        return _say(f"created the administrator {email_address}")
    if await accounts.make_administrator(account_id):
        return _say(f"made {email_address} an administrator")
    return _unchanged(f"{email_address} is an administrator already")


async def _list(accounts: Accounts) -> int:
    for account in await accounts.all_accounts():
        fields = {
            name: str(getattr(account, name)) for name in ("account_id", "email_address", "first_name", "last_name")
        }
        flags = {"administrator": account.administrator, "disabled": account.disabled}
        _say(json.dumps({**fields, **flags, "created": account.created.isoformat()}))
    return 0


@asynccontextmanager
async def _accounts(settings: Settings) -> AsyncIterator[Accounts]:
    try:
        context = ssl.create_default_context(cafile=settings.tls.ca)
    except OSError as error:
        raise SettingsError(f"the authority's certificate {settings.tls.ca} cannot be used: {error}") from error
    passwords = Passwords(threads=1)
    database = Database(settings.database, read_secret(settings.database.password_file), context)
    async with database:
        sessions = Sessions(database, settings.sessions)
        yield Accounts(database, settings, sessions, Limits(database, settings.limits), passwords)
    passwords.close()


def _password() -> str:
    return sys.stdin.readline().rstrip("\r\n")


def _unchanged(text: str) -> int:
    """Say on standard error that nothing was done, so that standard output tells of changes alone."""
    print(text, file=sys.stderr)  # noqa: T201 the command's output
    return 0


def _say(text: str) -> int:
    print(text)  # noqa: T201 the command's output
    return 0
