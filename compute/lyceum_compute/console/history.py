"""The end of a terminal's output, kept for who looks at it later."""

from __future__ import annotations

from .modes import SEQUENCE, Modes, without_questions

#: Bytes at which the history is cut, and to how many.
LIMIT = 150_000
KEEP = 100_000
#: How far the cut may move forward to fall on the end of a line.
LINE = 8192


class History:
    """Bounded output, never cut within a character or an escape sequence, and at the end of a line if one is near."""

    def __init__(self, limit: int = LIMIT, keep: int = KEEP) -> None:
        self._limit = limit
        self._keep = keep
        self._kept = bytearray()
        self._modes = Modes()
        self.was_cut = False

    @property
    def alternate_screen(self) -> bool:
        """Whether what was cut off had left a full-screen program on the screen."""
        return self._modes.alternate_screen

    def __len__(self) -> int:
        return len(self._kept)

    def append(self, output: bytes) -> None:
        """Add output at the end."""
        self._kept += output
        if len(self._kept) > self._limit:
            self._cut()

    def replay(self) -> bytes:
        """Return what brings a fresh emulator to where the others are."""
        return self._modes.restore() + without_questions(bytes(self._kept))

    def _cut(self) -> None:
        wanted = len(self._kept) - self._keep
        line = self._kept.find(b"\n", wanted, wanted + LINE)
        at = line + 1 if line >= 0 else wanted
        for sequence in SEQUENCE.finditer(self._kept):
            if sequence.start() >= at:
                break
            self._modes.see(sequence)
            at = max(at, sequence.end())
        while at < len(self._kept) and self._kept[at] & 0xC0 == 0x80:
            at += 1
        del self._kept[:at]
        self.was_cut = True
