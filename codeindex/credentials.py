"""Credentials of clone URLs and deploy keys: kept encrypted, handed to git and ssh alone."""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_ssh_private_key,
)
from django.conf import settings

LONGEST_KEY = 16_384


class UnreadableCredential(Exception):
    """The secret key is another than the one the credential was encrypted with."""


def encrypt(credential: str) -> str:
    return _fernet().encrypt(credential.encode()).decode() if credential else ""


def decrypt(stored: str) -> str:
    if not stored:
        return ""
    try:
        return _fernet().decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise UnreadableCredential from error


def deploy_key(text: str) -> str:
    """A private key as ssh reads it, from what a user gave. Raises `ValueError` where it is none,
    or is protected by a passphrase, with a message that is fit for a user."""
    key = text.replace("\r\n", "\n").strip() + "\n"
    load = load_ssh_private_key if "BEGIN OPENSSH" in key else load_pem_private_key
    try:
        if len(key) > LONGEST_KEY:
            raise ValueError
        load(key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("This is no private key (OpenSSH or PEM), or has a passphrase.") from error
    return key


def _fernet() -> Fernet:
    key = hashlib.sha256(b"codeindex credentials" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
