"""The certificate that users see at CODEINDEX_URL."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings

from codeindex.operations.checkup.findings import Finding, advice

SECONDS = 5.0
"""For connecting to the web server."""

EXPIRING = timedelta(days=14)
"""Before the certificate expires. Automatic renewal comes a month before."""


def examine() -> Iterator[Finding]:
    address = urlsplit(settings.CODEINDEX_URL)
    if address.scheme != "https" or not address.hostname:
        return
    name = address.netloc
    try:
        expiry = _expiry(address.hostname, address.port or 443)
    except ssl.SSLCertVerificationError as error:
        yield Finding(
            f"The certificate of {name} is refused: {error.verify_message}.",
            "Browsers warn of it, and programs do not connect.",
            "Install a valid certificate. If a private authority signed it, set"
            " CODEINDEX_CA_BUNDLE.",
        )
    except (OSError, UnicodeError) as error:
        yield advice(
            f"The certificate of {name} cannot be read from this machine: {error}",
            "When it expires is not known.",
            "Open the address in a browser. If it works there, nothing is wrong.",
        )
    else:
        if expiry - datetime.now(UTC) < EXPIRING:
            yield Finding(
                f"The certificate of {name} expires on {expiry:%-d %B %Y}.",
                "After that, browsers warn of it, and programs do not connect.",
                "Renew it, and find out why that did not happen by itself.",
            )


def _expiry(host: str, port: int) -> datetime:
    """The connection goes straight to the server, without a proxy."""
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), SECONDS) as connection,
        context.wrap_socket(connection, server_hostname=host) as secured,
    ):
        certificate = secured.getpeercert()
    assert certificate is not None  # since it is verified
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
