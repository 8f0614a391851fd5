"""Operations on accounts, sessions and API keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from lyceum_hub.services.views import OwnAccount, own_account

from .registry import Call, CookieChange, Done, Input, Nothing, Output, Who, operation


class CreateAccount(Input, frozen=True):
    """``token``: what the site's administrators give out, where the site wants one."""

    email_address: str
    password: str
    first_name: str
    last_name: str = ""
    token: str | None = None


class SignIn(Input, frozen=True):
    """``remember_me``: stay signed in for 30 days, also after the browser was closed."""

    email_address: str
    password: str
    remember_me: bool = False


class SignedIn(Output, frozen=True):
    """The account; the session is in the cookie."""

    account_id: UUID


class SignOut(Input, frozen=True):
    """``everywhere``: end all sessions of the account, on every device."""

    everywhere: bool = False


class ChangePassword(Input, frozen=True):
    """All other sessions of the account end."""

    old_password: str
    new_password: str


class CreateApiKey(Input, frozen=True):
    """A name to know it by."""

    name: str


class ApiKeyView(Output, frozen=True):
    """An API key without its secret."""

    api_key_id: UUID
    name: str
    created: datetime
    used: datetime | None


class NewApiKey(ApiKeyView, frozen=True):
    """A new API key; ``api_key`` is told only now."""

    api_key: str


class ApiKeys(Output, frozen=True):
    """The account's API keys."""

    api_keys: list[ApiKeyView]


class DeleteApiKey(Input, frozen=True):
    """Which."""

    api_key_id: UUID


@operation(Who.ANYBODY, http_only=True)
async def create_account(call: Call, asked: CreateAccount) -> SignedIn:
    """Make an account and sign it in."""
    account_id, session = await call.services.accounts.sign_up(
        email_address=asked.email_address,
        password=asked.password,
        first_name=asked.first_name,
        last_name=asked.last_name,
        token=asked.token,
        address=call.address,
    )
    call.cookie = CookieChange(session)
    return SignedIn(account_id=account_id)


@operation(Who.ANYBODY, http_only=True)
async def sign_in(call: Call, asked: SignIn) -> SignedIn:
    """Begin a session."""
    account_id, session = await call.services.accounts.sign_in(
        email_address=asked.email_address,
        password=asked.password,
        remember=asked.remember_me,
        address=call.address,
    )
    call.cookie = CookieChange(session)
    return SignedIn(account_id=account_id)


@operation(Who.SIGNED_IN)
async def sign_out(call: Call, asked: SignOut) -> Done:
    """End the session, or all sessions of the account."""
    await call.services.sessions.end(call.by, everywhere=asked.everywhere)
    call.cookie = CookieChange(None)
    return Done()


@operation(Who.SIGNED_IN)
async def get_account(call: Call, asked: Nothing) -> OwnAccount:  # noqa: ARG001
    """Return the caller's own account."""
    return own_account(await call.services.accounts.get(call.by.account_id))


@operation(Who.SIGNED_IN)
async def change_password(call: Call, asked: ChangePassword) -> Done:
    """Replace the caller's password."""
    await call.services.accounts.change_password(
        call.by, old=asked.old_password, new=asked.new_password, address=call.address
    )
    return Done()


@operation(Who.SIGNED_IN)
async def create_api_key(call: Call, asked: CreateApiKey) -> NewApiKey:
    """Make an API key, which programs send as ``Authorization: Bearer``."""
    key, token = await call.services.sessions.create_api_key(call.by, asked.name)
    return NewApiKey(api_key_id=key.api_key_id, name=key.name, created=key.created, used=key.used, api_key=token)


@operation(Who.SIGNED_IN)
async def list_api_keys(call: Call, asked: Nothing) -> ApiKeys:  # noqa: ARG001
    """Return the caller's API keys, oldest first."""
    keys = await call.services.sessions.api_keys(call.by)
    return ApiKeys(
        api_keys=[
            ApiKeyView(api_key_id=key.api_key_id, name=key.name, created=key.created, used=key.used) for key in keys
        ]
    )


@operation(Who.SIGNED_IN)
async def delete_api_key(call: Call, asked: DeleteApiKey) -> Done:
    """Take an API key away."""
    await call.services.sessions.delete_api_key(call.by, asked.api_key_id)
    return Done()
