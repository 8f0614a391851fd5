"""One folder of wheels for each kind of host: ours, built here, and the locked ones, each named with its hash."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from lyceum_ops import checkout, locks, programs
from lyceum_ops.building import fingerprint
from lyceum_ops.errors import die

FOLDER = checkout.BUILD / "wheelhouse"
# Each distribution with ours that it needs: the wire protocol lives in the compute host's.
DISTRIBUTIONS: Mapping[str, tuple[str, ...]] = {
    "hub": ("hub", "compute"),
    "compute": ("compute",),
    "storage": ("storage", "compute"),
    "ssh": ("ssh", "compute"),
    "jupyter": ("jupyter",),
    "sage": (),
}
# The lock of the program that installs the wheels on a host; it travels with them.
INSTALLER = "installer"
# What is large and seldom wanted is built when it is asked for.
ON_DEMAND = frozenset({"sage"})
PYTHON = "313"
# A wheel is a zip, and a zip holds times: one fixed time makes it the same whenever it is built.
SOURCE_DATE_EPOCH = "1577836800"
RECIPE = "2"


def build(distribution: str) -> bool:
    """Build the wheelhouse of a distribution; returns False when the one that is there is of the same sources."""
    target = FOLDER / distribution
    stamp = FOLDER / f"{distribution}.fingerprint"
    with fingerprint.exclusive(FOLDER):
        wanted = fingerprint.of(_sources(distribution), RECIPE, PYTHON, platform.machine())
        if fingerprint.matches(stamp, wanted) and (target / "RELEASE").is_file():
            return False
        stamp.unlink(missing_ok=True)
        partial = FOLDER / f".{distribution}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        _fill(distribution, partial)
        shutil.rmtree(target, ignore_errors=True)
        partial.rename(target)
        stamp.write_text(f"{wanted}\n", encoding="utf-8")
    return True


def release(distribution: str) -> str:
    """Name of the release that a wheelhouse holds."""
    return (FOLDER / distribution / "RELEASE").read_text(encoding="utf-8").strip()


def _folder_of(name: str) -> Path:
    """Where one of our distributions has its sources."""
    return checkout.ROOT / locks.SOFTWARE.get(name, name)


def _sources(distribution: str) -> list[Path]:
    own = [
        _folder_of(name) / part
        for name in DISTRIBUTIONS[distribution]
        for part in (f"lyceum_{name}", "scripts", "pyproject.toml")
    ]
    return [
        *(path for path in own if path.exists()),
        *(checkout.LOCKS / f"{name}.txt" for name in (distribution, INSTALLER)),
    ]


def _fill(distribution: str, folder: Path) -> None:
    lock = checkout.LOCKS / f"{distribution}.txt"
    for name in (distribution, INSTALLER):
        for wheel in _locked_wheels(name).glob("*.whl"):
            os.link(wheel, folder / wheel.name)
    ours = [_build_wheel(name, folder) for name in DISTRIBUTIONS[distribution]]
    lines = [f"{name}=={version} --hash=sha256:{digest}\n" for name, version, digest in ours]
    requirements = "".join(lines) + lock.read_text(encoding="utf-8")
    (folder / "requirements.txt").write_text(requirements, encoding="utf-8")
    digest = hashlib.sha256(requirements.encode()).hexdigest()[:12]
    version = ours[0][1] if ours else distribution
    (folder / "RELEASE").write_text(f"{version}-{digest}\n", encoding="utf-8")


def _locked_wheels(name: str) -> Path:
    """The wheels of a lock, fetched once for each state of it: our own sources change far more often."""
    lock = checkout.LOCKS / f"{name}.txt"
    folder = FOLDER / ".locked" / name
    stamp = folder / "fingerprint"
    wanted = fingerprint.of([lock], RECIPE, PYTHON, platform.machine())
    if not fingerprint.matches(stamp, wanted):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _download(lock, folder)
        stamp.write_text(f"{wanted}\n", encoding="utf-8")
    return folder


def _download(lock: Path, folder: Path) -> None:
    """Fetch the locked wheels for the hosts' Python, which need not be ours."""
    machine = platform.machine()
    tags = [f"manylinux_2_{minor}_{machine}" for minor in range(41, 16, -1)]
    platforms = [word for tag in (*tags, f"manylinux2014_{machine}") for word in ("--platform", tag)]
    programs.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"),
            *("--no-deps", "--require-hashes", "--only-binary=:all:", "--python-version", PYTHON),
            *("--implementation", "cp", "--abi", f"cp{PYTHON}", "--abi", "abi3", "--abi", "none", *platforms),
            *("--requirement", str(lock), "--dest", str(folder)),
        ],
        timeout=1800,
    )


def _build_wheel(name: str, folder: Path) -> tuple[str, str, str]:
    """Build one of our wheels; returns its distribution's name, version and hash."""
    before = set(folder.glob("*.whl"))
    programs.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        directory=_folder_of(name),
        extra_environment={"SOURCE_DATE_EPOCH": SOURCE_DATE_EPOCH},
        timeout=120,
    )
    made = set(folder.glob("*.whl")) - before
    if len(made) != 1:
        die(f"Building {name} made {len(made)} wheels instead of one.")
    wheel = made.pop()
    return f"lyceum-{name}", wheel.name.split("-")[1], hashlib.sha256(wheel.read_bytes()).hexdigest()
