"""Which lines of its definition a result shows: those around the query's words, the rarest words
first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from embeddings.code.words import analyse
from search.query import lexemes
from search.results import SHOWN_LINES, Result, cut

SEARCHED_LINES = 400
"""Lines of a definition in which words are looked for."""

MAX_PLACES = 4
"""Lines around which others are shown."""


def with_lines(results: Sequence[Result], words: Sequence[str]) -> list[Result]:
    """The results with their matching lines; `words` are the query's, the rarest first."""
    bodies = [[cut(line) for line in each.definition.lines[:SEARCHED_LINES]] for each in results]
    ranks = _ranks(words, {word for body in bodies for word in analyse("\n".join(body))})
    return [
        replace(result, matching=matching_lines(body, ranks))
        for result, body in zip(results, bodies, strict=True)
    ]


def matching_lines(lines: Sequence[str], ranks: Mapping[str, int]) -> list[int]:
    """At most SHOWN_LINES of `lines`, from 0, ascending, around those that hold the words in
    `ranks`, of which the lowest come first. Empty if none does."""
    held = {
        number: here
        for number, line in enumerate(lines)
        if _may_hold(line, ranks)
        and (here := {ranks[word] for word in analyse(line) if word in ranks})
    }
    places = list(_places(held))
    shown = set[int]()
    for line in _around(places, len(lines)) if places else ():
        shown.add(line)
        if len(shown) == SHOWN_LINES:
            break
    return sorted(shown)


def _may_hold(line: str, words: Collection[str]) -> bool:
    """Whether one of the words is in a line at all, which takes less time than its analysis. A
    number is a word without its underscores."""
    lowered = line.lower()
    bare = lowered.replace("_", "")
    return any(word in lowered or word in bare for word in words)


def _ranks(words: Sequence[str], found: Collection[str]) -> dict[str, int]:
    """word in the results → the place of the query's word with the same stem."""
    places: dict[str, int] = {}
    for place, stem in enumerate(lexemes.stems(words).get(word, "") for word in words):
        places.setdefault(stem, place)
    alike = lexemes.stems(lexemes.matching_words(words, found))
    return {word: places[stem] for word, stem in alike.items()}


def _places(held: Mapping[int, set[int]]) -> Iterator[int]:
    """Up to MAX_PLACES lines that together hold as many words as they can: for each word that no
    chosen line holds, the line with most such words."""
    missing = set().union(*held.values())
    for _ in range(MAX_PLACES):
        if not missing:
            return
        rarest = min(missing)
        having = [line for line, ranks in held.items() if rarest in ranks]
        best = max(having, key=lambda line: (len(held[line] & missing), -line))
        missing -= held[best]
        yield best


def _around(places: Sequence[int], count: int) -> Iterator[int]:
    """The places, then the lines around them, the nearest first, of so many lines."""
    for distance in range(count):
        for place in places:
            for line in (place + distance, place - distance):
                if 0 <= line < count:
                    yield line
