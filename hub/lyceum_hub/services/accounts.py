"""Accounts: signing up and in, passwords, disabling."""

from __future__ import annotations

import hmac
from uuid import UUID

from lyceum_hub.db import accounts, credentials, projects
from lyceum_hub.db.accounts import Account
from lyceum_hub.db.database import Database
from lyceum_hub.errors import ConflictError, ForbiddenError, HubError, NotFoundError
from lyceum_hub.settings import Settings, read_secret

from . import texts
from .caller import Caller
from .limits import Limits
from .passwords import Passwords, check_rules
from .sessions import Session, Sessions


def wrong_credentials() -> HubError:
    """The one answer for an unknown account, a wrong password and a disabled account."""
    return HubError("wrong_credentials", "E-mail address or password is wrong.")


class Accounts:
    """What can be done with accounts."""

    def __init__(
        self, database: Database, settings: Settings, sessions: Sessions, limits: Limits, passwords: Passwords
    ) -> None:
        self._database = database
        self._settings = settings
        self._sessions = sessions
        self._limits = limits
        self._passwords = passwords

    async def sign_up(
        self,
        *,
        email_address: str,
        password: str,
        first_name: str,
        last_name: str,
        token: str | None,
        address: str,
    ) -> tuple[UUID, Session]:
        """Make an account for somebody at ``address`` (IP), sign it in, and let it into what it was invited to."""
        if self._settings.sign_up == "closed":
            raise ForbiddenError("Accounts here are made by the administrators.")
        email_address = texts.email_address(email_address)
        first_name = texts.line(first_name, "first_name", least=1, most=100)
        last_name = texts.line(last_name, "last_name", most=100)
        check_rules(password, email_address=email_address)
        await self._limits.count_sign_up(address)
        self._check_token(token)
        password_hash = await self._passwords.hash(password)
        async with self._database.transaction() as connection:
            account_id = await accounts.insert(
                connection,
                email_address=email_address,
                first_name=first_name,
                last_name=last_name,
                password_hash=password_hash,
            )
            if account_id is None:
                raise ConflictError("There is an account with this e-mail address already.")
            await projects.take_up_invitations(connection, account_id, email_address)
            return account_id, await self._sessions.begin(connection, account_id, remember=False)

    def _check_token(self, token: str | None) -> None:
        if self._settings.sign_up != "token":
            return
        expected = read_secret(self._settings.sign_up_token_file or "")
        if token is None or not hmac.compare_digest(token.strip().encode(), expected.encode()):
            raise ForbiddenError(
                "Signing up here needs the token that the site's administrators give out; this one is wrong."
            )

    async def sign_in(self, *, email_address: str, password: str, remember: bool, address: str) -> tuple[UUID, Session]:
        """Begin a session for who knows the password.

        The limits are looked at again after the password was: of many guesses at once, only as many learn anything as
        there may be failures.
        """
        email_address = texts.email_address(email_address)
        await self._limits.check_sign_in(email_address, address)
        async with self._database.connection() as connection:
            found = await accounts.password_hash(connection, email_address)
        fits, renewed = await self._passwords.verify(found[1] if found else None, password)
        if found is None or not fits or found[2]:
            await self._limits.count_failed_sign_in(email_address, address)
            raise wrong_credentials()
        await self._limits.check_sign_in(email_address, address)
        async with self._database.transaction() as connection:
            if renewed is not None:
                await accounts.set_password_hash(connection, found[0], renewed)
            return found[0], await self._sessions.begin(connection, found[0], remember=remember)

    async def get(self, account_id: UUID) -> Account:
        """Return an account. Raises ``NotFoundError``."""
        async with self._database.connection() as connection:
            account = await accounts.find(connection, account_id)
        if account is None:
            raise NotFoundError("There is no such account.")
        return account

    async def change_password(self, caller: Caller, *, old: str, new: str, address: str) -> None:
        """Replace the password; all other sessions end. A wrong old one counts as a failed sign-in."""
        check_rules(new, email_address=caller.email_address, field="new_password")
        await self._limits.check_sign_in(caller.email_address, address)
        async with self._database.connection() as connection:
            found = await accounts.password_hash(connection, caller.email_address)
        fits, _ = await self._passwords.verify(found[1] if found else None, old)
        if found is None or not fits:
            await self._limits.count_failed_sign_in(caller.email_address, address)
            raise HubError("wrong_credentials", "The old password is wrong.", field="old_password")
        await self._limits.check_sign_in(caller.email_address, address)
        password_hash = await self._passwords.hash(new)
        async with self._database.transaction() as connection:
            await accounts.set_password_hash(connection, caller.account_id, password_hash)
            await credentials.delete_sessions(connection, caller.account_id, but=caller.token_hash)

    async def set_disabled(self, account_id: UUID, *, disabled: bool) -> bool:
        """Disable (all sessions and API keys end) or enable an account; return whether that changed anything."""
        async with self._database.transaction() as connection:
            changed = await accounts.set_disabled(connection, account_id, disabled=disabled)
            if disabled:
                await credentials.delete_sessions(connection, account_id)
                await credentials.delete_api_keys(connection, account_id)
        return changed

    # For the operator, who is at the machine and needs no session.

    async def create(
        self, *, email_address: str, password: str, first_name: str, last_name: str, administrator: bool
    ) -> tuple[UUID, bool]:
        """Make an account, unless there is one with this address; return its id and whether it was made."""
        email_address = texts.email_address(email_address)
        first_name = texts.line(first_name, "first_name", most=100)
        last_name = texts.line(last_name, "last_name", most=100)
        check_rules(password, email_address=email_address)
        password_hash = await self._passwords.hash(password)
        async with self._database.transaction() as connection:
            account_id = await accounts.insert(
                connection,
                email_address=email_address,
                first_name=first_name,
                last_name=last_name,
                password_hash=password_hash,
                administrator=administrator,
            )
            if account_id is not None:
                await projects.take_up_invitations(connection, account_id, email_address)
                return account_id, True
        return (await self.find_by_email(email_address)).account_id, False

    async def find_by_email(self, email_address: str) -> Account:
        """Return an account by its address. Raises ``NotFoundError``."""
        email_address = texts.email_address(email_address)
        async with self._database.connection() as connection:
            account = await accounts.find_by_email(connection, email_address)
        if account is None:
            raise NotFoundError(f"There is no account {email_address}.")
        return account

    async def make_administrator(self, account_id: UUID) -> bool:
        """Make an account an administrator's; return whether that changed anything."""
        async with self._database.connection() as connection:
            return await accounts.set_administrator(connection, account_id)

    async def set_password(self, account: Account, password: str) -> None:
        """Give an account another password; all its sessions end."""
        check_rules(password, email_address=account.email_address)
        password_hash = await self._passwords.hash(password)
        async with self._database.transaction() as connection:
            await accounts.set_password_hash(connection, account.account_id, password_hash)
            await credentials.delete_sessions(connection, account.account_id)

    async def all_accounts(self) -> list[Account]:
        """Return every account."""
        async with self._database.connection() as connection:
            return await accounts.all_accounts(connection)
