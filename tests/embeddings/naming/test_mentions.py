"""The words that a definition mentions, and where."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.naming.mentions import Place, mentioned
from embeddings.networks.vocabulary import Lexicon, Vocabulary
from embeddings.training.stages.names import without_documentation

SOURCE = '''
def read_settings(config_path, *, strict=False):
    """Load what a file says. See read_settings."""
    # keep the order
    data = self.loader.parse_file(config_path, "utf encoding")
    return Settings(data.parent)
'''


def test_words_are_told_by_where_they_stand() -> None:
    places = mentioned(SOURCE)
    assert places["strict"] == Place.PARAMETER
    assert places["path"] == Place.PARAMETER | Place.OTHER
    assert places["load"] == Place.DOCUMENTED | Place.OPENING
    assert places["order"] == Place.DOCUMENTED
    assert places["parse"] == Place.CALLED
    assert places["loader"] == Place.MEMBER
    assert places["encoding"] == Place.STRING
    assert places["parent"] & Place.RETURNED
    assert places["settings"] == Place.CALLED


def test_the_own_name_is_hidden_wherever_it_stands() -> None:
    text = 'def fetch(x):\n    """fetch it"""\n    return fetch("fetch", x)\n'
    assert "fetch" not in mentioned(text)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("java", "public String read(File theFile) { this.cache = theFile; return cache; }"),
        ("javascript", "function read(theFile) { this.cache = theFile; return cache; }"),
        ("typescript", "function read(theFile: File) { this.cache = theFile; return cache; }"),
        ("go", "func Read(theFile File) string { self.cache = theFile; return cache }"),
    ],
)
def test_places_are_those_of_every_language(language: str, text: str) -> None:
    places = mentioned(text, language)
    assert places["the"] & Place.PARAMETER
    assert places["cache"] == Place.MEMBER | Place.RETURNED
    assert "read" not in places


@pytest.mark.parametrize("text", ["", "def f(:\n", "x = 1\n", "\ud800", "(" * 5000])
def test_any_text_has_mentions(text: str) -> None:
    assert all(len(word) > 1 for word in mentioned(text))


def test_a_lexicon_gives_ids_to_what_it_knows() -> None:
    none = Vocabulary(())
    lexicon = Lexicon(none, none, none, Vocabulary(["load", "parse"]))
    batch = lexicon.mentions([{"parse": 4, "other": 1}, {}, {"load": 48}])
    assert batch.rows.values.tolist() == [[2, 4], [0, 1], [1, 48]]
    assert batch.rows.offsets.tolist() == [0, 2, 2, 3]
    assert batch.words == ["parse", "other", "load"]


def test_without_its_documentation_a_definition_mentions_the_rest() -> None:
    none = Vocabulary(())
    lexicon = Lexicon(none, none, none, Vocabulary(["load", "parse"]))
    documented = {
        "load": Place.DOCUMENTED | Place.OPENING,
        "parse": Place.CALLED | Place.DOCUMENTED,
    }
    rows = lexicon.mentions([documented, documented]).rows
    silent = without_documentation(rows, np.array([True, False]))
    assert silent.offsets.tolist() == [0, 1, 3]
    assert silent.values[0].tolist() == [2, Place.CALLED]
