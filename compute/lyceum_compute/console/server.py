"""Websockets to terminals, and the list of terminals, on the project's console socket."""

from __future__ import annotations

import asyncio
import logging
import socket
from http import HTTPStatus

from websockets.asyncio.server import Server, ServerConnection, unix_serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from . import messages
from .messages import NonsenseError, Target, target_of
from .terminal import Terminal
from .viewer import RESTARTING, Ending, Viewer

log = logging.getLogger(__name__)

MAX_TERMINALS = 64
MAX_VIEWERS = 32
MAX_CONNECTIONS = 256
#: Bytes of one message from a viewer.
MAX_INPUT = 1024 * 1024
#: Seconds without terminals and connections after which the program ends; the next connection starts it again.
IDLE = 60.0
#: Seconds between two looks for viewers who are stuck, and at whether to end.
ROUND = 5.0
#: Seconds in which the last output must have been sent to a viewer whose terminal has ended.
FLUSH = 10.0


class Console:
    """The terminals of one project, whose id without dashes is ``project``."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._terminals: dict[str, Terminal] = {}
        self._connections: set[ServerConnection] = set()
        self._viewers: set[Viewer] = set()
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Let ``run`` return. The terminals end with it."""
        self._stop.set()

    async def run(self, listener: socket.socket, *, idle: float = IDLE) -> None:
        """Serve until told to stop, or until nothing was there to do for ``idle`` seconds."""
        server = await unix_serve(
            self._serve,
            sock=listener,
            process_request=self._route,
            compression=None,
            max_size=MAX_INPUT,
            close_timeout=2,
            server_header=None,
        )
        async with server:
            await self._watch(idle)
            for terminal in list(self._terminals.values()):
                terminal.stop()
            for viewer in self._viewers:
                viewer.finish(RESTARTING)
            await _close(server)

    async def _watch(self, idle: float) -> None:
        loop = asyncio.get_running_loop()
        since = loop.time()
        while loop.time() - since < idle:
            try:
                async with asyncio.timeout(min(ROUND, idle)):
                    await self._stop.wait()
                    return
            except TimeoutError:
                pass
            for terminal in self._terminals.values():
                terminal.check()
            if self._terminals or self._connections:
                since = loop.time()

    def _route(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer what is no websocket to a terminal; None lets the handshake go on."""
        target = target_of(request.path)
        if target is None or target.project.replace("-", "") != self._project:
            return _refuse(connection, HTTPStatus.NOT_FOUND, "not_found", "there is no such terminal")
        if not target.session:
            sessions = [terminal.describe() for terminal in self._terminals.values()]
            return _json(connection.respond(HTTPStatus.OK, messages.listing(sessions)))
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return _refuse(connection, HTTPStatus.UPGRADE_REQUIRED, "invalid", "a terminal is reached with a websocket")
        terminal = self._terminals.get(target.session)
        if terminal is None and len(self._terminals) >= MAX_TERMINALS:
            text = f"the project has {MAX_TERMINALS} terminals already: end one first"
        elif terminal is not None and len(terminal.viewers) >= MAX_VIEWERS:
            text = f"{MAX_VIEWERS} browsers look at this terminal already"
        elif len(self._connections) >= MAX_CONNECTIONS:
            text = "the project's terminals have too many connections"
        else:
            return None
        return _refuse(connection, HTTPStatus.TOO_MANY_REQUESTS, "too_many", text)

    async def _serve(self, connection: ServerConnection) -> None:
        target = target_of(connection.request.path) if connection.request else None
        if target is None:
            return
        self._connections.add(connection)
        try:
            ending = await self._view(connection, target)
            await connection.close(ending.code, ending.reason)
        finally:
            self._connections.discard(connection)

    async def _view(self, connection: ServerConnection, target: Target) -> Ending:
        """Show a terminal until the viewer goes, the terminal ends or the viewer is given up; return which."""
        try:
            terminal = self._terminal(target)
        except OSError as error:
            log.warning("a terminal could not be started: %s", error.strerror)
            return Ending(1013, "no terminal can be started: the project has too many processes or terminals")
        viewer = Viewer(target.size)
        self._viewers.add(viewer)
        terminal.attach(viewer)
        tasks = {
            asyncio.create_task(_send(connection, viewer)),
            asyncio.create_task(_receive(connection, terminal, viewer)),
            asyncio.create_task(viewer.must_end.wait()),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._viewers.discard(viewer)
            terminal.detach(viewer)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return viewer.ending or Ending(1000, "")

    def _terminal(self, target: Target) -> Terminal:
        terminal = self._terminals.get(target.session)
        if terminal is None:
            terminal = Terminal(target.session, target.size, self._ended)
            self._terminals[target.session] = terminal
        return terminal

    def _ended(self, terminal: Terminal) -> None:
        del self._terminals[terminal.name]


async def _send(connection: ServerConnection, viewer: Viewer) -> None:
    try:
        while (item := await viewer.next()) is not None:
            await connection.send(item)
    except ConnectionClosed:
        pass


async def _receive(connection: ServerConnection, terminal: Terminal, viewer: Viewer) -> None:
    try:
        async for message in connection:
            if isinstance(message, bytes):
                terminal.type(viewer, message)
            else:
                _obey(terminal, viewer, message)
    except NonsenseError as error:
        viewer.abandon(Ending(1008, str(error)[:100]))
    except ConnectionClosed:
        pass


def _obey(terminal: Terminal, viewer: Viewer, text: str) -> None:
    message = messages.decode(text)
    if message.resize is not None:
        viewer.size = message.resize.within_bounds()
        terminal.fit()
    if message.acknowledge is not None:
        terminal.acknowledge(viewer, message.acknowledge)
    if message.ping is not None:
        viewer.message(messages.pong(message.ping))
    if message.end:
        terminal.hang_up()


def _refuse(connection: ServerConnection, status: HTTPStatus, code: str, message: str) -> Response:
    return _json(connection.respond(status, messages.refusal(code, message)))


def _json(response: Response) -> Response:
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    response.headers["Cache-Control"] = "no-store"
    return response


async def _close(server: Server) -> None:
    """Stop listening, and end the connections once they were sent the rest."""
    server.close(close_connections=False)
    try:
        async with asyncio.timeout(FLUSH):
            await server.wait_closed()
    except TimeoutError:
        server.close()
