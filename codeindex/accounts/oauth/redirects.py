"""Redirect URIs: where an application receives its authorization code.

What is registered is compared exactly, but for the port on the loopback interface, which programs
choose when they start (RFC 8252, section 7.3)."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

LONGEST = 500
"""Characters of a URI."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

REFUSED_SCHEMES = frozenset(
    {
        "about", "blob", "chrome", "data", "file", "filesystem", "ftp", "intent", "javascript",
        "mailto", "vbscript", "view-source", "ws", "wss",
    }
)  # fmt: skip
"""Those that a browser itself acts on. Others belong to programs, such as `cursor:`."""

_ALLOWED = re.compile(r"[!#-;=?-\[\]_a-z~]+", re.IGNORECASE | re.ASCII)
"""The characters of RFC 3986, but for `'`, which no client needs."""


def fault(uri: str) -> str:
    """Why an application cannot be registered with a redirect URI; "" if it can."""
    if len(uri) > LONGEST or not _ALLOWED.fullmatch(uri):
        return f"A redirect URI has at most {LONGEST} characters, all of them from RFC 3986."
    parts = _split(uri)
    if parts is None or not parts.scheme or parts.scheme in REFUSED_SCHEMES:
        return "A redirect URI begins with https, with http for loopback, or a scheme of its own."
    if parts.fragment or "#" in uri or "*" in uri or parts.username is not None:
        return "A redirect URI has no fragment, no wildcard and no user."
    if parts.scheme in ("http", "https") and not parts.hostname:
        return "A redirect URI names a host."
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return "A redirect URI begins with https, unless it leads to the loopback interface."
    return ""


def is_registered(uri: str, registered: list[str]) -> bool:
    """Whether a request may name `uri`."""
    if uri in registered:
        return True
    asked = _without_port(uri)
    return asked is not None and asked in {_without_port(each) for each in registered}


def destination(uri: str) -> str:
    """Where a redirect URI leads, in words for the user who is asked."""
    parts = urlsplit(uri)
    if parts.scheme == "http":
        return "a program on your computer"
    if parts.scheme == "https":
        return str(parts.netloc)
    return f"the program on your computer that opens {parts.scheme}: links"


def scheme(uri: str) -> str:
    return urlsplit(uri).scheme


def _without_port(uri: str) -> str | None:
    """A URI of the loopback interface without its port; None for any other."""
    parts = _split(uri)
    if parts is None or fault(uri) or parts.scheme != "http":
        return None
    return f"{parts.hostname} {parts.path}?{parts.query}"


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        _ = parts.port  # which is parsed only now
    except ValueError:
        return None
    return parts
