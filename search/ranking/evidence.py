"""Where a query's words stand: in a candidate's text, in its names, and in its file's path.

The words of all places are weighed together, as in BM25F (Robertson, Zaragoza & Taylor 2004): a
word that a text holds in several places counts more than one that it holds in one, and less than
their sum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import NamedTuple

from embeddings.code.words import analyse
from embeddings.files import names
from search.candidates.retrieval import Candidate
from search.places import Location
from search.query import lexemes
from search.query.lexemes import Corpus, Lexeme
from search.query.parsing import Query

IN_TEXT, IN_NAME, IN_ENCLOSING, IN_PATH, IN_FILE_NAME = 1.0, 4.0, 2.0, 1.0, 2.0
"""How often a word counts, by where it stands: in the text, in the definition's own name, in those
of what encloses it, in the path, and in the file's name."""

SATURATION, LENGTH_SHARE = 1.2, 0.75
"""k₁ and b of BM25."""

USUAL_LENGTH = 30.0
"""Distinct words of a text, about the mean. A constant, since a mean over an index would tell of
code that is hidden."""


@dataclass(frozen=True, slots=True)
class QueryWords:
    """The lexemes of a query: those that were `asked` for, and the `joined` ones, which two words
    in a row make together (`thread pool` → threadpool)."""

    asked: Sequence[Lexeme]
    joined: Sequence[Lexeme] = ()

    @property
    def all(self) -> list[Lexeme]:
        """In the order of the bits of `Candidate.held`."""
        return [*self.asked, *self.joined]


class Evidence(NamedTuple):
    """What the words say for a candidate. `words` weighs them in all places, and is 0 where none of
    them stands, and up to 1 + SATURATION where all do. `name` is how much the definition's name and
    the query have in common, `path` and `file` are the shares of the query's words, by weight, that
    are in the path and anywhere in the file, and `file_name` is the share of the file name's words
    that the query has; each from 0 to 1. A query that is nothing but the file's name gives a
    `file_name` of 2."""

    words: float = 0.0
    name: float = 0.0
    path: float = 0.0
    file: float = 0.0
    file_name: float = 0.0


def query_words(query: Query, corpus: Corpus) -> QueryWords:
    """The query's words, weighted by how rare they are in the corpus."""
    found = lexemes.weighted_lexemes((*query.words, *query.joined), corpus)
    own = set(lexemes.stems(query.words).values())
    only_joined = set(lexemes.stems(query.joined).values()) - own
    return QueryWords(
        asked=[each for each in found if each.word not in only_joined],
        joined=[each for each in found if each.word in only_joined and each.share],
    )


def evidence(
    query: Query,
    words: QueryWords,
    candidates: Sequence[Candidate],
    held_by_files: Mapping[int, int],
) -> list[Evidence]:
    """What the words say for each of the candidates; `held_by_files` has the bits of the words that
    their files hold."""
    places = {_Names.at(candidate.location) for candidate in candidates}
    stems = lexemes.stems({word for place in places for words in place for word in words})
    in_files = _shares(words, held_by_files)
    whole = query.text.casefold()
    return [
        _evidence(words, each, _Names.at(each.location), stems)._replace(
            file=in_files.get(each.location.file, 0.0),
            **({"file_name": 2.0} if names.name(each.location.path).casefold() == whole else {}),
        )
        for each in candidates
    ]


def _shares(words: QueryWords, held: Mapping[int, int]) -> dict[int, float]:
    """file → the share of the query's words, by weight, that it holds."""
    whole = sum(lexeme.weight for lexeme in words.asked) or 1.0
    weights = [lexeme.weight / whole for lexeme in words.asked]
    return {
        file: sum(weight for bit, weight in enumerate(weights) if bits >> bit & 1)
        for file, bits in held.items()
    }


class WordPlaces(NamedTuple):
    """A word of a query, the share of a corpus' texts that hold it, and where a candidate has
    it."""

    word: str
    share: float
    places: Sequence[str]

    @property
    def percent(self) -> float:
        return 100 * self.share


def word_places(query: Query, words: QueryWords, candidate: Candidate) -> list[WordPlaces]:
    """For each word that was asked for, the rarest first."""
    typed = {stem: word for word, stem in lexemes.stems(query.words).items()}
    around = _Names.at(candidate.location)
    stems = lexemes.stems({word for place in around for word in place})
    holders = {
        "name": _stemmed(around.name, stems),
        "enclosing names": _stemmed(around.enclosing, stems),
        "path": _stemmed(around.path, stems),
    }
    found = []
    for bit, (stem, share, _) in enumerate(words.asked):
        places = ["text"] if candidate.held >> bit & 1 else []
        places += [place for place, held in holders.items() if stem in held]
        found.append(WordPlaces(typed.get(stem, stem), share, places))
    return found


class _Names(NamedTuple):
    """The words of the names around a definition."""

    name: tuple[str, ...]
    enclosing: tuple[str, ...]
    path: tuple[str, ...]
    file_name: tuple[str, ...]

    @classmethod
    def at(cls, location: Location) -> _Names:
        path = location.path
        return cls(*_words_of_name(location.name), _words_of_path(path), names.words(path))


@lru_cache(1 << 16)
def _words_of_name(qualified_name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    enclosing, _, name = qualified_name.rpartition(".")
    return analyse(name), analyse(enclosing)


@lru_cache(1 << 16)
def _words_of_path(path: str) -> tuple[str, ...]:
    return analyse(str(PurePosixPath(path).with_suffix("")))


def _evidence(
    words: QueryWords, candidate: Candidate, around: _Names, stems: Mapping[str, str]
) -> Evidence:
    name, enclosing, path, file_name = (_stemmed(own, stems) for own in around)
    length = LENGTH_SHARE * candidate.length / USUAL_LENGTH
    dampening = SATURATION * (1.0 - LENGTH_SHARE + length)
    whole = sum(lexeme.weight for lexeme in words.asked) or 1.0
    total = by_name = by_path = 0.0
    for bit, (word, _, weight) in enumerate(words.all):
        occurrences = (
            IN_TEXT * (candidate.held >> bit & 1)
            + IN_NAME * (word in name)
            + IN_ENCLOSING * (word in enclosing)
            + IN_PATH * (word in path)
            + IN_FILE_NAME * (word in file_name)
        )
        total += weight * occurrences * (1.0 + SATURATION) / (occurrences + dampening)
        if bit < len(words.asked):
            by_name += weight * (word in name)
            by_path += weight * (word in path)
    either = {lexeme.word for lexeme in words.all}
    called = {stems.get(word) for word in around.file_name[:1]}
    is_joined = any(lexeme.word in called for lexeme in words.joined)
    return Evidence(
        words=total / whole,
        name=by_name / whole * _share(name, either),
        path=by_path / whole,
        file_name=1.0 if is_joined else _share(file_name, either),
    )


def _stemmed(words: Iterable[str], stems: Mapping[str, str]) -> frozenset[str]:
    return frozenset(stems[word] for word in words if word in stems)


def _share(own: frozenset[str], asked: set[str]) -> float:
    return len(own & asked) / len(own) if own else 0.0
