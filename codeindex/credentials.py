"""Credentials of clone URLs: taken out of the URL, kept encrypted, handed to git alone."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import unquote, urlsplit, urlunsplit

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class UnreadableCredential(Exception):
    """The secret key is another than the one the credential was encrypted with."""


def split(url: str) -> tuple[str, str]:
    """An http(s) URL → the URL without user and password, and `user:password` or ""."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or "@" not in parts.netloc:
        return url, ""
    userinfo, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=host)), unquote(userinfo)


def encrypt(credential: str) -> str:
    return _fernet().encrypt(credential.encode()).decode() if credential else ""


def decrypt(stored: str) -> str:
    if not stored:
        return ""
    try:
        return _fernet().decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise UnreadableCredential from error


def _fernet() -> Fernet:
    key = hashlib.sha256(b"codeindex credentials" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
