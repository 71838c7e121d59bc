"""ssh's ProxyCommand: `proxy_command.py HOST PORT` connects its input and output to a host through
the proxy (`codeindex.ingestion.cloning.proxy`) that the environment names.

It is run by its path and uses only the standard library.
"""

import os
import socket
import struct
import sys
import threading

PIECE = 1 << 16


def main() -> None:
    password, _, address = os.environ["CODEINDEX_PROXY"].rpartition("@")
    proxy, _, proxy_port = address.rpartition(":")
    connection = socket.create_connection((proxy, int(proxy_port)))
    request(connection, password.encode(), sys.argv[1].encode(), int(sys.argv[2]))
    threading.Thread(target=send, args=(connection,), daemon=True).start()
    while piece := connection.recv(PIECE):
        write(piece)


def request(connection: socket.socket, password: bytes, host: bytes, port: int) -> None:
    """Request a connection (SOCKS5 with a password: RFC 1928 and 1929). Raises `SystemExit` if the
    proxy refuses it."""
    connection.sendall(b"\x05\x01\x02")
    read(connection, 2)
    connection.sendall(b"\x01\x01-" + bytes([len(password)]) + password)
    if read(connection, 2)[1]:
        sys.exit("the proxy refused the password")
    connection.sendall(b"\x05\x01\x00\x03" + bytes([len(host)]) + host + struct.pack("!H", port))
    if read(connection, 10)[1]:
        sys.exit("the proxy made no connection")


def read(connection: socket.socket, count: int) -> bytes:
    data = connection.recv(count, socket.MSG_WAITALL)
    if len(data) < count:
        sys.exit("the proxy ended the connection")
    return data


def send(connection: socket.socket) -> None:
    while piece := os.read(0, PIECE):
        connection.sendall(piece)
    connection.shutdown(socket.SHUT_WR)


def write(piece: bytes) -> None:
    while piece:
        piece = piece[os.write(1, piece) :]


if __name__ == "__main__":
    main()
