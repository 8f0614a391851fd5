"""The project's files over HTTP, for the gateway and the compute daemon: one request for each connection."""

from __future__ import annotations

import socket
import sys
from contextlib import suppress

from lyceum_compute.protocol.errors import FaultError

from . import downloads
from .confinement import Home
from .requests import BrokenError, RefusedError, Request
from .uploads import Uploads, give_up, progress


class FileServer:
    """Answers requests for one home folder."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._uploads = Uploads()

    def serve(self, sock: socket.socket) -> None:
        """Answer the one request of a connection. Never raises; the caller closes the socket."""
        request = Request(sock)
        with suppress(BrokenError):
            try:
                request.read_head()
                self._dispatch(request)
            except BrokenError:
                return
            except FaultError as error:
                if not request.answered:
                    request.refuse(_seen(request, error))
            except Exception:  # noqa: BLE001 the boundary of a request: logged here, and the caller learns no details
                sys.excepthook(*sys.exc_info())
                if not request.answered:
                    request.refuse(FaultError("internal", "something went wrong in the project's local hub"))

    def _dispatch(self, request: Request) -> None:
        home, method, kind = self._home, request.method, request.kind
        named = "upload" in request.query
        if kind == "tree" and method in {"GET", "PUT"}:
            _transfer(home, request)
        elif kind == "files" and method == "PUT":
            self._uploads.upload(home, request)
        elif kind == "files" and named and method in {"HEAD", "DELETE"}:
            (progress if method == "HEAD" else give_up)(home, request)
        elif kind == "files" and method == "GET" and "zip" in request.query:
            _archive(home, request)
        elif kind in {"files", "raw"} and method in {"GET", "HEAD"}:
            downloads.download(home, request)
        else:
            allowed = "GET, HEAD, PUT, DELETE" if kind == "files" else "GET, HEAD"
            raise RefusedError("method_not_allowed", f"{method[:16]} is not answered here", Allow=allowed)


def _transfer(home: Home, request: Request) -> None:
    from . import transfers  # noqa: PLC0415 loaded by who copies between projects

    (transfers.send if request.method == "GET" else transfers.receive)(home, request)


def _archive(home: Home, request: Request) -> None:
    from . import archives  # noqa: PLC0415 megabytes that a plain download need not carry

    archives.download(home, request)


def _seen(request: Request, error: FaultError) -> FaultError:
    """Return what a reader is told: below a file there is nothing."""
    if error.code == "not_a_directory" and request.method in {"GET", "HEAD"}:
        return FaultError("not_found", error.message)
    return error
