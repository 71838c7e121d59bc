"""What people could ask for a function, made from its docstring and its name. People type fewer and
other words than a docstring has, and a model that is tuned on docstrings alone forgets how to read
those."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embeddings.code.own_names import masked
from embeddings.code.words import parts
from embeddings.training.corpus.functions import Function

SHORTENED_WORDS = 8
TYPED = (
    "python {said}",
    "{said} python",
    "{said} in python",
    "how to {said} in python",
    "python how to {said}",
)
# Words that search engines' users leave out.
UNSAID = frozenset(
    parts(
        """a an the this that these those its of for to in on at by with from into as and or if when
        is are be been was were will can should it which given return returns get gets"""
    )
)
Pair = tuple[str, str]


def question(written: Sequence[str], function: Function, random: np.random.Generator) -> Pair:
    """One of the questions that were written for a function, and its code, mostly as it stands, for
    that is how it is indexed."""
    return str(random.choice(written)), function.code if random.random() < 0.75 else function.bare


def pair(function: Function, random: np.random.Generator) -> Pair:
    """A question and a text of the function that answers it: where the question is the docstring,
    without that; where it is the name, without that. Code is also shown as it stands."""
    if not function.query or random.random() < 0.25:
        text = function.code if random.random() < 0.5 else function.bare
        return _spaced(function.name), masked(text)
    choice = random.random()
    if choice < 0.5:
        return function.query, _bare(function, random)
    said = shortened(function.query) if choice < 0.7 else keywords(function.query)
    return typed(said, random), function.code if random.random() < 0.5 else _bare(function, random)


def typed(said: str, random: np.random.Generator) -> str:
    """As people type it, now and then: with the language beside it, or as a question."""
    if random.random() < 0.6:
        return said
    return str(random.choice(TYPED)).format(said=said)


def asked(path: Path) -> list[Pair]:
    """The questions of a file of JSON lines, each with its `code`; of one asked twice the first."""
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    found: dict[str, str] = {}
    for row in rows:
        found.setdefault(row["question"], row["code"])
    return list(found.items())


def shortened(query: str) -> str:
    """The first words, up to the end of the first clause."""
    words = query.split()[:SHORTENED_WORDS]
    for place, word in enumerate(words[2:], start=3):
        if word[-1] in ".,;:":
            return " ".join(words[:place]).rstrip(".,;:")
    return " ".join(words)


def keywords(query: str) -> str:
    """The words that a search engine would be given."""
    words = [word for word in query.lower().rstrip(".").split() if word not in UNSAID]
    return " ".join(words[:SHORTENED_WORDS]) or query


def _bare(function: Function, random: np.random.Generator) -> str:
    return masked(function.bare) if random.random() < 0.2 else function.bare


def _spaced(name: str) -> str:
    return " ".join(parts(name))
