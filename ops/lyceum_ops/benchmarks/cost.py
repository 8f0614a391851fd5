"""Measures how long telling a cost takes, beside what cannot be avoided: importing the provider's modules."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from lyceum_ops import checkout, programs
from lyceum_ops.progress import Progress

STACK = "medium"
REPEATS = 3
PREVIEW_RESOURCES = 100
SIZES = (10, 100, 1000, 10000)
AIM_RATIO, AIM_PREVIEW = 1.5, 1.0
# Prints the provider's modules that a run of the program loads: a package without its own is not loaded at all.
MODULES = f"""
import sys
from lyceum_stacks.cost import request
from lyceum_stacks.cost.estimate import Options
from lyceum_stacks.cost.usage import Usage
request.of_stack({STACK!r}, Usage(), Options())
print(" ".join(sorted(name for name in sys.modules if name.startswith("pulumi_gcp.") and name.count(".") == 2)))
"""


class Size(msgspec.Struct, frozen=True):
    """One size: so many resources, seconds to price them, and the process's peak of memory."""

    resources: int
    seconds: float
    peak_mib: float


class Time(msgspec.Struct, frozen=True):
    """Seconds that passed, and seconds of the processor, which a busy host does not change."""

    passed: float
    processor: float


class Report(msgspec.Struct, frozen=True):
    """What was measured; `ratio` is that of the command's processor time to that of the imports alone."""

    imports: Time
    command: Time
    ratio: float
    preview: Time
    sizes: list[Size]


def run(progress: Progress) -> Report:
    """Measure in turn, so that whatever else the host does falls on both alike; print and keep the result."""
    with progress.step("Find the provider's modules that the program uses"):
        modules = _python("-c", MODULES).split()
    with TemporaryDirectory(prefix="lyceum-bench-") as folder:
        preview = Path(folder, "preview.json")
        preview.write_text(_python("-c", _preview_of(PREVIEW_RESOURCES)), encoding="utf-8")
        imports, command, previews = [], [], []
        for number in range(REPEATS):
            with progress.step(f"Measure, {number + 1} of {REPEATS}"):
                imports.append(_timed(lambda: _python("-c", f"import {', '.join(modules)}")))
                command.append(_timed(lambda: _lyceum("cost", STACK, "--json")))
                previews.append(_timed(lambda: _lyceum("cost", "--preview", str(preview), "--json")))
    with progress.step(f"Price {SIZES[0]} to {SIZES[-1]:,} resources"):
        sizes = [msgspec.json.decode(_python("-m", "lyceum_stacks.cost.probe", str(size)), type=Size) for size in SIZES]
    ratio = statistics.median(ours.processor / theirs.processor for ours, theirs in zip(command, imports, strict=True))
    report = Report(_middle(imports), _middle(command), round(ratio, 2), _middle(previews), sizes)
    _write(report)
    _show(report, len(modules))
    return report


def _middle(times: list[Time]) -> Time:
    median = statistics.median
    return Time(round(median(time.passed for time in times), 2), round(median(time.processor for time in times), 2))


def _preview_of(count: int) -> str:
    return f"import json; from lyceum_stacks.cost import probe; print(json.dumps(probe.preview({count})))"


def _python(*words: str) -> str:
    extra = {"PYTHONPATH": str(checkout.ROOT / "stacks")}
    return programs.run([sys.executable, *words], extra_environment=extra, directory=checkout.ROOT, timeout=600).stdout


def _lyceum(*words: str) -> None:
    programs.run([str(checkout.ROOT / "lyceum"), *words], directory=checkout.ROOT, timeout=600)


def _timed(work: Callable[[], object]) -> Time:
    began, before = time.monotonic(), os.times()
    work()
    after = os.times()
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return Time(time.monotonic() - began, processor)


def _write(report: Report) -> None:
    folder = checkout.BUILD / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cost.json").write_text(json.dumps(msgspec.to_builtins(report), indent=2) + "\n", encoding="utf-8")


def _show(report: Report, modules: int) -> None:
    print(f"\n./lyceum cost {STACK} (medians of {REPEATS}, taken in turn)      passed  processor")
    rows = ((report.imports, f"importing the {modules} modules that it uses"), (report.command, "the command"))
    for time_, what in rows:
        print(f"  {what:<55} {time_.passed:7.2f} s {time_.processor:7.2f} s")
    print(f"  {report.ratio:.2f} times the imports, in processor time (aim: at most {AIM_RATIO:g})")
    print(f"\n./lyceum cost --preview, {PREVIEW_RESOURCES} resources")
    passed, processor = report.preview.passed, report.preview.processor
    print(f"  {passed:.2f} s passed, {processor:.2f} s of the processor (aim: under {AIM_PREVIEW:g})")
    print("\nReading, pricing and writing a preview (aim: linear)")
    for size in report.sizes:
        each = size.seconds / size.resources * 1000
        print(f"  {size.resources:7,} resources  {size.seconds:8.3f} s  {each:6.2f} ms each  {size.peak_mib:6.1f} MiB")
    print(f"\nAlso in {checkout.BUILD / 'bench' / 'cost.json'}")
