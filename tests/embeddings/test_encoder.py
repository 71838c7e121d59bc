"""The door: any text gets a unit vector and names, the same whatever stands beside it; what cannot
be loaded is refused with a message for the user."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from embeddings import CodeEncoder, load_encoder
from embeddings.code_encoder import NAMES, EncoderUnavailable, NotFinite
from embeddings.naming.network import LabelSource
from embeddings.networks.fusion import FusionKind
from embeddings.networks.query_encoders import QueryKind, QuerySettings
from tests.embeddings import tiny

STRANGE = [
    "",
    "class Empty:\n    pass\n",
    "def broken(:\n  ((((",
    "\ud800 lone surrogate",
    "(" * 10_000,
    "x = 1\n" * 20_000,
]
SNIPPETS = {
    "csv": "def load_rows(path):\n    import csv\n    with open(path, newline='') as file:\n"
    "        return list(csv.reader(file))\n",
    "sort": "def by_age(people):\n    return sorted(people, key=lambda person: person.age)\n",
    "http": "def fetch(url):\n    response = requests.get(url, timeout=10)\n"
    "    response.raise_for_status()\n    return response.json()\n",
    "factorial": "def f(n):\n    return 1 if n == 0 else n * f(n - 1)\n",
    "mail": "def notify(address, subject, body):\n    message = EmailMessage()\n"
    "    message['To'] = address\n    message.set_content(body)\n    smtp.send_message(message)\n",
}
QUESTIONS = {
    "read a csv file": "csv",
    "sort a list of objects by an attribute": "sort",
    "download json from a url": "http",
    "send an email": "mail",
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def small(model: Path, tmp_path_factory: pytest.TempPathFactory) -> CodeEncoder:
    return load_encoder(tiny.checkpoint(tmp_path_factory.mktemp("checkpoint"), model))


@pytest.fixture(scope="module")
def shipped() -> CodeEncoder:
    return load_encoder()


@pytest.mark.parametrize("text", STRANGE, ids=["empty", "class", "broken", "bytes", "deep", "long"])
def test_any_text_has_a_unit_vector_and_names(small: CodeEncoder, text: str) -> None:
    encoded = small.encode([text])
    np.testing.assert_allclose(np.linalg.norm(encoded.vectors, axis=1), 1, atol=1e-5)
    assert 1 <= len(encoded.names[0]) <= NAMES


def test_vectors_do_not_depend_on_their_company(small: CodeEncoder) -> None:
    together = small.encode_definitions([*tiny.SOURCES, *STRANGE])
    for row, source in enumerate(tiny.SOURCES):
        np.testing.assert_allclose(small.encode_definitions([source])[0], together[row], atol=1e-4)


@pytest.mark.parametrize("language", ["markdown", "sql"])
@pytest.mark.parametrize("kind", FusionKind)
def test_code_vectors_of_a_language_that_was_not_trained_are_left_out(
    kind: FusionKind, language: str, model: Path, tmp_path: Path
) -> None:
    encoder = load_encoder(tiny.checkpoint(tmp_path, model, fusion=kind, languages=("python",)))
    encoded = encoder.encode(tiny.SOURCES, language)
    np.testing.assert_allclose(np.linalg.norm(encoded.vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_definitions(tiny.SOURCES, language), encoded.vectors)
    assert encoded.names == encoder.predict_names(tiny.SOURCES, language=language) == [[]] * 3
    assert encoder.explain(tiny.SOURCES[0], language=language).contexts == ()
    with torch.no_grad():
        encoder._network.code2vec.layer.weight.fill_(0.5)
    np.testing.assert_array_equal(encoder.encode(tiny.SOURCES, language).vectors, encoded.vectors)


def test_no_text_gives_no_row(small: CodeEncoder) -> None:
    assert small.encode([]).vectors.shape == (0, small.dimensions)
    assert small.encode([]).names == []
    assert small.encode_queries([]).shape == (0, small.dimensions)


def test_a_definitions_name_does_not_change_what_is_predicted(small: CodeEncoder) -> None:
    named = "def factorial(n):\n    return n * factorial(n - 1)\n"
    (first,), (second,) = (
        small.predict_names([named], k=2),
        small.predict_names([named.replace("factorial", "any_other_name")], k=2),
    )
    assert [name for name, _ in first] == [name for name, _ in second]
    np.testing.assert_allclose([c for _, c in first], [c for _, c in second], atol=1e-5)


@pytest.mark.parametrize("kind", FusionKind)
@pytest.mark.parametrize("query", [QueryKind.LANGUAGE_MODEL, QueryKind.NBOW])
@pytest.mark.parametrize("labels", LabelSource)
def test_every_kind_of_checkpoint_encodes(
    kind: FusionKind, query: QueryKind, labels: LabelSource, model: Path, tmp_path: Path
) -> None:
    settings = {"fusion": kind, "query": QuerySettings(query, width=8), "labels": labels}
    encoder = load_encoder(tiny.checkpoint(tmp_path, model, **settings))
    encoded = encoder.encode(tiny.SOURCES)
    assert encoded.vectors.shape == (3, encoder.dimensions)
    assert encoder.encode_queries(["read a file"]).shape == (1, encoder.dimensions)
    (alone,) = encoder.predict_names(tiny.SOURCES[:1])
    assert dict(encoded.names[0]) == pytest.approx(dict(alone), abs=1e-4)


def test_a_vector_that_is_none_is_refused_with_its_row(model: Path, tmp_path: Path) -> None:
    encoder = load_encoder(tiny.checkpoint(tmp_path, model))
    with torch.no_grad():
        encoder._network.code2vec.layer.weight.fill_(float("nan"))
    with pytest.raises(NotFinite) as refused:
        encoder.encode_definitions(["", tiny.SOURCES[0]])
    assert refused.value.rows == [1]


def test_a_model_without_trained_heads_is_refused_with_the_command(
    model: Path, tmp_path: Path
) -> None:
    folder = tiny.checkpoint(tmp_path / "checkpoint", model)
    with pytest.raises(EncoderUnavailable, match=r"embeddings\.training train --llm other/model"):
        load_encoder(folder, llm="other/model")
    other = tiny.llama(tmp_path / "llama")
    with pytest.raises(EncoderUnavailable, match="no trained heads"):
        load_encoder(folder, llm=str(other))


def test_a_copy_of_the_model_that_was_trained_with_is_welcome(model: Path, tmp_path: Path) -> None:
    folder = tiny.checkpoint(tmp_path / "checkpoint", model)
    copy = tiny.bert(tmp_path / "copy")
    assert load_encoder(folder, llm=str(copy)).fingerprint == load_encoder(folder).fingerprint


def test_a_text_only_space_is_the_models_own(model: Path, small: CodeEncoder) -> None:
    encoder = load_encoder(llm=str(model), text_only=True)
    encoded = encoder.encode(tiny.SOURCES)
    np.testing.assert_allclose(np.linalg.norm(encoded.vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_queries(tiny.SOURCES), encoded.vectors, atol=1e-4)
    assert encoded.names == [[], [], []]
    assert encoder.fingerprint != small.fingerprint


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_shipped_encoder_finds_code_by_what_it_does(
    shipped: CodeEncoder, question: str
) -> None:
    scores = (
        shipped.encode_definitions(list(SNIPPETS.values())) @ shipped.encode_queries([question])[0]
    )
    assert list(SNIPPETS)[int(scores.argmax())] == QUESTIONS[question]


def test_the_shipped_encoder_predicts_fitting_names(shipped: CodeEncoder) -> None:
    (names,) = shipped.predict_names(
        ["def _(self, name, value):\n    self.__dict__[name] = value\n"]
    )
    assert any("set" in name for name, _ in names)


@pytest.mark.parametrize(
    "module", ["embeddings", "embeddings.paths", "embeddings.code.definitions"]
)
def test_paths_and_definitions_load_no_network_library(module: str) -> None:
    check = (
        f"import {module}, sys; assert not {{'torch', 'transformers', 'django'}} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", check], check=True)
