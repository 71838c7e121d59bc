"""The doctor looks at the certificate of a real server."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from codeindex.operations.checkup import Finding, certificate
from tests.certificates import own_certificate


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "certificate.pem"


@pytest.fixture
def examined(file: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What is found at a server whose certificate expires after so many days."""

    def examine(days: float, *, trusted: bool = True, host: str = "localhost") -> list[Finding]:
        own_certificate(file, timedelta(days=days), host)
        monkeypatch.setenv("SSL_CERT_FILE", str(file) if trusted else "/dev/null")
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            settings.CODEINDEX_URL = f"https://localhost:{port}"
            thread = threading.Thread(target=serve, args=(server, file), daemon=True)
            thread.start()
            found = list(certificate.examine())
            thread.join(10)
        return found

    return examine


def serve(server: socket.socket, file: Path) -> None:
    """One connection, up to its handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    connection, _ = server.accept()
    try:
        context.wrap_socket(connection, server_side=True).close()
    except (ssl.SSLError, ConnectionError):
        connection.close()


def test_a_certificate_that_is_valid_for_months(examined: Any) -> None:
    assert examined(90) == []


def test_one_that_expires_soon(examined: Any) -> None:
    (finding,) = examined(5)
    last_day = datetime.now(UTC) + timedelta(days=5)
    assert f"expires on {last_day:%-d %B %Y}" in finding.what


@pytest.mark.parametrize(
    ("certificate", "reason"),
    [
        ({"days": -1}, "expired"),
        ({"days": 90, "trusted": False}, "self-signed"),
        ({"days": 90, "host": "example.org"}, "mismatch"),
    ],
)
def test_one_that_browsers_refuse(examined: Any, certificate: dict[str, Any], reason: str) -> None:
    (finding,) = examined(**certificate)
    assert reason in finding.what


@pytest.mark.parametrize("host", ["localhost", "[::1]", "a..b"])
def test_a_server_that_is_not_reached_from_here(settings: Any, closed_port: int, host: str) -> None:
    settings.CODEINDEX_URL = f"https://{host}:{closed_port}"
    (finding,) = certificate.examine()
    assert "cannot be read from this machine" in finding.what
    assert finding.weight == "advice"


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield unused.getsockname()[1]


@pytest.mark.parametrize("url", ["", "http://localhost:9"])
def test_an_address_without_tls_has_none(settings: Any, url: str) -> None:
    settings.CODEINDEX_URL = url
    assert list(certificate.examine()) == []
