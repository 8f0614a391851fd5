"""``lyceum-storage [SETTINGS]``: the storage daemon."""

from __future__ import annotations

import argparse
import asyncio
import grp
import logging
import os
import pwd
import signal
import socket
import sys
import time
from pathlib import Path

import uvloop
from lyceum_compute.protocol.identity import Identity, IdentityError
from lyceum_compute.protocol.server import Server

from . import __version__, btrfs
from .copies import Copies, Owner
from .database import Database
from .journal import notify, set_up_logging
from .layout import Layout
from .service import Service
from .settings import Settings, SettingsError, load
from .snapshots import Snapshots

log = logging.getLogger("lyceum_storage")


class Daemon:
    """The daemon from start to stop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.identity = Identity(settings.tls)
        self.layout = Layout(Path(settings.data))
        self.owner = _owner(settings.receive_user)
        self.stopping = asyncio.Event()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; SIGHUP takes renewed certificates into use."""
        self._make_folders()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        async with Database(self.settings.database, self.settings.tls.ca) as database:
            copies, snapshots = Copies(self.layout, self.owner), Snapshots(self.layout, self.settings.retention)
            service = Service(self.settings.name, copies, snapshots, database, minimum_free=self.settings.minimum_free)
            server, control = Server(service.operations()), Server(service.control_operations())
            await server.listen_tls(*self.settings.address, self.identity)
            await control.listen_unix(sock=self._control_socket())
            log.info("serving on %s", self.settings.listen, extra={"action": "start", "version": __version__})
            notify("READY=1")
            sweeps = asyncio.create_task(self._sweep(service))
            await self.stopping.wait()
            notify("STOPPING=1")
            sweeps.cancel()
            await asyncio.wait([sweeps])
            await server.close()
            await control.close()
            await service.settle()

    async def _sweep(self, service: Service) -> None:
        while True:
            try:
                await service.sweep()
            except OSError as error:
                log.error("the sweep failed: %s", error, extra={"action": "sweep"})  # noqa: TRY400 no traceback
            await asyncio.sleep(self.settings.sweep_interval)

    def _make_folders(self) -> None:
        if not btrfs.is_mounted_btrfs(self.layout.data):
            raise SettingsError(f"no btrfs file system is mounted at {self.layout.data}; mount the data disk there")
        for folder in (self.layout.copies, self.layout.snapshots):
            folder.mkdir(exist_ok=True)
            os.chown(folder, 0, self.owner.gid)
            folder.chmod(0o710)
        self.layout.records.mkdir(mode=0o700, exist_ok=True)

    def _control_socket(self) -> socket.socket:
        path = Path(self.settings.control)
        path.unlink(missing_ok=True)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.bind(str(path))
        os.chown(path, 0, self.owner.gid)
        path.chmod(0o660)
        return sock

    def _reload(self) -> None:
        notify(f"RELOADING=1\nMONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")
        try:
            self.identity.reload()
            log.info("took the certificates into use anew", extra={"action": "reload"})
        except IdentityError as error:
            log.error("%s", error, extra={"action": "reload"})  # noqa: TRY400 no traceback
        notify("READY=1")


def _owner(name: str) -> Owner:
    try:
        return Owner(uid=pwd.getpwnam(name).pw_uid, gid=grp.getgrnam(name).gr_gid)
    except KeyError as error:
        raise SettingsError(f"there is no user and group {name} (receive_user) on this host") from error


async def _serve(settings: Settings) -> None:
    await Daemon(settings).run()


def _check(settings: Settings) -> None:
    """Raise what starting would raise for settings, certificates, users or mounts that cannot be used."""
    Identity(settings.tls)
    _owner(settings.receive_user)
    Path(settings.database.password_file).read_text(encoding="utf-8")


def main() -> None:
    """Start the daemon with the settings named on the command line."""
    parser = argparse.ArgumentParser(prog="lyceum-storage", description="The storage daemon.")
    parser.add_argument("settings", nargs="?", type=Path, default=Path("/etc/lyceum/storage.toml"), help="its settings")
    parser.add_argument("--check", action="store_true", help="only say whether the settings can be used")
    arguments = parser.parse_args()
    set_up_logging()
    os.umask(0o027)
    try:
        settings = load(arguments.settings)
        if arguments.check:
            _check(settings)
        else:
            uvloop.run(_serve(settings))
    except (SettingsError, IdentityError, OSError) as error:
        sys.exit(f"lyceum-storage: {error}")


if __name__ == "__main__":
    main()
