"""Samples of one figure, what is made of them, and the table that shows it."""

from __future__ import annotations

import math
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path

import msgspec

from lyceum_ops import checkout
from lyceum_ops.errors import die


class Figure(msgspec.Struct, frozen=True):
    """Samples of one figure on our side and on a peer's, in the same unit, taken in the same run.

    Attributes:
        aim: the ratio of medians (ours to the peer's) that we want to stay below; none for what is only told.
    """

    name: str
    unit: str
    ours: list[float]
    peers: list[float]
    aim: float | None = None

    @property
    def ratio(self) -> float:
        """Our median as a part of the peer's."""
        return statistics.median(self.ours) / statistics.median(self.peers)

    @property
    def met(self) -> bool:
        """Whether the aim, if there is one, was reached."""
        return self.aim is None or self.ratio <= self.aim

    def as_json(self) -> dict[str, object]:
        """All of it, for a file."""
        fields: dict[str, object] = msgspec.to_builtins(self)
        return fields | {
            "median": {"ours": statistics.median(self.ours), "peers": statistics.median(self.peers)},
            "percentile_95": {"ours": percentile(self.ours, 95), "peers": percentile(self.peers, 95)},
            "ratio": round(self.ratio, 4),
            "met": self.met,
        }


def percentile(samples: Sequence[float], rank: float) -> float:
    """The smallest sample that at least ``rank`` per cent of all do not exceed (nearest rank)."""
    return sorted(samples)[max(0, math.ceil(len(samples) * rank / 100) - 1)]


def show(figures: Sequence[Figure], *, ours: str = "Lyceum", peer: str) -> None:
    """Print figures as a table: medians and 95th percentiles of both sides, the ratio and the aim."""
    width = max(len(figure.name) for figure in figures)
    print(f"\n{'':{width}}  {ours:>17}  {peer:>17}")
    print(f"{'':{width}}  {'median':>8} {'95 %':>8}  {'median':>8} {'95 %':>8}  ratio  aim")
    for figure in figures:
        sides = (f"{statistics.median(side):8.3g} {percentile(side, 95):8.3g}" for side in (figure.ours, figure.peers))
        verdict = "" if figure.aim is None else f"{figure.aim:.2f} {'met' if figure.met else 'missed'}"
        print(f"{figure.name:{width}}  {'  '.join(sides)}  {figure.ratio:5.2f}  {verdict:11} ({figure.unit})")


def demand(missed: Sequence[str]) -> None:
    """End the command with an error if aims were missed; they are named."""
    if missed:
        die(f"{len(missed)} of the aims were missed: {', '.join(missed)}.", hint="On a busy computer, measure again.")


def processor() -> str:
    """The model of this computer's processor."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def write(name: str, content: object) -> Path:
    """Write what was measured to build/bench/NAME.json, and say so."""
    path = checkout.BUILD / "bench" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
    print(f"\nAlso in {path}")
    return path
