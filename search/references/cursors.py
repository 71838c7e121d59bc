"""Where the next page of a list begins: after an entry that has been shown. A cursor stays valid
when the list changes, since it names the entry by its place in the order and not by its number."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence

from search.query.filters import BadQuery

Key = tuple[int, str, str, str, str, int]
"""What references are ordered by, none of which is a secret: rank of the likelihood, repository,
path, branch, the repository's opaque id, line."""

_TYPES = (int, str, str, str, str, int)
MAX_LENGTH = 10_000


def written(key: Key) -> str:
    return urlsafe_b64encode(json.dumps(key).encode()).decode()


def read(cursor: str) -> Key:
    """Raises `BadQuery`."""
    try:
        if len(cursor) > MAX_LENGTH:
            raise ValueError
        parts: Sequence[object] = json.loads(urlsafe_b64decode(cursor.encode()))
        if [type(part) for part in parts] != [*_TYPES]:
            raise ValueError
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise BadQuery("The cursor is not one that an answer gave.", "cursor") from error
    return tuple(parts)  # type: ignore[return-value]
