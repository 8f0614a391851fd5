"""The operations of the local hub: which function does what."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.framing import decode_as
from lyceum_compute.protocol.messages import PROJECT_OPERATIONS, Request, UnpackArchive, UnpackArchiveResult, Watch

from . import commands, files, ports, trash, trees
from .confinement import Home
from .drain import Drain

if TYPE_CHECKING:
    from .watches import Watcher


class Operations:
    """Everything that a project's local hub does, for one home folder."""

    def __init__(self, home: Home, drain: Drain) -> None:
        self._functions: dict[str, Callable[[Any], Any]] = {
            "exec": lambda arguments: commands.execute(home, arguments, drain),
            "read_text_file": partial(files.read_text_file, home),
            "write_text_file": partial(files.write_text_file, home),
            "list_directory": partial(files.list_directory, home),
            "make_directory": partial(files.make_directory, home),
            "copy_path": partial(trees.copy_path, home),
            "rename_path": partial(trees.rename_path, home),
            "delete_path": partial(trash.delete_path, home),
            "list_trash": lambda _: trash.list_trash(home),
            "restore_from_trash": partial(trash.restore_from_trash, home),
            "empty_trash": partial(trash.empty_trash, home),
            "unpack_archive": partial(_unpack_archive, home),
            "watch": partial(_watch, home),
            "list_ports": lambda _: ports.list_ports(),
        }

    def call(self, request: Request) -> Any:
        """Return the result of a request. Raises ``FaultError``."""
        function = self._functions.get(request.operation)
        if function is None:
            raise FaultError("unknown_operation", f"there is no operation {request.operation[:64]!r}")
        kind = Watch if request.operation == "watch" else PROJECT_OPERATIONS[request.operation][0]
        return function(decode_as(request.arguments, kind, f"the arguments of {request.operation}"))


def _unpack_archive(home: Home, arguments: UnpackArchive) -> UnpackArchiveResult:
    from .unpacking import unpack_archive  # noqa: PLC0415 megabytes that most projects never need

    return unpack_archive(home, arguments)


def _watch(home: Home, arguments: Watch) -> Watcher:
    from .watches import Watcher  # noqa: PLC0415 only for who watches

    return Watcher(home, arguments)
