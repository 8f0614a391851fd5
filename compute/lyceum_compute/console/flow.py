"""How much of a terminal's output is on its way to one viewer."""

from __future__ import annotations

from dataclasses import dataclass

from .messages import NonsenseError

#: Bytes that may be on their way to a viewer before the terminal waits for it (if it waits for all viewers).
WINDOW = 256 * 1024
#: Bytes that a viewer may be behind while the others read on.
MAX_BEHIND = WINDOW + 1024 * 1024
#: Seconds in which a viewer whose window is full must acknowledge something.
PATIENCE = 30.0


@dataclass
class Flow:
    """Bytes sent to a viewer, and how many it said to have processed."""

    sent: int = 0
    acknowledged: int = 0
    full_since: float | None = None
    """When the window became full, or something was last acknowledged since."""

    @property
    def outstanding(self) -> int:
        """Bytes on their way."""
        return self.sent - self.acknowledged

    @property
    def has_room(self) -> bool:
        """Whether the viewer can be sent more."""
        return self.outstanding < WINDOW

    def send(self, length: int, now: float) -> None:
        """Count bytes that are sent, at time ``now`` (seconds of any clock)."""
        self.sent += length
        if not self.has_room and self.full_since is None:
            self.full_since = now

    def acknowledge(self, count: int, now: float) -> None:
        """Take a viewer's count of processed bytes. Raises ``NonsenseError`` if it was not sent that much."""
        if count > self.sent:
            raise NonsenseError(f"{count} bytes were acknowledged, but only {self.sent} sent")
        if count > self.acknowledged:
            self.acknowledged = count
            self.full_since = None if self.has_room else now

    def is_stuck(self, now: float) -> bool:
        """Whether the viewer is too slow to be waited for any longer."""
        if self.outstanding > MAX_BEHIND:
            return True
        return self.full_since is not None and now - self.full_since > PATIENCE
