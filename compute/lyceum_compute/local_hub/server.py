"""The wire protocol, served by threads.

The daemons' server needs an event loop, which takes longer to load than everything else here together; one project's
few calls need none.
"""

from __future__ import annotations

import os
import selectors
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lyceum_compute.protocol.errors import FaultError
from lyceum_compute.protocol.framing import (
    LineBuffer,
    LineTooLongError,
    decode_request,
    encode,
    encode_fault,
    encode_result,
)
from lyceum_compute.protocol.messages import Empty, Request

if TYPE_CHECKING:
    from .watches import Watcher

READ_SIZE = 256 * 1024
MAX_CONNECTIONS = 256
#: Transfers of files under way; each has a thread.
MAX_TRANSFERS = 64
#: Requests under way on one connection; more are not read until one is answered.
MAX_REQUESTS = 32
#: The operation whose answer is followed by events.
WATCH = "watch"
#: Seconds that the other side has to take an answer.
SEND_TIMEOUT = 60


#: What a transfer more than these is told.
BUSY = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Connection:
    """One caller."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.sending = threading.Lock()
        self.ended = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self.room = threading.Semaphore(MAX_REQUESTS)

    def close(self) -> None:
        """Close the socket, when nothing uses it any more."""
        self.sock.close()
        os.close(self.ended)

    def send(self, line: bytes) -> None:
        """Send an answer; a caller who is gone or takes nothing misses it."""
        with self.sending:
            try:
                self.sock.sendall(line)
            except OSError:
                with suppress(OSError):
                    self.sock.shutdown(socket.SHUT_RDWR)


class Server:
    """Answers on a listening socket until it was idle for a while, or is told to stop."""

    def __init__(
        self,
        listener: socket.socket,
        call: Callable[[Request], Any],
        *,
        idle: float,
        files: tuple[socket.socket, Callable[[socket.socket], None]] | None = None,
    ) -> None:
        """``files``: another socket to listen on, and what serves a connection to it."""
        self._listeners = {listener: self._serve}
        if files is not None:
            self._listeners[files[0]] = self._transfer
            self._serve_files = files[1]
        self._call = call
        self._idle = idle
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._lock = threading.Lock()
        self._connections: set[Connection] = set()
        self._transfers: set[Connection] = set()
        self._busy = 0
        self._quiet = threading.Condition(self._lock)
        self._since = time.monotonic()
        self._stopping = False

    def stop(self) -> None:
        """Accept nothing more; ``run`` returns when all that is under way is answered. Safe in a signal handler."""
        self._stopping = True
        os.eventfd_write(self._wake, 1)

    def run(self) -> None:
        """Serve."""
        with selectors.DefaultSelector() as selector:
            for listener, serve in self._listeners.items():
                listener.setblocking(False)
                selector.register(listener, selectors.EVENT_READ, serve)
            selector.register(self._wake, selectors.EVENT_READ)
            while not self._stopping and (left := self._patience()) > 0:
                for key, _ in selector.select(left):
                    if isinstance(key.fileobj, socket.socket):
                        self._accept(key.fileobj, key.data)
        for listener in self._listeners:
            listener.close()
        self._finish()
        os.close(self._wake)

    def _patience(self) -> float:
        """Return the seconds until the server has been idle for long enough to end."""
        with self._lock:
            if self._connections or self._transfers or self._busy:
                return self._idle
            return self._since + self._idle - time.monotonic()

    def _accept(self, listener: socket.socket, serve: Callable[[Connection], None]) -> None:
        try:
            sock, _ = listener.accept()
        except OSError:
            return  # gone again, or no descriptor is free: the next round sees
        transfer = serve == self._transfer
        group, most = (self._transfers, MAX_TRANSFERS) if transfer else (self._connections, MAX_CONNECTIONS)
        if len(group) >= most:
            if transfer:
                sock.setblocking(False)
                with suppress(OSError):
                    sock.send(BUSY)
            sock.close()
            return
        sock.setblocking(True)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_TIMEOUT, 0))
        connection = Connection(sock)
        with self._lock:
            group.add(connection)
        if not self._start(serve, connection):
            self._forget(connection)

    @staticmethod
    def _start(function: Callable[..., None], *arguments: Any) -> bool:
        try:
            threading.Thread(target=function, args=arguments, daemon=True).start()
        except RuntimeError:  # the project has as many tasks as it may have
            return False
        return True

    def _forget(self, connection: Connection) -> None:
        connection.close()
        with self._lock:
            self._connections.discard(connection)
            self._transfers.discard(connection)
            self._since = time.monotonic()

    def _serve(self, connection: Connection) -> None:
        lines = LineBuffer()
        try:
            while data := connection.sock.recv(READ_SIZE):
                for line in lines.feed(data):
                    self._begin(connection, line)
        except LineTooLongError as error:
            connection.send(encode_fault(None, error.fault))
        except OSError:
            pass  # the caller is gone
        finally:
            os.eventfd_write(connection.ended, 1)
            for _ in range(MAX_REQUESTS):  # what is under way is still answered
                connection.room.acquire()
            self._forget(connection)

    def _transfer(self, connection: Connection) -> None:
        """Serve a connection to the other socket. It is not waited for at the end: what is broken off is resumed."""
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", SEND_TIMEOUT, 0))
        try:
            self._serve_files(connection.sock)
        finally:
            self._forget(connection)

    def _begin(self, connection: Connection, line: bytes) -> None:
        try:
            request = decode_request(line)
        except FaultError as error:
            connection.send(encode_fault(None, error.fault))
            return
        connection.room.acquire()
        with self._lock:
            self._busy += 1
        if not self._start(self._answer, connection, request):
            full = FaultError("too_many", "the project has as many processes as it may have: end some")
            connection.send(encode_fault(request.id, full.fault))
            self._done(connection)

    def _answer(self, connection: Connection, request: Request) -> None:
        try:
            try:
                if request.operation == WATCH:
                    self._tell(connection, request)
                    return
                line = encode_result(request.id, self._call(request))
            except FaultError as error:
                line = encode_fault(request.id, error.fault)
            except Exception:  # noqa: BLE001 the boundary of a request: logged here, and the caller learns no details
                sys.excepthook(*sys.exc_info())
                failed = FaultError("internal", "something went wrong in the project's local hub; its log has it")
                line = encode_fault(request.id, failed.fault)
            connection.send(line)
        finally:
            self._done(connection)

    def _tell(self, connection: Connection, request: Request) -> None:
        """Answer, and tell of changes until the connection ends. Closing it says that what was watched is gone."""
        watcher: Watcher = self._call(request)
        try:
            connection.send(encode_result(request.id, Empty()))
            watcher.run(lambda event: connection.send(encode(event)), connection.ended)
        except FaultError:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        finally:
            watcher.close()

    def _done(self, connection: Connection) -> None:
        connection.room.release()
        with self._lock:
            self._busy -= 1
            self._since = time.monotonic()
            self._quiet.notify_all()

    def _finish(self) -> None:
        """Let callers send nothing more, and wait until what they asked for is answered."""
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RD)
            self._quiet.wait_for(lambda: not self._busy)
