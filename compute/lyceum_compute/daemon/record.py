"""What the daemon must know of a project after a restart, in one small file each."""

from __future__ import annotations

import logging
import os
from datetime import datetime
from pathlib import Path

import msgspec

from lyceum_compute.protocol.messages import Project, SaveResult

log = logging.getLogger(__name__)


class Record(msgspec.Struct, kw_only=True):
    """A project on this host. ``generations``: the transaction of each of its subvolumes in the last complete copy."""

    project: Project
    generations: dict[int, int] = {}
    saved: SaveResult | None = None
    last_edited: datetime | None = None


def store(path: Path, record: Record) -> None:
    """Write a record so that a reader, or a power cut, finds the old one or the new one."""
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(msgspec.json.encode(record))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def load_all(folder: Path) -> list[Record]:
    """Return all records of a folder; one that cannot be read is logged and left where it is."""
    records = []
    for path in sorted(folder.glob("*.json")):
        try:
            records.append(msgspec.json.decode(path.read_bytes(), type=Record))
        except (OSError, ValueError) as error:
            log.warning(
                "%s cannot be read, and its project is not known here: %s", path, error, extra={"action": "record"}
            )
    return records
