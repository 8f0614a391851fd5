"""Transfers and watches of a compute host at the wire's edge: trees are bytes in a dictionary."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.identity import Peer
from lyceum_compute.protocol.messages import (
    Empty,
    FileChange,
    FileChanges,
    OpenTransfer,
    OpenTransferResult,
    TransferArguments,
    TransferPart,
    UnwatchFiles,
    WatchEnded,
    WatchFiles,
    WriteTransfer,
)
from lyceum_compute.protocol.server import CALLING, Connection, Server

PART = 1000


@dataclass
class Transfer:
    """One end of a copy."""

    asked: OpenTransfer
    data: bytes


class FakeTrees:
    """What a compute host does with trees and watches."""

    def __init__(self) -> None:
        self.trees: dict[tuple[str, str], bytes] = {}
        self.transfers: dict[str, Transfer] = {}
        self.watching: dict[str, tuple[Connection, WatchFiles]] = {}
        self._keys = itertools.count()

    async def open_transfer(self, _peer: Peer, asked: OpenTransfer) -> OpenTransferResult:
        if not asked.write and (asked.project_id, asked.path) not in self.trees:
            raise FaultError("not_found", f"there is no {asked.path}")
        key = f"{next(self._keys)}"
        self.transfers[key] = Transfer(asked, b"" if asked.write else self.trees[asked.project_id, asked.path])
        return OpenTransferResult(transfer=key)

    async def read_transfer(self, _peer: Peer, asked: TransferArguments) -> TransferPart:
        transfer = self.transfers[asked.transfer]
        part, transfer.data = transfer.data[:PART], transfer.data[PART:]
        if part.endswith(b"broken"):
            raise FaultError("unavailable", "the project broke the copy off")
        return TransferPart(data=part, ended=not transfer.data)

    async def write_transfer(self, _peer: Peer, asked: WriteTransfer) -> Empty:
        transfer = self.transfers[asked.transfer]
        transfer.data += asked.data
        place = transfer.asked.project_id, transfer.asked.path
        if place in self.trees and not transfer.asked.overwrite:
            raise FaultError("conflict", "it exists already")
        if asked.ended:
            self.trees[place] = transfer.data
        return Empty()

    async def end_transfer(self, _peer: Peer, asked: TransferArguments) -> Empty:
        self.transfers.pop(asked.transfer, None)
        return Empty()

    async def watch_files(self, _peer: Peer, asked: WatchFiles) -> Empty:
        if asked.path == "none":
            raise FaultError("not_found", "there is no such folder")
        self.watching[asked.watch] = CALLING.get(), asked
        return Empty()

    async def unwatch_files(self, _peer: Peer, asked: UnwatchFiles) -> Empty:
        self.watching.pop(asked.watch, None)
        return Empty()

    def change(self, project_id: str, path: str) -> None:
        """Tell who watches that a file was changed."""
        for watch, (connection, asked) in self.watching.items():
            if asked.project_id == project_id:
                changes = [FileChange(path=path, type="changed")]
                Server.push_to(connection, FileChanges(watch=watch, changes=changes))

    def end_watches(self) -> None:
        """Tell who watches that it is over."""
        for watch, (connection, _) in self.watching.items():
            Server.push_to(connection, WatchEnded(watch=watch, detail="the folder is gone"))
