"""The operations of the local hub: which function does what."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.framing import decode_as
from lyceum_compute.protocol.messages import PROJECT_OPERATIONS, Request

from . import commands, files, trees
from .confinement import Home
from .drain import Drain


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
            "delete_path": partial(trees.delete_path, home),
        }

    def call(self, request: Request) -> Any:
        """Return the result of a request. Raises ``FaultError``."""
        function = self._functions.get(request.operation)
        if function is None:
            raise FaultError("unknown_operation", f"there is no operation {request.operation[:64]!r}")
        kind = PROJECT_OPERATIONS[request.operation][0]
        return function(decode_as(request.arguments, kind, f"the arguments of {request.operation}"))
