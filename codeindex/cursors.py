"""Where the next page of a list begins, as an address has it: the values that order the entry that
was shown last. A cursor stays valid when the list changes, since it holds no number of an entry."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

MAX_LENGTH = 10_000


def written(values: Sequence[object]) -> str:
    return urlsafe_b64encode(json.dumps(values, ensure_ascii=False).encode()).decode().rstrip("=")


def read(cursor: str, types: Sequence[type]) -> list[Any]:
    """The values of a cursor, which anybody may have written: they have these types, and strings
    can be stored. Raises `ValueError`."""
    if len(cursor) > MAX_LENGTH:
        raise ValueError("too long")
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(urlsafe_b64decode(padded.encode()))
        if [type(value) for value in values] != [*types]:
            raise ValueError("other types")
        strings = "".join(value for value in values if isinstance(value, str)).encode()
    except (TypeError, RecursionError) as error:
        raise ValueError("no list") from error
    if b"\0" in strings:
        raise ValueError("a NUL character")
    return list(values)
