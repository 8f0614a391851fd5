"""Loads of Google's provider only what a program uses.

`pulumi_gcp.compute` loads hundreds of modules when its first name is asked for, a program uses a dozen of them. Here a
package's name is looked up in the one module that defines it, found by the name; what is not found so is left to the
package itself. Only what runs a program offline does this: under the engine everything is as the provider made it.
"""

from __future__ import annotations

import importlib
import re
import sys
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

PROVIDER = "pulumi_gcp"
LISTED = re.compile(r"^from \.(\w+) import \*$", re.MULTILINE)
TYPES = ("Args", "ArgsDict")


class Package(ModuleType):
    """What a package of the provider is made until more of it is needed than one module."""

    def __getattr__(self, name: str) -> Any:
        """Find a name that was not asked for before."""
        if name.startswith("__"):
            raise AttributeError(name)
        module = self._modules.get("inputs" if name.endswith(TYPES) else _squeezed(name))
        if module is not None:
            loaded = importlib.import_module(f"{self.__name__}.{module}")
            found = getattr(loaded, name, loaded if module == name else None)
            if found is not None:
                setattr(self, name, found)
                return found
        spec = self.__spec__
        if spec is None or spec.loader is None or "_whole" in self.__dict__:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        self.__dict__["_whole"] = True
        spec.loader.exec_module(self)
        return getattr(self, name)

    @cached_property
    def _modules(self) -> dict[str, str]:
        """The package's modules by their names without underscores, as its own list has them."""
        listed = LISTED.findall(Path(self.__file__ or "").read_text(encoding="utf-8"))
        return {_squeezed(name): name for name in [*listed, "outputs", "_inputs"]}


def install() -> None:
    """Make such packages of those that nothing has been asked of yet; whoever holds one goes on holding it."""
    importlib.import_module(PROVIDER)
    for name, module in list(sys.modules.items()):
        package = name.removeprefix(f"{PROVIDER}.")
        if package != name and "." not in package and type(module).__name__ == "_LazyModule":
            # Not `module.anything`: asking a lazy module loads it, and one that was put in its place could not be.
            module.__class__ = Package


def _squeezed(name: str) -> str:
    return name.replace("_", "").lower()
