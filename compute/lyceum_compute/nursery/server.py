"""One connection for each server that is wanted: its name and descriptors in, the number of its process out.

Whoever asks (``lyceum-start-warm``, which is what systemd starts) stands in the control group that the server shall be
in, so nothing else needs to be said. Only root can connect.

The process that forks reads nothing from a connection: whatever it held, every server of every project would hold, too.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from typing import NoReturn

from . import sandbox
from .sandbox import Place

Servers = Mapping[str, Callable[[], None]]
#: Bytes of a server's name.
MAX_NAME = 64
#: Seconds for the request to be there.
PATIENCE = 5.0
#: What comes along: the socket to serve, standard output and standard error.
DESCRIPTORS = 3
_CREDENTIALS = struct.Struct("3i")


def serve(listener: socket.socket, servers: Servers) -> NoReturn:
    """Fork for each connection, for ever."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel takes them away
    gc.collect()
    gc.freeze()  # what is there is shared with all that are forked, as long as nobody writes to it
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            _end_with(partial(_bear, listener, connection, servers))
        connection.close()


def _bear(listener: socket.socket, connection: socket.socket, servers: Servers) -> None:
    """Enter the project and fork once more: only a child is in the namespace of processes that was entered."""
    listener.detach()  # its number is kept, so that what is received has a higher one than those that a server has
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    connection.settimeout(PATIENCE)
    name, descriptors, _, _ = socket.recv_fds(connection, MAX_NAME, DESCRIPTORS)
    run = servers[name.decode("ascii")]
    pid, _, _ = _CREDENTIALS.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    place = sandbox.find(pid)
    sandbox.join(pid)
    sandbox.enter(place)
    born = os.fork()
    if born:
        connection.send(str(born).encode())
        return
    connection.detach()  # closed below by its number; nothing may close that number a second time
    _end_with(partial(_live, place, descriptors, run))


def _live(place: Place, descriptors: list[int], run: Callable[[], None]) -> None:
    """Be the server: with its descriptors and nothing else, as the project's user."""
    listener, output, errors = descriptors
    sandbox.take_descriptors(output, errors, listener)
    sandbox.become(place)
    sys.argv = sys.argv[:1]
    run()


def _end_with(work: Callable[[], None]) -> NoReturn:
    """Do this and end, whatever happens: nothing of the process that forks may run here."""
    code = 1
    try:
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 the loop's boundary: this process ends here
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
