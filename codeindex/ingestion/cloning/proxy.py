"""A SOCKS5 proxy on loopback, through which git makes every connection of a fetch.

It resolves a name once, checks the addresses, and connects to one of the addresses that it checked.
A name that changes its address, a redirect or an odd spelling of an address therefore reaches no
refused network, whether git uses http, https or ssh. A random password keeps other users of the
machine out.
"""

from __future__ import annotations

import ipaddress
import secrets
import socket
import socketserver
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hmac import compare_digest
from threading import Lock, Thread
from typing import Any
from urllib.request import (  # type: ignore[attr-defined]  # not in typeshed
    getproxies_environment,
    proxy_bypass_environment,
)

from django.conf import settings
from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError
from python_socks.sync import Proxy as OutboundProxy

from codeindex.ingestion.cloning import networks
from codeindex.ingestion.cloning.networks import Address, Network

Resolve = Callable[[str, int], Sequence[Address]]

HANDSHAKE_SECONDS = 10.0
CONNECT_SECONDS = 20.0
TRIED_ADDRESSES = 4
MOST_OPEN = 64
PIECE = 1 << 16

VERSION, PASSWORD, PASSWORD_VERSION, CONNECT = 5, 2, 1, 1
IPV4, NAME, IPV6 = 1, 3, 4
OK, FAILED, REFUSED, UNREACHABLE, UNSUPPORTED = 0, 1, 2, 4, 7


class Unreachable(Exception):
    """A host that cannot or must not be reached; the message is for users."""

    def __init__(self, message: str, reply: int = UNREACHABLE) -> None:
        super().__init__(message)
        self.reply = reply


def resolve(host: str, port: int) -> list[Address]:
    """The addresses of a name, by the machine's resolver, which also understands every spelling of
    an address. Raises `Unreachable`."""
    try:
        entries = socket.getaddrinfo(host, port, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"Could not resolve {host}. Check the address.") from error
    return [ipaddress.ip_address(sockaddr[0]) for *_, sockaddr in entries]


def outbound_proxy(host: str, scheme: str) -> str:
    """The proxy that the operator's environment names for a host (HTTP_PROXY, HTTPS_PROXY,
    ALL_PROXY, NO_PROXY), or ""."""
    proxies = getproxies_environment()
    if scheme not in ("http", "https") or proxy_bypass_environment(host, proxies):
        return ""
    return proxies.get(scheme) or proxies.get("all", "")


class Proxy(socketserver.ThreadingTCPServer):
    """`error` says why the last connection that git asked for failed; "" if it did not."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, refused: Sequence[Network], scheme: str, resolve: Resolve) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.password = secrets.token_hex(16)
        self.error = ""
        self._refused = refused
        self._scheme = scheme
        self._resolve = resolve
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        self._closed = False

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Others on the machine can connect too, though they do not get past the password."""
        return len(self._open) < MOST_OPEN

    def connect(self, host: str, port: int) -> socket.socket:
        """A connection to a checked address of `host`. Raises `Unreachable`."""
        outbound = outbound_proxy(host, self._scheme)
        try:
            addresses = self._resolve(host, port)
        except Unreachable:
            if not (outbound and settings.CODEINDEX_PROXY_RESOLVES):
                raise
            return _connected_through(outbound, host, port)
        if not addresses:
            raise Unreachable(f"Could not resolve {host}. Check the address.")
        if any(networks.refuses(self._refused, address) for address in addresses):
            raise Unreachable(
                f"{host} is in a network from which this installation does not clone.", REFUSED
            )
        if outbound:
            return _connected_through(outbound, host, port)
        for address in addresses[:TRIED_ADDRESSES]:
            with suppress(OSError):
                return socket.create_connection((str(address), port), CONNECT_SECONDS)
        raise Unreachable(f"Could not connect to {host} on port {port}. Check the address.")

    @contextmanager
    def tracked(self, connection: socket.socket) -> Iterator[None]:
        """Close the connection with the proxy."""
        with self._lock:
            if self._closed:
                connection.close()
                raise Unreachable("The fetch has ended.")
            self._open.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        with self._lock:
            self._closed = True
        self.drop()

    def drop(self) -> None:
        """End the connections that are open."""
        with self._lock:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: git reports a connection that breaks off."""


@contextmanager
def serving(
    refused: Sequence[Network], scheme: str = "", resolve: Resolve = resolve
) -> Iterator[Proxy]:
    """A proxy during the block. The URL's `scheme` chooses the operator's outbound proxy."""
    proxy = Proxy(refused, scheme, resolve)
    Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()


class _Connection(socketserver.BaseRequestHandler):
    """One connection from git (RFC 1928 and 1929)."""

    request: socket.socket
    server: Proxy

    def handle(self) -> None:
        with self.server.tracked(self.request):
            self.request.settimeout(HANDSHAKE_SECONDS)
            if not self._is_authorised():
                return
            host, port = self._destination()
            try:
                remote = self.server.connect(host, port)
            except Unreachable as error:
                self.server.error = str(error)
                return self._reply(error.reply)
            with self.server.tracked(remote):
                self.server.error = ""
                self._reply(OK)
                _relay(self.request, remote)

    def _is_authorised(self) -> bool:
        _, count = self._read(2)
        if PASSWORD not in self._read(count):
            self.request.sendall(bytes([VERSION, 0xFF]))
            return False
        self.request.sendall(bytes([VERSION, PASSWORD]))
        _, length = self._read(2)
        self._read(length)  # the user's name, which may be any
        given = self._read(self._read(1)[0])
        right = compare_digest(given, self.server.password.encode())
        self.request.sendall(bytes([PASSWORD_VERSION, 0 if right else 1]))
        return right

    def _destination(self) -> tuple[str, int]:
        _, command, _, kind = self._read(4)
        if command != CONNECT or kind not in (IPV4, NAME, IPV6):
            self._reply(UNSUPPORTED)
            raise ConnectionError
        if kind == NAME:
            host = self._read(self._read(1)[0]).decode("ascii", errors="replace")
        else:
            host = str(ipaddress.ip_address(self._read(4 if kind == IPV4 else 16)))
        (port,) = struct.unpack("!H", self._read(2))
        return host, port

    def _reply(self, code: int) -> None:
        self.request.sendall(bytes([VERSION, code, 0, IPV4]) + bytes(6))

    def _read(self, count: int) -> bytes:
        data = self.request.recv(count, socket.MSG_WAITALL) if count else b""
        if len(data) < count:
            raise ConnectionError
        return data


def _connected_through(outbound: str, host: str, port: int) -> socket.socket:
    """A connection through the operator's proxy, which is given the host's name: many proxies allow
    hosts by name."""
    try:
        proxy = OutboundProxy.from_url(outbound if "://" in outbound else f"http://{outbound}")
        return proxy.connect(host, port, timeout=CONNECT_SECONDS)
    except (OSError, ValueError, ProxyError, ProxyConnectionError, ProxyTimeoutError) as error:
        raise Unreachable(f"Could not connect to {host} through the outbound proxy.") from error


def _relay(one: socket.socket, other: socket.socket) -> None:
    """Forward data in both directions until both sides have ended. git has timeouts of its own."""
    one.settimeout(None)
    other.settimeout(None)
    back = Thread(target=_copy, args=(other, one), daemon=True)
    back.start()
    _copy(one, other)
    back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
