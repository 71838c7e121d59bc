"""Drafts: any text gets a unit vector at once, near what asks for it, in whatever language.
An encoder without drafts says so."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from embeddings import CodeEncoder, load_encoder
from embeddings.code.languages import FILE_TYPES
from embeddings.code_encoder import EncoderUnavailable, NotFinite
from embeddings.text.language_model import LanguageModel
from tests.embeddings import tiny

ODD = [
    "",
    " \n\t\n",
    "(((",
    "\ud800 lone surrogate",
    "größe = π * 半径",
    '"""' * 50_000,
    "/*" * 100_000,
    "a." * 100_000,
    "def f(" * 50_000,
    "x = 1\n" * 170_000,
]
NAMES = ["empty", "blank", "open", "surrogate", "unicode", "quotes", "comments", "dots", "heads"]
DESCRIBED = {
    "Read the rows of a CSV file.": "def load_rows(path):\n    with open(path) as file:\n"
    "        return list(csv.reader(file))\n",
    "Sort people by their age.": "def by_age(people):\n"
    "    return sorted(people, key=lambda person: person.age)\n",
    "Download JSON from a URL.": "def fetch(url):\n    response = requests.get(url, timeout=10)\n"
    "    response.raise_for_status()\n    return response.json()\n",
    "Send an email message.": "def notify(address, body):\n    message = EmailMessage()\n"
    "    message['To'] = address\n    message.set_content(body)\n    smtp.send_message(message)\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny.with_draft(tiny.checkpoint(tmp_path / "checkpoint", tiny.bert(tmp_path / "bert")))


@pytest.fixture(scope="module")
def shipped() -> CodeEncoder:
    return load_encoder()


@pytest.mark.parametrize("language", ["python", "go", "markdown", "sql"])
@pytest.mark.parametrize("text", ODD, ids=[*NAMES, "megabyte"])
def test_any_text_has_a_unit_draft_soon(folder: Path, text: str, language: str) -> None:
    encoder, started = load_encoder(folder), time.monotonic()
    drafted = encoder.draft([text], language)
    assert time.monotonic() - started < 5
    np.testing.assert_allclose(np.linalg.norm(drafted.vectors, axis=1), 1, atol=1e-5)
    assert drafted.structure is None
    assert len(drafted.names) == 1


def test_a_draft_needs_no_language_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = load_encoder(folder)

    def read(*_: object) -> None:
        raise AssertionError("the language model was asked")

    monkeypatch.setattr(LanguageModel, "_vectors", read)
    drafted = encoder.draft(tiny.SOURCES)
    assert drafted.vectors.shape == (3, encoder.dimensions)
    assert all(drafted.names)


def test_drafts_do_not_depend_on_their_company(folder: Path) -> None:
    encoder = load_encoder(folder)
    together = encoder.draft([*ODD, *tiny.SOURCES]).vectors[-3:]
    for row, source in enumerate(tiny.SOURCES):
        np.testing.assert_allclose(encoder.draft([source]).vectors[0], together[row], atol=1e-4)
    assert encoder.draft([]).vectors.shape == (0, encoder.dimensions)


def test_in_a_language_that_code2vec_does_not_know_the_text_alone_is_drafted(folder: Path) -> None:
    encoder = load_encoder(folder)
    before = encoder.draft(tiny.SOURCES, "ruby")
    assert before.names == [[], [], []]
    with torch.no_grad():
        encoder._network.code2vec.layer.weight.fill_(0.5)
    np.testing.assert_array_equal(encoder.draft(tiny.SOURCES, "ruby").vectors, before.vectors)
    for file_type in FILE_TYPES:
        assert np.isfinite(encoder.draft(tiny.SOURCES, file_type.name).vectors).all()


def test_a_draft_that_is_no_number_is_refused_with_its_row(folder: Path) -> None:
    encoder = load_encoder(folder)
    with torch.no_grad():
        encoder._network.code2vec.layer.weight.fill_(float("nan"))
    with pytest.raises(NotFinite) as refused:
        encoder.draft(["", tiny.SOURCES[0]])
    assert refused.value.rows == [1]


def test_new_drafts_change_their_own_fingerprint_alone(folder: Path, tmp_path: Path) -> None:
    first = load_encoder(folder)
    other = tiny.with_draft(Path(shutil.copytree(folder, tmp_path / "other")), seed=2)
    second = load_encoder(other)
    assert first.draft_fingerprint
    assert second.draft_fingerprint not in ("", first.draft_fingerprint)
    assert second.fingerprint == first.fingerprint
    np.testing.assert_array_equal(*(e.encode_definitions(tiny.SOURCES) for e in (first, second)))


def test_an_encoder_without_drafts_says_so(tmp_path: Path) -> None:
    model = tiny.bert(tmp_path / "bert")
    trained = load_encoder(tiny.checkpoint(tmp_path / "checkpoint", model))
    with pytest.raises(EncoderUnavailable, match=r"embeddings\.training draft"):
        trained.draft(tiny.SOURCES)
    alone = load_encoder(llm=str(model), text_only=True)
    with pytest.raises(EncoderUnavailable, match="has no drafts"):
        alone.draft(tiny.SOURCES)
    assert trained.draft_fingerprint == alone.draft_fingerprint == ""


def test_the_shipped_drafts_lie_nearest_to_their_own_descriptions(shipped: CodeEncoder) -> None:
    drafted = shipped.draft(list(DESCRIBED.values())).vectors
    similarities = shipped.encode_queries(list(DESCRIBED)) @ drafted.T
    assert similarities.argmax(axis=1).tolist() == [0, 1, 2, 3]
    assert similarities.argmax(axis=0).tolist() == [0, 1, 2, 3]


def test_the_shipped_drafts_lie_near_the_vectors_that_replace_them(shipped: CodeEncoder) -> None:
    codes = list(DESCRIBED.values())
    similarities = shipped.draft(codes).vectors @ shipped.encode_definitions(codes).T
    assert similarities.argmax(axis=1).tolist() == [0, 1, 2, 3]
    assert similarities.diagonal().min() > 0.5
