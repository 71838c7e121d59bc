"""Ids as they are shown: opaque, since numbers in a row tell how much there is of what is hidden.

A row's number, with the kind of thing that it numbers, is one block of AES under a key that is
derived from SECRET_KEY. What was made up, or is of another kind, decrypts to something else and is
no id. An id is a name and no permission: who may see the thing is asked all the same.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from enum import StrEnum
from functools import cache, lru_cache
from typing import ClassVar

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings
from django.utils.crypto import salted_hmac

from codeindex.models import PlainId

HALF = 8
"""Bytes of a block's two halves: the kind, and the number."""


class Row(StrEnum):
    """What an id is of; the first eight letters tell them apart."""

    REPOSITORY = "repository"
    RUN = "run"
    FILE = "file"
    DEFINITION = "definition"


def opaque(row: Row, number: int) -> str:
    """22 characters that are fit for an address."""
    block = _tag(row) + number.to_bytes(HALF, "big")
    return urlsafe_b64encode(_cipher(settings.SECRET_KEY).encryptor().update(block)).decode()[:-2]


def number(row: Row, written: str) -> int:
    """What `opaque` was given. A plain number stands for itself if it named something before ids
    were opaque. Raises `ValueError` for anything else."""
    if written.isdecimal():
        return _plain(row, int(written))
    block = urlsafe_b64decode(f"{written}==")
    if urlsafe_b64encode(block).decode() == f"{written}==" and len(block) == 2 * HALF:
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            known = _cipher(secret).decryptor().update(block)
            if known.startswith(_tag(row)):
                return int.from_bytes(known[HALF:], "big")
    raise ValueError(f"{written!r} is no id of a {row}")


@cache
def plain_numbers() -> dict[str, int]:
    """Row → the last plain number that addresses had; fixed once for an installation."""
    return dict(PlainId.objects.values_list("row", "up_to"))


def _plain(row: Row, number: int) -> int:
    if number > plain_numbers().get(row, 0):
        raise ValueError(f"{number} was never the address of a {row}")
    return number


def _tag(row: Row) -> bytes:
    return row.encode().ljust(HALF, b"\0")[:HALF]


@lru_cache(8)
def _cipher(secret: str) -> Cipher[modes.ECB]:
    # Of a single block, so that no pattern of several can show.
    key = salted_hmac("codeindex.ids", "AES-256", secret, algorithm="sha256").digest()
    return Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305  one block, as said above


class Converter:
    """A part of an address that is an id: views get numbers, and addresses are made of them."""

    regex = "[0-9]{1,19}|[A-Za-z0-9_-]{22}"
    row: ClassVar[Row]

    def to_python(self, written: str) -> int:
        return number(self.row, written)

    def to_url(self, number: int | str) -> str:
        return opaque(self.row, int(number))


class RepositoryConverter(Converter):
    row = Row.REPOSITORY


class RunConverter(Converter):
    row = Row.RUN


class FileConverter(Converter):
    row = Row.FILE


class DefinitionConverter(Converter):
    row = Row.DEFINITION


CONVERTERS = (RepositoryConverter, RunConverter, FileConverter, DefinitionConverter)
"""For addresses, which name one by what its ids are of: `<repository:pk>`."""
