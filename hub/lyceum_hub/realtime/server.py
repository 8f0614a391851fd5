"""The Engine.IO server: handshakes, and the end of connections whose session ended."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from typing import Any

import engineio
from engineio.packet import Packet
from engineio.payload import Payload
from starlette.datastructures import QueryParams
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from lyceum_hub import VERSION
from lyceum_hub.db.changes import AccountChanged, Change, CredentialEnded, EverythingChanged
from lyceum_hub.errors import HubError, InvalidError, NotSignedInError, TooManyError
from lyceum_hub.routes.answers import refusal
from lyceum_hub.routes.peer import address_of, caller_of, check_origin, check_peer, shown_by
from lyceum_hub.services import Services
from lyceum_hub.services.caller import Caller

from .connection import Connection
from .queue import SendQueue

log = logging.getLogger(__name__)

PATH = "/hub/"
#: Connections of one account to one process.
MOST_CONNECTIONS = 100
#: Seconds between looks at all connections' sessions: for those whose time is over, and to note that they are used.
LOOK = 60.0


class _Undecoded:
    """Leaves messages as they came, for the registry's own decoder."""

    @staticmethod
    def loads(text: str) -> str:
        return text

    dumps = staticmethod(json.dumps)


class EngineServer(engineio.AsyncServer):  # type: ignore[misc]
    """Engine.IO with queues that are counted in bytes."""

    def create_queue(self, *args: Any, **kwargs: Any) -> SendQueue:
        """Return the queue of one client."""
        return SendQueue(*args, **kwargs)


class Realtime:
    """All clients of this process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._origins = services.settings.origins()
        self._connections: dict[str, Connection] = {}
        self._accounts: Counter[Any] = Counter()
        Packet.json = _Undecoded
        Payload.max_decode_packets = 1024
        self._engine = EngineServer(
            async_mode="asgi",
            max_http_buffer_size=services.settings.limits.message,
            cors_allowed_origins=[],  # origins are checked before Engine.IO sees the request
            async_handlers=False,
            http_compression=False,
            logger=logging.getLogger("engineio"),
        )
        self._engine.on("connect", self._connect)
        self._engine.on("message", self._message)
        self._engine.on("disconnect", self._disconnect)
        self.app: ASGIApp = self._serve

    # Handshakes.

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        try:
            check_peer(connection, "edge")
            shown = shown_by(connection)
            check_origin(connection, self._origins, shown)
            query = QueryParams(scope.get("query_string", b""))
            if "j" in query:
                raise InvalidError("JSONP is not served.")
            if "sid" not in query:
                scope["state"]["caller"] = await self._admit(connection)
                scope["state"]["address"] = address_of(connection)
        except HubError as error:
            await _refuse(error, scope, receive, send)
            return
        await self._engine.handle_request(scope, receive, send)

    async def _admit(self, connection: HTTPConnection) -> Caller:
        if self._services.background.closing:
            raise HubError("unavailable", "This hub is being restarted.", retry_after=1)
        caller = await caller_of(self._services, shown_by(connection))
        if caller is None:
            raise NotSignedInError
        if self._accounts[caller.account_id] >= MOST_CONNECTIONS:
            raise TooManyError("This account has too many connections open.", 60)
        return caller

    async def _connect(self, sid: str, environ: dict[str, Any]) -> None:
        state = environ["asgi.scope"]["state"]
        caller: Caller = state["caller"]
        connection = Connection(
            self._services,
            caller,
            state["address"],
            queue=self._engine.sockets[sid].queue,
            abort=lambda why: self._abort(sid, why),
        )
        self._connections[sid] = connection
        self._accounts[caller.account_id] += 1
        connection.send({"event": "version", "version": VERSION})

    async def _message(self, sid: str, data: object) -> None:
        connection = self._connections.get(sid)
        if connection is not None:
            connection.receive(data)

    async def _disconnect(self, sid: str, _reason: str) -> None:
        self._forget(sid)

    def _forget(self, sid: str) -> None:
        connection = self._connections.pop(sid, None)
        if connection is not None:
            connection.close()
            account_id = connection.caller.account_id
            self._accounts[account_id] -= 1
            if self._accounts[account_id] <= 0:
                del self._accounts[account_id]

    def _abort(self, sid: str, why: str) -> None:
        """Cut a client off without another word."""
        log.warning("disconnected a client: %s", why, extra={"action": "disconnect"})
        self._forget(sid)
        self._services.background.start(self._close(sid, abort=True), "disconnect a client")

    async def _close(self, sid: str, *, abort: bool) -> None:
        socket = self._engine.sockets.get(sid)
        if socket is not None:
            await socket.close(wait=False, abort=abort)
            socket.queue.put_nowait(None)  # ends the writer, and with it the transport

    # The end of sessions.

    def heard(self, change: Change) -> None:
        """End the connections of a session that ended; look again at those of an account that changed."""
        match change:
            case CredentialEnded(token_hash, _):
                for sid, connection in list(self._connections.items()):
                    if connection.caller.token_hash == token_hash:
                        self._sign_out(sid, connection)
            case AccountChanged(account_id):
                if account_id in self._accounts:
                    self._services.background.start(self._look_at(account_id), "look at an account's sessions")
            case EverythingChanged():
                if self._connections:
                    self._services.background.start(self._look(), "look at all sessions")

    def _sign_out(self, sid: str, connection: Connection) -> None:
        self._services.background.start(self._end(sid, connection), "end a connection")

    async def _end(self, sid: str, connection: Connection) -> None:
        await connection.settle()
        connection.send({"event": "signed_out"})
        self._forget(sid)
        await self._close(sid, abort=False)

    async def _look_at(self, account_id: object) -> None:
        await self._look(lambda caller: caller.account_id == account_id)

    async def _look(self, which: Any = lambda _: True) -> None:
        """End connections whose session is not valid any more, or whose account may do less than before."""
        connections = {sid: c for sid, c in self._connections.items() if which(c.caller)}
        valid = await self._services.sessions.still_valid({c.caller.token_hash for c in connections.values()})
        for sid, connection in connections.items():
            if valid.get(connection.caller.token_hash) != connection.caller.administrator:
                self._sign_out(sid, connection)

    async def run(self) -> None:
        """Look at the sessions of all connections from time to time, until cancelled."""
        while True:
            await asyncio.sleep(LOOK)
            try:
                await self._look()
                await self._services.sessions.keep({c.caller.token_hash for c in self._connections.values()})
            except HubError as error:
                log.info("sessions were not looked at: %s", error.message, extra={"action": "look"})

    async def close(self) -> None:
        """Close all connections; clients connect again, to another hub."""
        sids = list(self._connections)
        for sid in sids:
            self._forget(sid)
        await asyncio.gather(*(self._close(sid, abort=False) for sid in sids))


async def _refuse(error: HubError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a handshake with the error; a websocket's too, before it is accepted."""
    response = refusal(error)
    if scope["type"] == "http":
        await response(scope, receive, send)
        return
    await receive()
    headers = response.raw_headers
    await send({"type": "websocket.http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": response.body})
