"""The daemon as a whole: it starts, serves, takes certificates anew, and ends on SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lyceum_compute.protocol.client import Client, TlsAddress, UnixAddress
from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.identity import Identity
from lyceum_compute.protocol.messages import Empty, Prepared, StorageStatus, StoredProject
from lyceum_storage import __main__ as main_module
from lyceum_storage import btrfs
from lyceum_storage.__main__ import Daemon
from lyceum_storage.copies import Owner
from lyceum_storage.database import DatabaseSettings
from lyceum_storage.service import Begin, Begun
from lyceum_storage.settings import Settings, SettingsError

from tests.unit.compute.protocol.conftest import Authority

from .conftest import ID

if TYPE_CHECKING:
    from lyceum_storage.layout import Layout


@pytest.fixture
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def settings(layout: Layout, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a daemon whose database cannot be reached."""
    monkeypatch.setattr(btrfs, "is_mounted_btrfs", lambda _: True)
    monkeypatch.setattr(main_module, "_owner", lambda _: Owner(os.getuid(), os.getgid()))
    (tmp_path / "password").write_text("secret")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    tls = authority.settings("storage", "localhost")
    return Settings(
        name="storage1",
        listen=f"127.0.0.1:{port}",
        data=str(layout.data),
        control=str(tmp_path / "control.sock"),
        database=DatabaseSettings(host="127.0.0.1", port=1, password_file=str(tmp_path / "password"), timeout=1),
        tls=tls,
    )


async def test_from_start_to_sigterm(settings: Settings, authority: Authority) -> None:
    daemon = asyncio.create_task(Daemon(settings).run())
    port = settings.address[1]
    hub = TlsAddress("storage", "localhost", port, Identity(authority.settings("hub", "hub1")))
    compute = TlsAddress("storage", "localhost", port, Identity(authority.settings("compute", "compute1")))
    async with (
        asyncio.timeout(20),
        Client(hub) as client,
        Client(compute) as other,
        Client(UnixAddress(settings.control)) as receiver,
    ):
        assert (await client.request("host_status", Empty(), StorageStatus)).name == "storage1"
        for asker, operation, code in (
            (client, "prepare", "forbidden"),
            (other, "host_status", "forbidden"),
            (other, "begin", "unknown_operation"),
            (other, "prepare", "unavailable"),
        ):
            with pytest.raises(FaultError) as caught:
                await asker.request(operation, StoredProject(project_id=ID), Prepared)
            assert caught.value.code == code
        with pytest.raises(FaultError) as caught:
            await receiver.request("begin", Begin(project_id=ID, host="compute1"), Begun)
        assert caught.value.code == "unavailable"
        assert os.stat(settings.control).st_mode & 0o777 == 0o660  # noqa: PTH116
        os.kill(os.getpid(), signal.SIGHUP)
        assert (await client.request("host_status", Empty(), StorageStatus)).projects == 0
        os.kill(os.getpid(), signal.SIGTERM)
        await daemon


async def test_without_the_data_disk_it_does_not_start(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(btrfs, "is_mounted_btrfs", lambda _: False)
    with pytest.raises(SettingsError, match="mount the data disk"):
        await Daemon(settings).run()


def test_an_unknown_user_is_named() -> None:
    with pytest.raises(SettingsError, match="no user and group nobody-of-that-name"):
        main_module._owner("nobody-of-that-name")
