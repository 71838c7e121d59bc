"""The grams of a text, which are every three and every four characters in a row, regardless of
case; and the rows of a bit matrix that stand for them. By these, files that may contain a literal
are found without reading them.

Every character becomes a symbol of one byte: ASCII in lower case, and one of 128 symbols for all
others. Characters that differ in case alone become the same symbol, so that a text that contains a
literal in any case has all of the literal's grams. Grams of four leave out far more texts than
those of three, without which literals of three characters would not be found.

A long text is cut into pieces at ends of lines, each with its own grams: in a long text as a whole,
the grams of most literals are scattered somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

GRAMS_VERSION = 1
"""Version of the rules here. It is stored with a content, which is indexed again when the version
has changed."""

SHORTEST, LONGEST = 3, 4
"""Symbols of a gram."""

PIECE = 32_768
"""Characters after which a text is cut, at the end of the line."""

HASHES = 3
"""Rows in which a gram of three symbols is marked; one of four is marked in the first alone, since
a literal has several of them."""

SMALLEST, LARGEST = 8, 20
"""The exponents of the number of rows."""

ROWS_PER_GRAM = 2
"""As an exponent: a text has at least four rows for each distinct gram, and less than eight."""

Grams: TypeAlias = npt.NDArray[np.uint32]
"""Each is its symbols as one number. No symbol of a stored text is 0, so that grams of three are
those below 2**24."""

_ASCII = 128
_LAST_CASED = 0x1F000
"""No character from here on has an upper or lower case."""

_MIXERS = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D], np.uint32)


def symbols(text: str) -> bytes:
    """The symbols of the characters of a text, without lone surrogates."""
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    return _symbol_table()[points].tobytes()


def grams(text: str) -> Grams:
    """The distinct grams of a text, those of three symbols first."""
    return np.concatenate(list(map(np.unique, _by_length(symbols(text)))))


def grams_of_pieces(text: str) -> Iterator[Grams]:
    """The grams of each piece of a text that has any. Those that cross the end of a piece belong to
    it."""
    start = 0
    while start < len(text):
        end = text.find("\n", start + PIECE) + 1 or len(text)
        own = grams(text[start : end + LONGEST - 1])
        if len(own):
            yield own
        start = end


def grams_of_length(written: bytes, length: int) -> list[int]:
    """The distinct grams of symbols, of three or four."""
    threes, fours = _by_length(written)
    distinct: list[int] = np.unique(threes if length == SHORTEST else fours).tolist()
    return distinct


def _by_length(written: bytes) -> Iterator[Grams]:
    own = np.frombuffer(written, np.uint8).astype(np.uint32)
    byte = np.uint32(8)
    twos = own[:-1] << byte | own[1:]
    threes = twos[:-1] << byte | own[2:]
    yield threes
    yield threes[:-1] << byte | own[3:]


def exponent(distinct: int) -> int:
    """The exponent of the number of rows for a text with so many distinct grams."""
    wanted = max(0, distinct - 1).bit_length() + ROWS_PER_GRAM
    return min(max(wanted, SMALLEST), LARGEST)


def hashes(of: Grams) -> list[Grams]:
    """The hashes by which each gram is marked, in HASHES arrays: the first one has a hash of every
    gram, the others of those of three symbols, in their order. Of a matrix with 2**e rows, the
    upper e bits of a hash are the number of a row."""
    threes = of[of < 1 << 24]
    return [_mixed(part, mixer) for part, mixer in zip((of, threes, threes), _MIXERS, strict=True)]


def _mixed(of: Grams, mixer: np.uint32) -> Grams:
    mixed = of * mixer
    return (mixed ^ mixed >> np.uint32(15)) * np.uint32(0x2C1B3C6D)


@cache
def _symbol_table() -> npt.NDArray[np.uint8]:
    """Code point → symbol."""
    folded = np.arange(0x110000, dtype=np.uint32)
    folded[:_LAST_CASED] = [ord(chr(point).casefold()[0]) for point in range(_LAST_CASED)]
    others = _ASCII + (folded * np.uint32(0x9E3779B1) >> 25)
    return np.where(folded < _ASCII, folded, others).astype(np.uint8)
