"""The trigrams of a text, regardless of case, and the rows of a bit matrix that stand for them: by
these, files that may contain a literal are found without reading them.

Every character becomes a symbol of one byte: ASCII in lower case, and one of 128 symbols for all
others. Characters that differ in case alone become the same symbol, so that a text that matches a
literal in any case has all of the literal's trigrams."""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

TRIGRAMS_VERSION = 1
"""Version of the rules here. It is stored with a content, which is indexed again when the version
has changed."""

HASHES = 3
"""Rows in which a trigram is marked."""

SMALLEST, LARGEST = 8, 20
"""The exponents of the number of rows."""

ROWS_PER_TRIGRAM = 3
"""As an exponent: a text has at least eight rows for each distinct trigram, and less than
sixteen."""

Trigrams: TypeAlias = npt.NDArray[np.uint32]

_ASCII = 128
_LAST_CASED = 0x1F000
"""No character from here on has an upper or lower case."""

_MIXERS = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D], np.uint32)


def symbols(text: str) -> bytes:
    """The symbols of the characters of a text, without lone surrogates."""
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    return _symbol_table()[points].tobytes()


def trigrams(text: str) -> Trigrams:
    """The distinct trigrams of a text, ascending: each is its three symbols as one number."""
    return trigrams_of_symbols(symbols(text))


def trigrams_of_symbols(written: bytes) -> Trigrams:
    """The distinct trigrams of symbols, ascending."""
    own = np.frombuffer(written, np.uint8).astype(np.uint32)
    return np.unique(own[:-2] << 16 | own[1:-1] << 8 | own[2:])


def exponent(distinct: int) -> int:
    """The exponent of the number of rows for a text with so many distinct trigrams."""
    wanted = max(0, distinct - 1).bit_length() + ROWS_PER_TRIGRAM
    return min(max(wanted, SMALLEST), LARGEST)


def hashes(of: Trigrams) -> npt.NDArray[np.uint32]:
    """The hashes (n, HASHES) of n trigrams. Of a matrix with 2**e rows, the upper e bits of a hash
    are the number of a row."""
    mixed = of[:, None] * _MIXERS
    return (mixed ^ mixed >> 15) * np.uint32(0x2C1B3C6D)


@cache
def _symbol_table() -> npt.NDArray[np.uint8]:
    """Code point → symbol."""
    folded = np.arange(0x110000, dtype=np.uint32)
    folded[:_LAST_CASED] = [ord(chr(point).casefold()[0]) for point in range(_LAST_CASED)]
    others = _ASCII + (folded * np.uint32(0x9E3779B1) >> 25)
    return np.where(folded < _ASCII, folded, others).astype(np.uint8)
