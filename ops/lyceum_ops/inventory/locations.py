"""Where in an inventory's files something stands, so that a message can name the file and the line to mend."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from lyceum_ops.inventory import InventoryError
from lyceum_ops.inventory.secrets import VAULT

HOSTS = "hosts.yml"
SETTINGS = "group_vars/all/main.yml"


@dataclass(frozen=True)
class Place:
    """A line in a file."""

    path: Path
    line: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else str(self.path)


@dataclass(frozen=True)
class Key:
    """A key of a mapping in one of the files, with the keys above it."""

    name: str
    parents: tuple[str, ...]
    place: Place


@dataclass(frozen=True)
class Files:
    """The keys in all files of one inventory, and those that stand twice in one mapping."""

    folder: Path
    keys: tuple[Key, ...]
    duplicates: tuple[Key, ...]

    def place(self, variable: str, *, host: str = "", otherwise: str = SETTINGS) -> Place:
        """Where a variable is set, preferably for this host; if it is nowhere, the file in which to set it."""
        found = [key for key in self.keys if key.name == variable]
        own = [
            key
            for key in found
            if host and (host in key.parents or host in (key.place.path.stem, key.place.path.parent.name))
        ]
        return (own or found)[0].place if found else Place(self.folder / otherwise)

    def machine(self, name: str) -> Place:
        """Where a machine is described: its longest entry is where its variables stand."""
        found = [key.place for key in self.keys if key.name == name and key.parents[-1:] == ("hosts",)]
        return found[0] if found else Place(self.folder / HOSTS)


def read(folder: Path) -> Files:
    """Read the files of an inventory. Raises `InventoryError` for the first that is no YAML."""
    keys: list[Key] = []
    duplicates: list[Key] = []
    for path in _files(folder):
        for key, again in _walk(_compose(path), path, ()):
            keys.append(key)
            if again:
                duplicates.append(key)
    return Files(folder=folder, keys=tuple(keys), duplicates=tuple(duplicates))


def _files(folder: Path) -> list[Path]:
    variables = [path for kind in ("group_vars", "host_vars") for path in sorted((folder / kind).rglob("*.y*ml"))]
    return [path for path in [folder / HOSTS, *variables] if path.is_file() and path != folder / VAULT]


def _compose(path: Path) -> yaml.Node | None:
    try:
        return yaml.compose(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise InventoryError(f"{Place(path, line)}: this is no YAML: {error.problem}") from None
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        raise InventoryError(f"{path}: it cannot be read: {error}") from None


def _walk(node: yaml.Node | None, path: Path, parents: tuple[str, ...]) -> Iterator[tuple[Key, bool]]:
    """Every key below a node, and whether the same mapping held it before."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _walk(item, path, parents)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for name, value in node.value:
        text = str(name.value)
        yield Key(name=text, parents=parents, place=Place(path, name.start_mark.line + 1)), text in seen
        seen.add(text)
        yield from _walk(value, path, (*parents, text))
