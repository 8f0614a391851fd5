"""Accounts, by the hub's own command on a hub host. A password travels by standard input alone."""

from __future__ import annotations

import getpass
import secrets
import sys

import msgspec

from lyceum_ops.errors import die
from lyceum_ops.remote import Machines

from . import hub

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look alike


class Account(msgspec.Struct, frozen=True):
    """An account as the hub lists it."""

    account_id: str
    email_address: str
    first_name: str
    last_name: str
    administrator: bool
    disabled: bool
    created: str


def administrator(machines: Machines, email_address: str, *, ask: bool) -> None:
    """Make an administrator; an account that is there becomes one and keeps its password."""
    password, made = _password(ask=ask)
    said = _call(machines, "administrator", email_address, stdin=password)
    print(said)
    if made and said.startswith("created"):
        print(f"Password: {password}")


def new_password(machines: Machines, email_address: str, *, ask: bool) -> None:
    """Set a new password; all sessions of the account end."""
    password, made = _password(ask=ask)
    print(_call(machines, "set-password", email_address, stdin=password))
    if made:
        print(f"Password: {password}")


def change(machines: Machines, action: str, email_address: str) -> None:
    """Disable or enable an account."""
    print(_call(machines, action, email_address))


def show(machines: Machines) -> None:
    """List all accounts."""
    lines = _call(machines, "list").splitlines()
    accounts = [msgspec.json.decode(line, type=Account) for line in lines if line.startswith("{")]
    width = max((len(account.email_address) for account in accounts), default=0)
    for account in sorted(accounts, key=lambda account: account.email_address):
        marks = [*(["administrator"] if account.administrator else []), *(["disabled"] if account.disabled else [])]
        name = f"{account.first_name} {account.last_name}".strip()
        print(f"{account.email_address:<{width}}  {name}  {', '.join(marks)}".rstrip())


def _call(machines: Machines, action: str, *arguments: str, stdin: str | None = None) -> str:
    # `--` after the options: an address that begins with a dash is still an address.
    return hub.call(machines, "account", action, *(["--", *arguments] if arguments else []), stdin=stdin)


def _password(*, ask: bool) -> tuple[str, bool]:
    """Ask for a password, or read it from a pipe with `ask`, or make one; returns it and whether it was made."""
    if not ask:
        return "-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(4)), True
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n"), False
    password = getpass.getpass("New password: ")
    if getpass.getpass("Once more: ") != password:
        die("The two passwords differ. Nothing was changed.")
    return password, False
