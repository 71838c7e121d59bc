"""Credentials are stored encrypted, and survive a change of the secret key."""

from __future__ import annotations

from typing import Any

import pytest

from codeindex import credentials
from codeindex.credentials import UnreadableCredential

WRITTEN_BEFORE = (
    "gAAAAABrDCTbzaYf-gxzAEiTL7MIQmH0bmbMzkMXGMxcQyEylaM9WnMdCTtu1LyACRuFgF"
    "w5MUt73pbAZiN7lvjJ544nV2VUDg=="
)
"""Encrypted by a version that knew no fallbacks, with the secret key "first"."""


def test_an_empty_credential_stays_empty() -> None:
    assert credentials.encrypt("") == credentials.decrypt("") == ""


def test_what_an_earlier_version_stored_is_read(settings: Any) -> None:
    settings.SECRET_KEY = "first"
    assert credentials.decrypt(WRITTEN_BEFORE) == "bot:s3cret"


def test_the_secret_key_can_be_changed(settings: Any) -> None:
    settings.SECRET_KEY = "first"
    stored = credentials.encrypt("bot:s3cret")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "second", ["first"]
    assert credentials.decrypt(stored) == "bot:s3cret"
    stored_since = credentials.encrypt("bot:s3cret")
    settings.SECRET_KEY_FALLBACKS = []
    assert credentials.decrypt(stored_since) == "bot:s3cret"
    with pytest.raises(UnreadableCredential):
        credentials.decrypt(stored)


def test_a_credential_of_an_unknown_key_is_unreadable(settings: Any) -> None:
    settings.SECRET_KEY = "first"
    stored = credentials.encrypt("bot:s3cret")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "third", ["second"]
    with pytest.raises(UnreadableCredential):
        credentials.decrypt(stored)
