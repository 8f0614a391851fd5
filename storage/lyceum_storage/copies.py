"""The latest copy of each project, and whether it is complete.

Which copies are complete is known in memory alone: after a restart of the daemon a copy counts as incomplete until it
was received once more, which costs little if nothing is missing. So no crash, of the daemon or the machine, can let
half a copy pass for a whole one. That nobody writes to a copy is seen by its lock (``flock`` on its home), which every
receiving process holds, also one that outlived the daemon which let it in.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lyceum_compute.protocol.errors import FaultError

from . import btrfs
from .walk import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .layout import Layout


@dataclass
class _State:
    """What is known of one copy since the daemon started."""

    token: str = ""
    """Of the receiver that was let in last; empty when it is done."""
    complete: bool = False
    snapshot: str | None = None
    """The snapshot of what is there, if one was taken and nothing was received since."""


@dataclass(frozen=True)
class Owner:
    """The user as whom copies are received."""

    uid: int
    gid: int


class Copies:
    """The copies on this host."""

    def __init__(self, layout: Layout, owner: Owner) -> None:
        self.layout = layout
        self.owner = owner
        self._states: dict[str, _State] = {}

    def prepare(self, project_id: str) -> None:
        """Make the copy's subvolume if there is none: root's, with two folders for the receiver within."""
        copy = self.layout.copy(project_id)
        if not btrfs.is_subvolume(copy):
            btrfs.create_subvolume(copy)
        copy.chmod(0o710)
        os.chown(copy, 0, self.owner.gid)
        for name in ("home", "partial"):
            folder = copy / name
            if not folder.exists():
                folder.mkdir(mode=0o700)
                os.chown(folder, self.owner.uid, self.owner.gid)

    def begin(self, project_id: str) -> str:
        """Let a receiver in: from now on the copy is incomplete. Return the token with which the receiver ends.

        Raises ``FaultError``: ``not_found`` without ``prepare``, ``conflict`` while another receives.
        """
        with self._locked(project_id):
            state = _State(token=secrets.token_hex(16))
            self._states[project_id] = state
            return state.token

    def finish(self, project_id: str, token: str, *, success: bool) -> None:
        """Note how a receiver ended. Raises ``FaultError`` (``conflict``) if it is not the one that was let in last."""
        state = self._states.get(project_id)
        if state is None or not state.token or not secrets.compare_digest(state.token, token):
            raise FaultError(
                "conflict", "the storage daemon started anew or let another in meanwhile; send the copy again"
            )
        state.token = ""
        state.complete = success

    def taken(self, project_id: str) -> str | None:
        """Return the snapshot of the copy as it is, if one was taken already."""
        state = self._states.get(project_id)
        return state.snapshot if state is not None else None

    @contextmanager
    def complete(self, project_id: str) -> Iterator[None]:
        """Hold a copy still for a snapshot. Raises ``FaultError`` (``conflict``) if it is not complete."""
        state = self._states.get(project_id)
        if state is None or not state.complete:
            raise FaultError(
                "conflict", "there is no complete copy since the last one began or the daemon started; send it first"
            )
        with self._locked(project_id):
            yield

    def note_snapshot(self, project_id: str, snapshot: str) -> None:
        """Remember that the copy as it is was snapshotted."""
        self._states[project_id].snapshot = snapshot

    @contextmanager
    def _locked(self, project_id: str) -> Iterator[None]:
        with lock(self.layout.home(project_id)):
            yield


@contextmanager
def lock(folder: Path) -> Iterator[int]:
    """Hold a folder's lock; yields its descriptor, which keeps the lock for whoever inherits it.

    Raises ``FaultError``: ``conflict`` if another holds it, ``not_found`` if the folder is not there.
    """
    try:
        fd = os.open(folder, FOLDER)
    except FileNotFoundError as error:
        raise FaultError("not_found", "there is no copy of this project here yet; prepare it first") from error
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FaultError("conflict", "a copy of this project is being received already") from error
        yield fd
    finally:
        os.close(fd)
