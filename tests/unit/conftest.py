"""In a unit test no process is started, unless the test is marked with the program that it is about: `process("git")`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_STARTS = frozenset({"subprocess.Popen", "os.posix_spawn", "os.exec", "os.system"})
_forbidden = False


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook: Python calls it before whatever a test does to start a process."""
    if _forbidden and event in _STARTS:
        program = arguments[0].decode() if isinstance(arguments[0], bytes) else str(arguments[0])
        message = f"this unit test starts {program}: mark it with @pytest.mark.process(name), or start nothing"
        raise AssertionError(message)


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def _no_processes(request: pytest.FixtureRequest) -> Iterator[None]:
    global _forbidden  # noqa: PLW0603 - an audit hook can be given nothing
    _forbidden = request.node.get_closest_marker("process") is None
    yield
    _forbidden = False


@pytest.fixture
def socket_folder() -> Iterator[Path]:
    """A folder whose path is short enough for sockets in folders of it: 108 bytes are all that a socket's path may have."""
    with tempfile.TemporaryDirectory(prefix="lyceum-", dir="/tmp") as folder:
        yield Path(folder)
