"""Figures of benchmarks: what is made of their samples."""

from __future__ import annotations

import pytest
from lyceum_ops.benchmarks.figures import Figure, percentile, show


@pytest.mark.parametrize(("rank", "expected"), [(50, 5), (95, 10), (10, 1), (100, 10), (0, 1)])
def test_percentile_is_a_sample_by_nearest_rank(rank: float, expected: float) -> None:
    assert percentile([float(value) for value in (3, 1, 2, 5, 4, 10, 9, 8, 7, 6)], rank) == expected


def test_a_ratio_is_one_of_medians() -> None:
    figure = Figure("start", "s", [1.0, 2.0, 30.0], [10.0, 20.0, 21.0], aim=0.1)
    assert figure.ratio == pytest.approx(0.1)
    assert figure.met


def test_the_table_says_what_was_missed(capsys: pytest.CaptureFixture[str]) -> None:
    show([Figure("start", "s", [3.0], [10.0], aim=0.1), Figure("memory", "MiB", [1.0], [100.0], aim=0.1)], peer="Peer")
    lines = capsys.readouterr().out.splitlines()
    assert "0.30  0.10 missed" in next(line for line in lines if line.startswith("start"))
    assert "0.01  0.10 met" in next(line for line in lines if line.startswith("memory"))
