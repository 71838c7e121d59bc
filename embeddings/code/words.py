"""The words in source code: what vocabularies hold, and what lexical search stores and asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain

ANALYSIS_VERSION = 2
"""Version of the rules of `analyse`. It is stored with the words of a text, which is analysed again
when the version has changed."""

LONGEST_WORD = 100
"""Characters. `analyse` leaves longer words out."""

_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+|[^\w\s]")
_TOKEN = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+(?:_\d+)*|0[xX][\da-fA-F_]+|0[oObB][\d_]+", re.ASCII)


def parts(token: str) -> tuple[str, ...]:
    """The words in a token, in lower case: identifiers are split at case, underscores and digits
    (`readCSVFile` → read, csv, file), strings at white space too. Trained vocabularies depend on
    these rules."""
    return tuple(part.lower() for part in _PART.findall(token))


def analyse(text: str) -> tuple[str, ...]:
    """The distinct words by which search finds a text, in the order of their first occurrence.

    An identifier yields itself and its parts (`HTTPServer2` → httpserver2, http, server, 2), a
    number only itself, without digit separators (`86_400` → 86400). All words are in lower case.
    Stored texts and queries are both split by this function, so that a query copied from the code
    finds it.
    """
    tokens = dict.fromkeys(_TOKEN.findall(text))
    return tuple(dict.fromkeys(chain.from_iterable(map(_words, tokens))))


def occurrences(text: str) -> Iterator[tuple[str, int, int]]:
    """Every occurrence of a word of `analyse(text)` as (word, start, end). An identifier comes
    before its parts."""
    for token in _TOKEN.finditer(text):
        words = _words(token[0])
        whole = _whole(token[0])
        if whole in words:
            yield whole, *token.span()
        if not _NUMBER.fullmatch(token[0]):
            for part in _PART.finditer(token[0]):
                if part[0].lower() in words:
                    yield part[0].lower(), token.start() + part.start(), token.start() + part.end()


def identifiers(text: str) -> tuple[str, ...]:
    """The identifiers among the words of a text, without their parts and without numbers."""
    tokens = dict.fromkeys(_TOKEN.findall(text.lower()))
    return tuple(token for token in tokens if not token[0].isdigit() and token in _words(token))


def _words(token: str) -> tuple[str, ...]:
    return _split(token) if len(token) > LONGEST_WORD else _cached_split(token)


def _split(token: str) -> tuple[str, ...]:
    """A token and, unless it is a number, its parts; nothing if it consists of underscores."""
    rest = () if _NUMBER.fullmatch(token) else parts(token)
    words = (_whole(token), *rest) if token.strip("_") else ()
    return tuple(word for word in words if len(word) <= LONGEST_WORD)


_cached_split = lru_cache(maxsize=1 << 16)(_split)


def _whole(token: str) -> str:
    return (token.replace("_", "") if _NUMBER.fullmatch(token) else token).lower()
