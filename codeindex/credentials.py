"""Credentials of clone URLs, and deploy keys: stored encrypted, given only to git and ssh.

They are encrypted with a key derived from `SECRET_KEY`. What was encrypted with one of
`SECRET_KEY_FALLBACKS` can still be read, so that the secret key can be changed.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_ssh_private_key,
)
from django.conf import settings

LONGEST_KEY = 16_384


class UnreadableCredential(Exception):
    """Encrypted with a secret key that is neither the present one nor a fallback."""


def encrypt(credential: str) -> str:
    return _keys().encrypt(credential.encode()).decode() if credential else ""


def decrypt(stored: str) -> str:
    if not stored:
        return ""
    try:
        return _keys().decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise UnreadableCredential from error


def deploy_key(text: str) -> str:
    """A private key in the form that ssh reads. Raises `ValueError`, with a message for users, if
    `text` is not a private key or has a passphrase."""
    key = text.replace("\r\n", "\n").strip() + "\n"
    load = load_ssh_private_key if "BEGIN OPENSSH" in key else load_pem_private_key
    try:
        if len(key) > LONGEST_KEY:
            raise ValueError
        load(key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(
            "This is not a private key in OpenSSH or PEM format, or it has a passphrase. Paste the"
            " whole of a key without a passphrase."
        ) from error
    return key


def _keys() -> MultiFernet:
    """Encrypts with the present key, and decrypts with each of them."""
    return MultiFernet(map(_fernet, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)))


def _fernet(secret: str) -> Fernet:
    key = hashlib.sha256(b"codeindex credentials" + secret.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
