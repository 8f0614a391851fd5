"""What the locks are made of."""

from __future__ import annotations

import re

import pytest
from lyceum_ops import checkout, locks


def locked(name: str) -> dict[str, str]:
    """Versions in a lock, by package."""
    text = (checkout.LOCKS / f"{name}.txt").read_text()
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ ;]+)", text, flags=re.MULTILINE))


def plain(requirement: str) -> str:
    """A requirement's name as locks spell it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~ ;]", requirement)[0]).lower()


@pytest.mark.parametrize(
    ("name", "sources"),
    [
        ("hub", ["hub", "compute"]),
        ("compute", ["compute"]),
        ("storage", ["storage", "compute"]),
        ("jupyter", ["compute/jupyter"]),
        ("sage", ["compute/sage"]),
        ("control", ["ops"]),
    ],
)
def test_every_dependency_is_locked(name: str, sources: list[str]) -> None:
    wanted = {plain(line) for source in sources for line in locks.dependencies(source)}
    assert wanted - set(locked(name)) == set(), "run ./lyceum lock"


@pytest.mark.parametrize("name", [*locks.HOSTS, "control"])
def test_a_library_has_one_version_everywhere(name: str) -> None:
    everything = locked("dev")
    twice = {"deprecated"}  # one for each Python
    assert {
        package: version
        for package, version in locked(name).items()
        if package not in twice and everything.get(package) != version
    } == {}


def test_our_own_distributions_are_no_dependency() -> None:
    assert not [line for name in locks.DISTRIBUTIONS for line in locks.dependencies(name) if line.startswith("lyceum")]
