"""Operations on what was deleted and can be restored."""

from __future__ import annotations

from typing import Annotated

import msgspec
from lyceum_compute.protocol import messages
from lyceum_compute.protocol.messages import Empty, ListTrashResult, RestoreFromTrashResult

from lyceum_hub.services.files import relative

from .files import TREE
from .registry import Call, Done, OfProject, Who, operation


class RestoreFromTrash(OfProject, frozen=True):
    """``destination``: where to, if not to where it was."""

    trash_id: str
    destination: str | None = None
    overwrite: bool = False


class EmptyTrash(OfProject, frozen=True):
    """``trash_ids``: only these."""

    trash_ids: Annotated[list[str], msgspec.Meta(max_length=1_000)] | None = None


@operation(Who.PEOPLE)
async def list_trash(call: Call, asked: OfProject) -> ListTrashResult:
    """Return what was deleted with ``trash`` and is still there, the last first (at most 1,000)."""
    return await call.services.files.call(asked.project_id, "list_trash", Empty(), ListTrashResult)


@operation(Who.PEOPLE)
async def restore_from_trash(call: Call, asked: RestoreFromTrash) -> RestoreFromTrashResult:
    """Undo a deletion; answers with the path."""
    destination = None if asked.destination is None else relative(asked.destination, "destination")
    arguments = messages.RestoreFromTrash(trash_id=asked.trash_id, destination=destination, overwrite=asked.overwrite)
    return await call.services.files.call(asked.project_id, "restore_from_trash", arguments, RestoreFromTrashResult)


@operation(Who.PEOPLE)
async def empty_trash(call: Call, asked: EmptyTrash) -> Done:
    """Delete what is in the trash, for good."""
    arguments = messages.EmptyTrash(trash_ids=asked.trash_ids)
    await call.services.files.call(asked.project_id, "empty_trash", arguments, Empty, timeout=TREE)
    return Done()
