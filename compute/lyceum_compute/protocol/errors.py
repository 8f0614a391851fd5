"""How a request on the wire fails."""

from __future__ import annotations

from .messages import Fault


class FaultError(Exception):
    """A request failed with a code of ``messages.FAULT_STATUS`` and a sentence for people.

    A server's functions raise it to refuse; a client's ``request`` raises it when the other side refused, could not be
    reached (``unavailable``), or did not answer in time (``timed_out``).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def fault(self) -> Fault:
        """The same as it goes over the wire."""
        return Fault(self.code, self.message)

    def __str__(self) -> str:
        return f"{self.message} ({self.code})"
