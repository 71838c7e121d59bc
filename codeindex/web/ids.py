"""Opaque ids for URLs and the API, since consecutive numbers reveal how much hidden code there is.

A row's number and its kind are encrypted as one AES block under a key derived from SECRET_KEY. An
id that is made up, or of another kind, decrypts to something else and is invalid. An id grants no
permission: whether the user may see the row is checked as well."""

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
"""Bytes of each half of a block: the kind, and the number."""


class Row(StrEnum):
    """The kind of row. The first eight letters must be distinct."""

    REPOSITORY = "repository"
    RUN = "run"
    FILE = "file"
    DEFINITION = "definition"
    EVALUATION = "evaluation"
    TEAM = "team"
    INVITATION = "invitation"
    PUSH_WEBHOOK = "push_webhook"
    OUTGOING_WEBHOOK = "outgoing_webhook"
    CODE_HOST = "code_host"
    IMPORT = "import"
    SAVED_SEARCH = "saved_search"
    SPACE = "space"
    DISMISSAL = "dismissal"
    FRAME = "frame"  # a part of the map, which has no row


def opaque(row: Row, number: int) -> str:
    """22 URL-safe characters."""
    block = _tag(row) + number.to_bytes(HALF, "big")
    return urlsafe_b64encode(_cipher(settings.SECRET_KEY).encryptor().update(block)).decode()[:-2]


def number(row: Row, written: str) -> int:
    """The inverse of `opaque`. A plain number stands for itself if it was an address before ids
    were opaque. Raises `ValueError` for anything else."""
    if written.isdecimal():
        return _plain(row, int(written))
    block = urlsafe_b64decode(f"{written}==")
    if urlsafe_b64encode(block).decode() == f"{written}==" and len(block) == 2 * HALF:
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            decrypted = _cipher(secret).decryptor().update(block)
            if decrypted.startswith(_tag(row)):
                return int.from_bytes(decrypted[HALF:], "big")
    raise ValueError(f"{written!r} is not the id of a {row}")


@cache
def plain_numbers() -> dict[str, int]:
    """Row → the last plain number that was an address; constant for an installation."""
    return dict(PlainId.objects.values_list("row", "up_to"))


def _plain(row: Row, number: int) -> int:
    if number > plain_numbers().get(row, 0):
        raise ValueError(f"{number} was never the address of a {row}")
    return number


def _tag(row: Row) -> bytes:
    return row.encode().ljust(HALF, b"\0")[:HALF]


@lru_cache(8)
def _cipher(secret: str) -> Cipher[modes.ECB]:
    # ECB is safe for a single block, which shows no pattern.
    key = salted_hmac("codeindex.ids", "AES-256", secret, algorithm="sha256").digest()
    return Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305  a single block


class Converter:
    """An id in a URL: views receive numbers, and `reverse` takes them."""

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


class EvaluationConverter(Converter):
    row = Row.EVALUATION


class TeamConverter(Converter):
    row = Row.TEAM


class InvitationConverter(Converter):
    row = Row.INVITATION


class PushWebhookConverter(Converter):
    row = Row.PUSH_WEBHOOK


class OutgoingWebhookConverter(Converter):
    row = Row.OUTGOING_WEBHOOK


class CodeHostConverter(Converter):
    row = Row.CODE_HOST


class ImportConverter(Converter):
    row = Row.IMPORT


class SavedSearchConverter(Converter):
    row = Row.SAVED_SEARCH


class SpaceConverter(Converter):
    row = Row.SPACE


class DismissalConverter(Converter):
    row = Row.DISMISSAL


CONVERTERS = (
    SpaceConverter, DismissalConverter,
    RepositoryConverter, RunConverter, FileConverter, DefinitionConverter, TeamConverter,
    PushWebhookConverter, OutgoingWebhookConverter, CodeHostConverter, ImportConverter,
    SavedSearchConverter, InvitationConverter, EvaluationConverter,
)  # fmt: skip
"""Registered by the kind of their rows: `<repository:pk>`."""
