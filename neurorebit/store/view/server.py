"""A server on the loopback address, for the user who started it.

Whoever has an account on the machine can reach a port of the loopback address, so paths begin with
a random word that only the user is shown. Another name that a browser was led to resolve to this
address is refused by the Host header; what a page may do is limited by its policy, so that one that
somebody else made neither reads other runs nor sends anything anywhere.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
import shutil
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from neurorebit.schema import Argument, InputError
from neurorebit.store.view import shelf
from neurorebit.store.view.site import Found, Site

ADDRESS, ADDRESS_6 = "127.0.0.1", "::1"
NAMES = (ADDRESS, "localhost", f"[{ADDRESS_6}]")  # by which a browser may call it
TAKEN = "another program has this port"
LONGEST = 4096  # characters of a path
POLL = 0.1  # s, after which a server that is closed notices
PATIENCE = 15.0  # s, for a request to come
LIST = "default-src 'none'; style-src 'unsafe-inline'"
PAGE = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; sandbox allow-scripts allow-downloads allow-modals "
    "allow-popups allow-top-navigation-by-user-activation"
)
POLICY = "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Server:
    """Serves a site until it is closed; ``port`` 0 takes a free one.

    InputError where the port is taken.
    """

    def __init__(self, site: Site, port: int = 0) -> None:
        self.site = site
        self.word = secrets.token_urlsafe(24)
        self._ticket: str | None = None
        try:
            first = _Listener((ADDRESS, port), _Handler)
        except (OSError, OverflowError) as problem:
            origin, cure = Argument("port", port), "name another, or 0 for any that is free"
            said = getattr(problem, "strerror", None) or TAKEN
            raise InputError(said, origin=origin, value=port, cure=cure) from None
        self.port = int(first.server_address[1])
        self._listeners = [first]
        with contextlib.suppress(OSError):  # no such address here; the other one does
            self._listeners.append(_Listener6((ADDRESS_6, self.port), _Handler))
        for listener in self._listeners:
            listener.owner = self

    @property
    def url(self) -> str:
        """The address of the list."""
        return f"http://{ADDRESS}:{self.port}/{self.word}/"

    def ticket(self, path: str) -> str:
        """An address that works once, and leads to a path below ``url``.

        A browser's command line is seen by all users of a machine.
        """
        self._ticket, self._behind = secrets.token_urlsafe(24), path
        return f"http://{ADDRESS}:{self.port}/{self._ticket}"

    def redeem(self, word: str) -> str | None:
        """Where a ticket leads; None where it is none, or was used."""
        ticket, self._ticket = self._ticket, None
        if ticket is None or not _same(word, ticket):
            self._ticket = ticket
            return None
        return f"/{self.word}/{self._behind}"

    def serve(self) -> None:
        """Serve until ``close``, or an interrupt."""
        threads = [
            threading.Thread(target=one.serve_forever, args=(POLL,), daemon=True)
            for one in self._listeners[1:]
        ]
        for thread in threads:
            thread.start()
        self._listeners[0].serve_forever(POLL)

    def close(self) -> None:
        """Serve no more."""
        for listener in self._listeners:
            listener.shutdown()
            listener.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    owner: Server

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a browser that went away."""


class _Listener6(_Listener):
    address_family = socket.AF_INET6


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    timeout = PATIENCE

    def version_string(self) -> str:
        return "neurorebit"

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: paths hold the secret word."""

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _other(self) -> None:
        self._say(HTTPStatus.METHOD_NOT_ALLOWED, Allow="GET, HEAD")

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_CONNECT = _other

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """An answer to what is no request, without what was sent in it."""
        self._say(HTTPStatus(code))

    def _answer(self, body: bool) -> None:
        owner = self.server.owner
        if not self._is_addressed():
            self._say(HTTPStatus.MISDIRECTED_REQUEST, f"call it {ADDRESS}:{owner.port}")
            return
        word, parts = _split(self.path)
        if not parts and (place := owner.redeem(word)) is not None:
            self._say(HTTPStatus.FOUND, Location=place)
            return
        if not _same(word, owner.word) or not parts:
            self._say(HTTPStatus.NOT_FOUND)
            return
        try:
            found = owner.site.find(parts)
        except InputError as problem:
            self._say(HTTPStatus.INTERNAL_SERVER_ERROR, str(problem))
            return
        if found is None:
            self._say(HTTPStatus.NOT_FOUND)
        else:
            self._send(found, body)

    def _is_addressed(self) -> bool:
        """Whether the request calls this server by a name of its own."""
        hosts = self.headers.get_all("Host") or []
        port = self.server.owner.port
        named = [f"{name}:{port}" for name in NAMES] + list(NAMES if port == 80 else ())
        return len(hosts) == 1 and hosts[0].strip().lower() in named

    def _send(self, found: Found, body: bool) -> None:
        if found.file is None:
            content = found.page.encode("utf-8", "backslashreplace")
            self._head(HTTPStatus.OK, shelf.KINDS[".html"], len(content), LIST)
            if body:
                self.wfile.write(content)
            return
        with found.file as file:
            size = file.seek(0, 2)
            file.seek(0)
            kind = shelf.kind(found.name)
            more = {"Content-Disposition": "attachment"} if kind == shelf.SAVED else {}
            self._head(HTTPStatus.OK, kind, size, PAGE, **more)
            if body:
                shutil.copyfileobj(file, self.wfile)

    def _say(self, status: HTTPStatus, text: str = "", **more: str) -> None:
        content = f"{status.value} {status.phrase}{': ' if text else ''}{text}\n".encode()
        self._head(status, shelf.KINDS[".txt"], len(content), LIST, **more)
        if self.command != "HEAD":
            self.wfile.write(content)

    def _head(self, status: HTTPStatus, kind: str, size: int, policy: str, **more: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        self.send_header("Content-Security-Policy", policy + POLICY)
        for name, value in {**HEADERS, **more}.items():
            self.send_header(name, value)
        self.end_headers()


def _split(path: str) -> tuple[str, list[str]]:
    """The first step of a path, and those below it; nothing where it is no path of the site."""
    if not path.startswith("/") or len(path) > LONGEST:
        return "", []
    word, *parts = path.partition("?")[0][1:].split("/")
    steps = [unquote(part, errors="surrogateescape") if part.isascii() else "\0" for part in parts]
    plain = all(map(shelf.is_plain, steps[:-1])) and (not steps or steps[-1] == "" or
                                                      shelf.is_plain(steps[-1]))  # fmt: skip
    return word, steps if plain else ["\0"]


def _same(given: str, secret: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())
