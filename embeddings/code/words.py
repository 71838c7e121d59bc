"""The words in source code: what vocabularies hold, and what lexical search stores and asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain, pairwise

ANALYSIS_VERSION = 3
"""Version of the rules of `analyse`. It is stored with the words of a text, which is analysed again
when the version has changed."""

LONGEST_WORD = 100
"""Characters. `analyse` leaves longer words out."""

LONGEST_JOIN = 12
"""Characters that parts have together that people may read as one word (`coffeescript`)."""

_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+|[^\w\s]")
_UNSPACED = (
    r"\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    r"\U00020000-\U0003ffff"
)
"""Chinese, Japanese and Korean letters: words are not written apart, or not their endings."""

_TOKEN = re.compile(rf"[{_UNSPACED}]+|[^\W{_UNSPACED}]+")
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}]")
_PIECE = re.compile(r"[^\W_]+")
_ACRONYM = re.compile(r"[A-Z]{2,}(?=[a-z](?![a-z]))")
_NUMBER = re.compile(r"\d+(?:_\d+)*|0[xX][\da-fA-F_]+|0[oObB][\d_]+", re.ASCII)


def parts(token: str) -> tuple[str, ...]:
    """The words in a token, in lower case: identifiers are split at case, underscores and digits
    (`readCSVFile` → read, csv, file), strings at white space too. Trained vocabularies depend on
    these rules."""
    return tuple(part.lower() for part in _PART.findall(token))


def analyse(text: str) -> tuple[str, ...]:
    """The distinct words by which search finds a text, in the order of their first occurrence.

    An identifier yields itself without underscores, its pieces between them, their parts, and the
    joins of adjacent parts, since people write `github`, `ids` and `oauth2` of `GitHubUserIDs` and
    `OAuth2Client`. A number yields only itself, without digit separators (`86_400` → 86400). A run
    of Chinese, Japanese or Korean yields each two adjacent letters. All words are in lower case.
    Stored texts and queries are both split by this function, so that a query copied from the code
    finds it.
    """
    tokens = dict.fromkeys(_TOKEN.findall(text))
    return tuple(dict.fromkeys(chain.from_iterable(map(_words, tokens))))


def occurrences(text: str) -> Iterator[tuple[str, int, int]]:
    """Every occurrence of a word of `analyse(text)` as (word, start, end). A longer one comes
    before those that begin at the same place, or within it."""
    for token in _TOKEN.finditer(text):
        start = token.start()
        for word, begin, end in _word_spans(token[0]):
            yield word, start + begin, start + end


def identifiers(text: str) -> tuple[str, ...]:
    """The identifiers among the words of a text, in lower case, without their parts and without
    numbers; and the words of Chinese, Japanese and Korean."""
    tokens = dict.fromkeys(_TOKEN.findall(text.lower()))
    return tuple(dict.fromkeys(chain.from_iterable(map(_undivided, tokens))))


def folded(identifier: str) -> str:
    """The word that an identifier is stored by as a whole, however its parts are set apart:
    `read_file` and `readFile` → readfile."""
    return identifier.replace("_", "").lower()


def _undivided(token: str) -> tuple[str, ...]:
    if _UNSPACED_RUN.match(token):
        return _words(token)
    is_identifier = not token.lstrip("_")[:1].isdigit() and token.strip("_")
    return (token,) if is_identifier and len(token) <= LONGEST_WORD else ()


def _words(token: str) -> tuple[str, ...]:
    return _split(token) if len(token) > LONGEST_WORD else _cached_split(token)


def _split(token: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word, _, _ in _word_spans(token)))


_cached_split = lru_cache(maxsize=1 << 16)(_split)


def _word_spans(token: str) -> Iterator[tuple[str, int, int]]:
    """The words of a token with their places in it; none if it consists of underscores."""
    for begin, end in _spans(token):
        word = folded(token[begin:end])
        if 0 < len(word) <= LONGEST_WORD:
            yield word, begin, end


def _spans(token: str) -> Iterator[tuple[int, int]]:
    if _UNSPACED_RUN.match(token):
        yield from ((begin, min(begin + 2, len(token))) for begin in range(max(1, len(token) - 1)))
        return
    yield 0, len(token)
    if not _NUMBER.fullmatch(token):
        for piece in _PIECE.finditer(token):
            yield piece.span()
            yield from _part_spans(token, *piece.span())


def _part_spans(token: str, begin: int, end: int) -> list[tuple[int, int]]:
    """The parts of a piece, and what people may read as one: a part with the next one (`GitHub`);
    with the next two where one of them is a letter or a number (`OAuth2`); and an acronym before a
    last letter (`UUIDs` and `UUIDv4`, whose parts are uui and ds or dv)."""
    parts = [part.span() for part in _PART.finditer(token, begin, end)]
    acronyms = (acronym.span() for acronym in _ACRONYM.finditer(token, begin, end))
    two = ((one[0], other[1]) for one, other in pairwise(parts))
    three = (
        (some[0][0], some[2][1])
        for some in zip(parts, parts[1:], parts[2:], strict=False)
        if any(_is_short(token[start:stop]) for start, stop in some)
    )
    joins = (span for span in chain(two, three) if span[1] - span[0] <= LONGEST_JOIN)
    return sorted({*parts, *acronyms, *joins}, key=lambda span: (span[0], -span[1]))


def _is_short(part: str) -> bool:
    return len(part) == 1 or part.isdigit()
