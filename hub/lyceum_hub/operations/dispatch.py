"""Performing a call: who may, then what is asked, then the function; and every failure in one form."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from typing import Any
from uuid import UUID

import msgspec

from lyceum_hub.errors import ForbiddenError, HubError, InvalidError, NotSignedInError, UnavailableError
from lyceum_hub.services.caller import Caller

from .registry import REGISTRY, Call, Operation, Who

log = logging.getLogger(__name__)

_WHERE = re.compile(
    r" - at `\$\.?(?P<path>[^`]*)`$|^Object (?P<how>missing required|contains unknown) field `(?P<name>[^`]*)`.*$"
)


def find(event: str) -> Operation:
    """Return an operation by its name. Raises ``HubError`` (``unknown_event``)."""
    try:
        return REGISTRY[event]
    except KeyError:
        raise HubError("unknown_event", f"There is no event {event[:64]!r}.") from None


def check_who(operation: Operation, caller: Caller | None) -> None:
    """Raise ``HubError`` if the caller may not, whatever is asked."""
    if operation.who is Who.ANYBODY:
        return
    if caller is None:
        raise NotSignedInError
    if operation.who is Who.ADMINISTRATOR and not caller.administrator:
        raise ForbiddenError("Only administrators can do this.")


def decode(body: bytes | str) -> dict[str, Any]:
    """Return the JSON object in a message. Raises ``HubError`` (``malformed`` or ``invalid``)."""
    try:
        fields = msgspec.json.decode(body)
    except RecursionError:
        raise HubError("malformed", "The message is nested too deeply.") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise HubError("malformed", f"The message is not JSON: {str(error)[:200]}") from error
    if not isinstance(fields, dict):
        raise InvalidError("The message must be a JSON object.")
    return fields


async def perform(call: Call, operation: Operation, fields: dict[str, Any]) -> msgspec.Struct:
    """Return the output of a call. Raises ``HubError`` and nothing else."""
    try:
        check_who(operation, call.caller)
        if operation.who is Who.PEOPLE:
            call.role = await call.services.projects.role(call.by, _project_id(fields))
        arguments = _input(operation, fields)
        key = call.caller.account_id if call.caller else call.address
        async with call.services.fairness.turn(key):
            return await operation.function(call, arguments)
    except HubError as error:
        if error.status < 500 or error.status == 503:
            raise
        raise _internal(operation.name, error) from error
    except asyncio.CancelledError:
        if call.services.background.closing:
            raise UnavailableError("This hub is being restarted. Repeat the call.", 1) from None
        raise
    except Exception as error:  # the boundary of a call: logged with an id, which is all that the caller learns
        raise _internal(operation.name, error) from error


def _internal(name: str, error: Exception) -> HubError:
    if isinstance(error, HubError) and error.code != "internal":
        return error
    incident = secrets.token_hex(6)
    log.error("%s failed (%s)", name, incident, exc_info=error, extra={"action": name, "incident": incident})
    return HubError(
        "internal", f"Something went wrong here. If you report it, say {incident}: the log has it under this name."
    )


def _project_id(fields: dict[str, Any]) -> UUID:
    value = fields.get("project_id")
    if value is None:
        raise InvalidError("project_id is missing.", "project_id")
    try:
        if isinstance(value, str) and len(value) == 36:
            return UUID(value)
    except ValueError:
        pass
    raise InvalidError("project_id must be a UUID.", "project_id")


def _input(operation: Operation, fields: dict[str, Any]) -> Any:
    nul = _field_with_nul(fields)
    if nul is not None:
        raise InvalidError(f"{nul} must not have NUL characters.", nul)
    try:
        return operation.decoder(fields)
    except msgspec.ValidationError as error:
        raise _invalid(str(error)) from error


def _invalid(text: str) -> InvalidError:
    """Return the library's sentence with the field named first."""
    found = _WHERE.search(text)
    if found is None:
        return InvalidError(text)
    if found["name"] is not None:
        missing = found["how"] == "missing required"
        return InvalidError(
            f"{found['name']} is {'missing' if missing else 'not a field of this event'}.", found["name"]
        )
    path = found["path"] or "message"
    return InvalidError(f"{path}: {text[: found.start()].lower()}", path)


def _field_with_nul(fields: dict[str, Any]) -> str | None:
    """Return the name of a top-level field that has a NUL character in it, in whatever depth."""
    for name, value in fields.items():
        waiting: list[object] = [name, value]
        while waiting:
            item = waiting.pop()
            if isinstance(item, str):
                if "\0" in item:
                    return name.replace("\0", "?")[:64]
            elif isinstance(item, dict):
                waiting.extend(item.keys())
                waiting.extend(item.values())
            elif isinstance(item, list):
                waiting.extend(item)
    return None
