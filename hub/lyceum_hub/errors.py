"""How an operation fails: one hierarchy, each with the code and HTTP status that the caller sees."""

from __future__ import annotations

from lyceum_compute.protocol.messages import FAULT_STATUS

#: Code -> HTTP status. The wire protocol's codes keep their meaning.
STATUS: dict[str, int] = FAULT_STATUS | {
    "not_signed_in": 401,
    "wrong_credentials": 401,
    "foreign_origin": 403,
    "unknown_event": 404,
    "method_not_allowed": 405,
    "wrong_media_type": 415,
}


class HubError(Exception):
    """An operation was refused or could not be done. The message is for the person who asked."""

    def __init__(self, code: str, message: str, *, field: str | None = None, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return STATUS.get(self.code, 500)

    def body(self) -> dict[str, object]:
        """The JSON that the caller gets."""
        error: dict[str, object] = {"code": self.code, "message": self.message}
        if self.field is not None:
            error["field"] = self.field
        if self.retry_after is not None:
            error["retry_after"] = self.retry_after
        return error


class MigrationError(Exception):
    """The database could not be migrated; the message says why."""


class NotSignedInError(HubError):
    """Nobody is signed in, or the session has ended."""

    def __init__(self, message: str = "Sign in first.") -> None:
        super().__init__("not_signed_in", message)


class ForbiddenError(HubError):
    """The caller may see it, but may not do this."""

    def __init__(self, message: str) -> None:
        super().__init__("forbidden", message)


class NotFoundError(HubError):
    """There is no such thing, or the caller may not know of it."""

    def __init__(self, message: str) -> None:
        super().__init__("not_found", message)


class InvalidError(HubError):
    """A field has a value that it cannot have."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__("invalid", message, field=field)


class ConflictError(HubError):
    """It cannot be done in the present state of things."""

    def __init__(self, message: str, code: str = "conflict") -> None:
        super().__init__(code, message)


class TooManyError(HubError):
    """A limit was reached; ``retry_after`` is in seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__("too_many", message, retry_after=retry_after)


class UnavailableError(HubError):
    """Something that this needs cannot be reached; the call can be repeated."""

    def __init__(self, message: str, retry_after: int = 5) -> None:
        super().__init__("unavailable", message, retry_after=retry_after)


def unknown_project() -> NotFoundError:
    """The answer for a project that is not there and for one that is not the caller's."""
    return NotFoundError("There is no such project, or you are not one of its people.")
