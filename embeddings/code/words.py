"""The words in identifiers and strings: what vocabularies and lexical search are made of."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+|[^\w\s]")


def parts(token: str) -> tuple[str, ...]:
    """The words in a token, in lower case: identifiers are split at case, underscores and digits
    (`readCSVFile` → read, csv, file), strings at white space too."""
    return tuple(part.lower() for part in _PART.findall(token))


def spans(token: str) -> Iterator[tuple[int, int]]:
    """Where each of these words begins and ends in the token."""
    return (part.span() for part in _PART.finditer(token))
