"""The trash: ``~/.trash/<id>/<name>`` is what was deleted, ``~/.trash/<id>.json`` beside it says where it was.

The ids sort by time. Both files are the project's own to change: what they say is checked like what a caller says.
"""

from __future__ import annotations

import heapq
import os
import re
from contextlib import suppress
from datetime import UTC, datetime

import msgspec

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.messages import (
    DeletePath,
    DeletePathResult,
    Empty,
    EmptyTrash,
    ListTrashResult,
    RestoreFromTrash,
    RestoreFromTrashResult,
    Trashed,
)
from lyceum_compute.protocol.names import text_of

from .confinement import Home, Place, names_of
from .faults import shown
from .files import kind_of, opened
from .trees import NOREPLACE, check_pair, delete, existing, put, refuse_home, rename
from .walk import FOLDER

FOLDER_NAME = ".trash"
MAX_LISTED = 1000
#: Bytes of a record: a path of the longest, each byte of it written as a group.
MAX_RECORD = 64 * 1024

_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}")


class _Record(msgspec.Struct, frozen=True):
    """What is kept of something in the trash."""

    path: str
    deleted: datetime


def delete_path(home: Home, arguments: DeletePath) -> DeletePathResult:
    """Delete a path, or move it to the trash. What lies in the trash already is deleted."""
    names = names_of(arguments.path)
    if not arguments.trash or names[:1] == [FOLDER_NAME.encode()]:
        delete(home, arguments.path)
        return DeletePathResult()
    now = datetime.now(UTC)
    trash_id = f"{now:%Y%m%dT%H%M%S}-{os.urandom(4).hex()}"
    path = text_of(b"/".join(names))
    try:
        with home.locate(path, follow=False) as place:
            refuse_home(place, "deleted")
            existing(place)
            _write_record(home, trash_id, _Record(path=path, deleted=now))
            _move(home, place, trash_id)
    except FaultError as error:
        _clear(home, trash_id)
        if error.code == "disk_quota":
            raise FaultError(error.code, f"{error.message}; what is deleted without the trash needs no room") from error
        raise
    return DeletePathResult(trash_id=trash_id)


def _write_record(home: Home, trash_id: str, record: _Record) -> None:
    with home.locate(f"{FOLDER_NAME}/{trash_id}.json", follow=False, make_parents=True) as place:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(place.name, flags, 0o600, dir_fd=place.folder)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(record))


def _move(home: Home, place: Place, trash_id: str) -> None:
    goal = f"{FOLDER_NAME}/{trash_id}/{text_of(place.name)}"
    with home.locate(goal, follow=False, make_parents=True) as destination:
        check_pair(place, destination)
        rename(place, destination, NOREPLACE)


def _clear(home: Home, trash_id: str) -> None:
    """Remove what is kept of something that is in the trash no more; a folder that still holds something stays."""
    with suppress(FaultError), home.locate(f"{FOLDER_NAME}/{trash_id}", follow=False) as place:
        with suppress(OSError):
            os.rmdir(place.name, dir_fd=place.folder)
        with suppress(OSError):
            os.unlink(place.name + b".json", dir_fd=place.folder)


def list_trash(home: Home) -> ListTrashResult:
    """List what was deleted, the last first."""
    try:
        with home.locate(FOLDER_NAME) as place:
            folder = os.open(place.name, FOLDER, dir_fd=place.folder)
    except FaultError as error:
        if error.code == "not_found":
            return ListTrashResult(trash=[], truncated=False)
        raise
    try:
        with os.scandir(folder) as entries:
            ids = (entry.name for entry in entries if _ID.fullmatch(entry.name))
            newest = heapq.nlargest(MAX_LISTED + 1, ids)
    finally:
        os.close(folder)
    listed = [found for trash_id in newest[:MAX_LISTED] if (found := _look(home, trash_id)) is not None]
    return ListTrashResult(trash=listed, truncated=len(newest) > MAX_LISTED)


def _look(home: Home, trash_id: str) -> Trashed | None:
    """Return what there is to say of one thing; None for what was put there by other means."""
    try:
        record, name = _record(home, trash_id)
        with home.locate(f"{FOLDER_NAME}/{trash_id}/{name}", follow=False) as place:
            status = existing(place)
    except FaultError:
        return None
    return Trashed(
        trash_id=trash_id,
        path=record.path,
        deleted=record.deleted,
        type=kind_of(status),
        size=status.st_size,
    )


def _record(home: Home, trash_id: str) -> tuple[_Record, str]:
    """Return the record and the name in the trash. Raises ``FaultError`` if there are none."""
    if not _ID.fullmatch(trash_id):
        raise FaultError("invalid", "trash_id: an id is expected that list_trash gives")
    missing = FaultError("not_found", f"{shown(trash_id)}: there is no such thing in the trash")
    try:
        with home.locate(f"{FOLDER_NAME}/{trash_id}.json") as place, opened(place) as descriptor:
            record = msgspec.json.decode(os.read(descriptor, MAX_RECORD), type=_Record)
        names = names_of(record.path)
    except (FaultError, msgspec.MsgspecError, ValueError) as error:
        raise missing from error
    if not names:
        raise missing
    return record, text_of(names[-1])


def restore_from_trash(home: Home, arguments: RestoreFromTrash) -> RestoreFromTrashResult:
    """Put something back where it was, or elsewhere."""
    record, name = _record(home, arguments.trash_id)
    path = record.path if arguments.destination is None else arguments.destination
    with (
        home.locate(f"{FOLDER_NAME}/{arguments.trash_id}/{name}", follow=False) as source,
        home.locate(path, follow=False, make_parents=True) as destination,
    ):
        refuse_home(destination, "replaced")
        check_pair(source, destination)
        put(source, destination, overwrite=arguments.overwrite)
    _clear(home, arguments.trash_id)
    return RestoreFromTrashResult(path=path)


def empty_trash(home: Home, arguments: EmptyTrash) -> Empty:
    """Delete what is in the trash, or some of it; what is gone already is fine."""
    if arguments.trash_ids is None:
        _delete_if_there(home, FOLDER_NAME)
        return Empty()
    for trash_id in arguments.trash_ids:
        if not _ID.fullmatch(trash_id):
            raise FaultError("invalid", "trash_ids: ids are expected that list_trash gives")
        _delete_if_there(home, f"{FOLDER_NAME}/{trash_id}")
        _delete_if_there(home, f"{FOLDER_NAME}/{trash_id}.json")
    return Empty()


def _delete_if_there(home: Home, path: str) -> None:
    try:
        delete(home, path)
    except FaultError as error:
        if error.code != "not_found":
            raise
