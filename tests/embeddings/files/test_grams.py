"""Grams are the same in any case, and a text that contains another has all of its grams."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import re2
from hypothesis import given, strategies

from embeddings.files import grams


def of(text: str) -> set[int]:
    return set(grams.grams(text).tolist())


@given(strategies.text(), strategies.text(), strategies.text())
def test_a_text_has_the_grams_of_what_it_contains(before: str, text: str, after: str) -> None:
    assert of(text) <= of(before + text + after)


def test_characters_that_re2_matches_in_another_case_are_one_symbol() -> None:
    options = re2.Options()
    options.case_sensitive = False
    cased = 0
    for point in range(sys.maxunicode + 1):
        character = chr(point)
        forms = {character.lower(), character.upper(), character.title(), character.casefold()}
        for other in forms - {character}:
            if len(other) == 1 and re2.fullmatch(re2.escape(character), other, options):
                cased += 1
                assert grams.symbols(character) == grams.symbols(other), (character, other)
    re2.purge()
    assert cased > 2_000


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("ab", 0), ("abc", 1), ("abcd", 3), ("aaaaaa", 2), ("日本語", 1)]
)
def test_short_texts_have_few(text: str, count: int) -> None:
    assert len(of(text)) == count


def test_a_text_has_several_rows_for_each_gram() -> None:
    assert [grams.exponent(count) for count in (0, 64, 65, 1_000, 10**6)] == [8, 8, 9, 12, 20]


@given(strategies.lists(strategies.text(max_size=9), max_size=9).map("\n".join))
def test_the_pieces_of_a_text_have_its_grams_and_whole_lines(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grams, "PIECE", 8)
        pieces = [set(own.tolist()) for own in grams.grams_of_pieces(text)]
    assert set().union(*pieces) == of(text)
    for line in text.split("\n"):
        assert not of(line) or any(of(line) <= piece for piece in pieces)


def test_hashes_spread_over_all_rows() -> None:
    first, second, third = grams.hashes(np.arange(1 << 20, 1 << 21, dtype=np.uint32))
    for hashes in (first, second, third):
        counts = np.bincount(hashes >> np.uint32(24), minlength=256)
        assert counts.min() > 3_000
        assert counts.max() < 6_000
