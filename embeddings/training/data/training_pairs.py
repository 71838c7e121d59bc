"""Pairs of a query and the code that answers it, made from a function's docstring and name. People
type fewer and other words than a docstring has, and a model that is tuned on docstrings alone
forgets how to read those."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embeddings.code.own_names import masked
from embeddings.code.words import parts
from embeddings.training.corpus.functions import Function

SHORTENED_WORDS = 8
PHRASINGS = (
    "{language} {query}",
    "{query} {language}",
    "{query} in {language}",
    "how to {query} in {language}",
    "{language} how to {query}",
)
TYPED = {"cpp": "c++", "csharp": "c#", "tsx": "typescript"}
"""What people type for a language, where it is not its name."""

# Words that people leave out of what they type into a search engine.
STOP_WORDS = frozenset(
    parts(
        """a an the this that these those its of for to in on at by with from into as and or if when
        is are be been was were will can should it which given return returns get gets"""
    )
)
Pair = tuple[str, str]


def written_pair(questions: Sequence[str], function: Function, random: np.random.Generator) -> Pair:
    """One of the questions that were written for a function, and its code: mostly as it stands,
    since that is how it is indexed."""
    question = str(random.choice(questions))
    return question, function.code if random.random() < 0.75 else function.bare


def docstring_pair(function: Function, random: np.random.Generator) -> Pair:
    """A query made from a function's docstring or name, and its code. The whole docstring asks for
    code without it, the name for code in which it is masked; parts of the docstring also ask for
    code as it stands."""
    if not function.query or random.random() < 0.25:
        text = function.code if random.random() < 0.5 else function.bare
        return " ".join(parts(function.name)), masked(text, function.language)
    choice = random.random()
    if choice < 0.5:
        return function.query, _bare(function, random)
    query = first_clause(function.query) if choice < 0.7 else keywords(function.query)
    text = function.code if random.random() < 0.5 else _bare(function, random)
    return phrased(query, random, function.language), text


def phrased(query: str, random: np.random.Generator, language: str = "python") -> str:
    """The query as people type it: sometimes with the language beside it, or as a question."""
    if random.random() < 0.6:
        return query
    return str(random.choice(PHRASINGS)).format(query=query, language=TYPED.get(language, language))


def read_pairs(path: Path) -> list[Pair]:
    """The pairs in a file of JSON lines with a `question` and a `code`. Of a question that occurs
    twice, the first is taken."""
    pairs: dict[str, str] = {}
    for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        pairs.setdefault(row["question"], row["code"])
    return list(pairs.items())


def first_clause(query: str) -> str:
    """The first words of a query, up to the end of its first clause."""
    words = query.split()[:SHORTENED_WORDS]
    for place, word in enumerate(words[2:], start=3):
        if word[-1] in ".,;:":
            return " ".join(words[:place]).rstrip(".,;:")
    return " ".join(words)


def keywords(query: str) -> str:
    """The words of a query that people would type into a search engine."""
    words = [word for word in query.lower().rstrip(".").split() if word not in STOP_WORDS]
    return " ".join(words[:SHORTENED_WORDS]) or query


def _bare(function: Function, random: np.random.Generator) -> str:
    return masked(function.bare, function.language) if random.random() < 0.2 else function.bare
