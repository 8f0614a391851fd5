"""A small lab of the tests' own: one machine, nothing deployed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from lyceum_ops import checkout
from lyceum_ops.commands import lab as commands
from lyceum_ops.lab import manager
from lyceum_ops.progress import Progress

NAME = "testtiny"
PORT = 25443


@dataclass(frozen=True)
class Tiny:
    """The lab, and what can be done with it."""

    name: str = NAME
    port: int = PORT

    def boot(self, *machines: str) -> None:
        """Boot it, with these machines in it as well."""
        commands.boot(self.name, machines, port=self.port, disk_gigabytes=2, progress=Progress())

    def down(self) -> None:
        """Shut it down."""
        commands.down(self.name, Progress())


@pytest.fixture(scope="module")
def tiny() -> Iterator[Tiny]:
    """The lab, booted; destroyed after the last test of a module."""
    if os.geteuid() != 0:
        pytest.fail("tests of the lab boot machines: run them as root")
    lab = Tiny()
    commands.remove(lab.name)
    lab.boot("m1=compute,edge")
    yield lab
    commands.remove(lab.name)
    assert manager.traces(lab.name) == []
    assert not (checkout.ROOT / "inventories" / f"lab-{lab.name}").is_symlink()
