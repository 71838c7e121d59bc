"""Seeing why: attention and spans of path-contexts, and shares that add up to the similarity."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from embeddings import CodeEncoder, load_encoder
from embeddings.networks.explanations import Attribution
from embeddings.networks.fusion import FusionKind
from tests.embeddings import tiny

QUERY = "read a file"
SOURCES = {
    "python": tiny.SOURCES[0],
    "javascript": "readFile(path) {\n  return this.disk.open('ü', path).read();\n}\n",
    "java": "int größe(int[] all) {\n  return all.length + 1;\n}\n",
}

WORDS = {
    "python": {("path", "path"), ("open", "open")},
    "javascript": {("this", "this"), ("disk", "disk"), ("path", "path"), ("read", "read")},
    "java": {("all", "all"), ("length", "length"), ("METHOD_NAME", "größe")},
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.bert(tmp_path_factory.mktemp("bert"))


def moved(kind: FusionKind, model: Path, folder: Path) -> CodeEncoder:
    """An encoder whose fusion's weights are far from where they start."""
    encoder = load_encoder(tiny.checkpoint(folder, model, fusion=kind))
    torch.manual_seed(2)
    for weights in encoder._network.fusion.parameters():
        weights.copy_(torch.randn_like(weights) * 0.3)
    return encoder


@pytest.fixture(scope="module", params=FusionKind)
def encoder(
    request: pytest.FixtureRequest, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> CodeEncoder:
    return moved(request.param, model, tmp_path_factory.mktemp("moved"))


@pytest.fixture(scope="module")
def weighted_sum(model: Path, tmp_path_factory: pytest.TempPathFactory) -> CodeEncoder:
    folder = tiny.checkpoint(tmp_path_factory.mktemp("sum"), model, languages=tuple(SOURCES))
    return load_encoder(folder)


@pytest.mark.parametrize("source", [*tiny.SOURCES, "", "x = 1"])
def test_the_shares_add_up_to_the_similarity(encoder: CodeEncoder, source: str) -> None:
    similarity = (encoder.encode_definitions([source]) @ encoder.encode_queries([QUERY]).T).item()
    shares = encoder.explain(source, QUERY).shares
    assert shares is not None
    assert shares.text + shares.code == pytest.approx(similarity, abs=1e-5)
    assert shares.similarity == shares.text + shares.code


def test_the_shares_of_a_weighted_sum_are_its_summands(weighted_sum: CodeEncoder) -> None:
    fusion, source = weighted_sum._network.fusion, tiny.SOURCES[0]
    text, code = (
        weighted_sum._model.encode([source]),
        weighted_sum._code_vectors([source], "python"),
    )
    unit = torch.nn.functional.normalize
    halves = torch.cat(
        [
            fusion.weights[0] * unit(fusion.text(torch.from_numpy(text)), dim=-1),
            fusion.weights[1] * unit(fusion.code(unit(torch.from_numpy(code), dim=-1)), dim=-1),
        ]
    ).numpy()
    norm = np.linalg.norm(halves.sum(axis=0))
    expected = halves @ weighted_sum.encode_queries([QUERY])[0] / norm
    shares = weighted_sum.explain(source, QUERY).shares
    assert shares is not None
    assert shares.by is Attribution.EXACT
    np.testing.assert_allclose([shares.text, shares.code], expected, atol=1e-5)


def test_a_half_that_is_left_out_has_no_share(model: Path, tmp_path: Path) -> None:
    for kind in (FusionKind.TEXT, FusionKind.CODE):
        encoder = load_encoder(tiny.checkpoint(tmp_path / kind, model, fusion=kind))
        shares = encoder.explain(tiny.SOURCES[0], QUERY).shares
        assert shares is not None
        assert shares.by is Attribution.EXACT
        assert (shares.code if kind is FusionKind.TEXT else shares.text) == 0


def test_attention_is_divided_by_shapley_values(model: Path, tmp_path: Path) -> None:
    shares = moved(FusionKind.ATTENTION, model, tmp_path).explain(tiny.SOURCES[0], QUERY).shares
    assert shares is not None
    assert shares.by is Attribution.SHAPLEY
    assert shares.code != 0


@pytest.mark.parametrize("language", SOURCES)
def test_contexts_have_attention_and_spans(weighted_sum: CodeEncoder, language: str) -> None:
    source = SOURCES[language]
    explanation = weighted_sum.explain(source, language=language)
    attention = [shown.attention for shown in explanation.contexts]
    assert sum(attention) == pytest.approx(1, abs=1e-5)
    assert attention == sorted(attention, reverse=True)
    assert explanation.shares is None
    quoted = {
        (leaf.token, explanation.quoted(leaf))
        for shown in explanation.contexts
        for leaf in (shown.context.start, shown.context.end)
    }
    assert WORDS[language] <= quoted


def test_a_language_that_was_not_trained_is_explained_by_its_text(encoder: CodeEncoder) -> None:
    source = SOURCES["java"]
    explanation = encoder.explain(source, QUERY, "java")
    similarity = encoder.encode_definitions([source], "java") @ encoder.encode_queries([QUERY]).T
    assert explanation.contexts == ()
    assert explanation.shares is not None
    assert explanation.shares.code == 0
    assert explanation.shares.text == pytest.approx(similarity.item(), abs=1e-5)


def test_what_has_no_contexts_has_no_attention(weighted_sum: CodeEncoder) -> None:
    assert weighted_sum.explain("", QUERY).contexts == ()


def test_explaining_changes_no_vector(weighted_sum: CodeEncoder) -> None:
    before = weighted_sum.encode_definitions(tiny.SOURCES)
    weighted_sum.explain(tiny.SOURCES[0], QUERY)
    np.testing.assert_array_equal(weighted_sum.encode_definitions(tiny.SOURCES), before)


def test_a_text_only_encoder_has_its_similarity_from_the_text(model: Path) -> None:
    encoder = load_encoder(llm=str(model), text_only=True)
    explanation = encoder.explain(tiny.SOURCES[0], QUERY)
    similarity = encoder.encode_definitions(tiny.SOURCES[:1]) @ encoder.encode_queries([QUERY]).T
    assert explanation.contexts == ()
    assert explanation.shares is not None
    assert explanation.shares.code == 0
    assert explanation.shares.text == pytest.approx(similarity.item(), abs=1e-5)


def test_a_vector_comes_with_what_its_code_added(encoder: CodeEncoder) -> None:
    encoded, query = encoder.encode(tiny.SOURCES), encoder.encode_queries([QUERY])[0]
    if encoded.structure is None:
        assert encoder.explain(tiny.SOURCES[0], QUERY).shares.by is Attribution.SHAPLEY
        return
    shares = [encoder.explain(source, QUERY).shares for source in tiny.SOURCES]
    np.testing.assert_allclose(
        encoded.structure @ query, [share.code for share in shares], atol=1e-5
    )
