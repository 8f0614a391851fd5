"""One question a connection: a project's name in, a byte and sockets out; one after the other, since each is quick."""

from __future__ import annotations

import logging
import socket

from lyceum_compute.running import NoProjectError

from .namespaces import sockets_in

log = logging.getLogger(__name__)

#: Seconds without a question after which the process ends; systemd starts it again with the next one.
IDLE = 600.0
#: Seconds for a question to arrive, and for its answer to be taken.
TIMEOUT = 1.0
NAME_LENGTH = 32

MADE = b"+"
NO_PROJECT = b"-"
FAILED = b"!"


def serve(listener: socket.socket, *, idle: float = IDLE) -> None:
    """Answer until nobody has asked for so many seconds. Who may ask is decided by the socket's mode."""
    listener.settimeout(idle)
    while True:
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            return
        with connection:
            connection.settimeout(TIMEOUT)
            try:
                answer(connection)
            except OSError as error:  # whoever asked is gone, or says nothing
                log.info("a question was not answered: %s", error, extra={"action": "dial"})


def answer(connection: socket.socket) -> None:
    """Answer one question. Raises ``OSError`` if whoever asks is gone."""
    name = connection.recv(NAME_LENGTH + 1).decode("ascii", "replace")
    try:
        made = sockets_in(name)
    except NoProjectError as error:
        log.info("%s", error, extra={"action": "dial"})
        connection.send(NO_PROJECT)
        return
    except OSError as error:
        log.warning("no socket for %s: %s", name, error, extra={"action": "dial"})
        connection.send(FAILED)
        return
    try:
        socket.send_fds(connection, [MADE], [sock.fileno() for sock in made])
    finally:
        for sock in made:
            sock.close()
