"""When a server that nobody needs may end."""

from __future__ import annotations

#: Seconds between two looks.
ROUND = 10.0


class Idle:
    """Knows for how long nobody has needed the server. ``limit`` and all times in seconds."""

    def __init__(self, limit: float, now: float) -> None:
        self.limit = limit
        self._needed = now

    def over(self, now: float, *, since_activity: float, needed: bool) -> bool:
        """Take a look: is it needed now, and how long ago did anybody ask for anything? Returns whether to end."""
        self._needed = max(self._needed, now if needed else now - since_activity)
        return now - self._needed > self.limit
