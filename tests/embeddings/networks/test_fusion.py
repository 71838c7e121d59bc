"""Every fusion gives unit rows for definitions and queries, starts near the language model alone,
and learns in both of its halves."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from embeddings.networks.fusion import FUSIONS, STORED_WIDTH, FusionKind
from embeddings.training.stages.objectives import Contrast
from embeddings.types import Matrix

TEXT, CODE = 16, 12
PAPERS = [FusionKind.CONCATENATION, FusionKind.WEIGHTED_SUM, FusionKind.ATTENTION]


def unit_rows(count: int, width: int, seed: int) -> Matrix:
    rows = np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def scaled_code(count: int) -> Matrix:
    return unit_rows(count, CODE, 2) * 7


@pytest.mark.parametrize("kind", FusionKind)
def test_rows_have_unit_length_on_both_sides(kind: FusionKind) -> None:
    fusion = FUSIONS[kind](TEXT, CODE)
    fused = fusion.fuse(unit_rows(5, TEXT, 1), scaled_code(5))
    queries = fusion.query(unit_rows(3, TEXT, 3))
    assert fused.shape == (5, fusion.dimensions)
    assert queries.shape == (3, fusion.dimensions)
    assert fused.dtype == queries.dtype == np.float32
    for rows in (fused, queries):
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("kind", FusionKind)
def test_a_definition_without_a_code_vector_has_unit_length_too(kind: FusionKind) -> None:
    fusion = FUSIONS[kind](TEXT, CODE)
    fused = fusion.fuse(unit_rows(2, TEXT, 1), np.zeros((2, CODE), np.float32))
    np.testing.assert_allclose(np.linalg.norm(fused, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("kind", PAPERS)
def test_before_training_the_text_half_decides(kind: FusionKind) -> None:
    torch.manual_seed(0)
    fusion = FUSIONS[kind](TEXT, CODE)
    text = unit_rows(8, TEXT, 1)
    similarities = fusion.query(text) @ fusion.fuse(text, scaled_code(8)).T
    assert (similarities.argmax(axis=1) == np.arange(8)).all()


@pytest.mark.parametrize("kind", PAPERS)
def test_training_moves_both_halves_and_the_query_side(kind: FusionKind) -> None:
    torch.manual_seed(0)
    fusion = FUSIONS[kind](TEXT, CODE)
    text = torch.from_numpy(unit_rows(8, TEXT, 1))
    code = torch.from_numpy(scaled_code(8)).requires_grad_()
    queries = torch.from_numpy(unit_rows(8, TEXT, 3))
    Contrast()(fusion.definitions(text, code), fusion.queries(queries)).backward()
    assert code.grad is not None
    assert code.grad.abs().sum() > 0
    for name, parameter in fusion.named_parameters():
        assert parameter.grad is not None, name


def test_the_weighted_sum_is_the_sum_of_its_weighted_halves() -> None:
    fusion = FUSIONS[FusionKind.WEIGHTED_SUM](TEXT, CODE)
    text, code = unit_rows(2, TEXT, 1), scaled_code(2)
    halves = [
        normalize(fusion.text(torch.from_numpy(text)), dim=-1),
        normalize(fusion.code(normalize(torch.from_numpy(code), dim=-1)), dim=-1),
    ]
    expected = normalize(fusion.weights[0] * halves[0] + fusion.weights[1] * halves[1], dim=-1)
    np.testing.assert_allclose(fusion.fuse(text, code), expected.detach().numpy(), atol=1e-6)


def test_the_contrastive_objective_is_least_where_pairs_match() -> None:
    rows = torch.from_numpy(unit_rows(6, TEXT, 1))
    contrast = Contrast()
    assert contrast(rows, rows) < contrast(rows, rows.roll(1, 0))


@pytest.mark.parametrize("kind", PAPERS)
def test_a_wide_model_is_projected_and_starts_near_itself(kind: FusionKind) -> None:
    torch.manual_seed(0)
    fusion = FUSIONS[kind](4096, CODE)
    assert fusion.dimensions <= STORED_WIDTH
    queries = unit_rows(20, 4096, 1)
    near = queries + 0.5 * unit_rows(20, 4096, 2)
    fused = fusion.fuse(near.astype(np.float32), scaled_code(20))
    assert ((fusion.query(queries) @ fused.T).argmax(axis=1) == np.arange(20)).all()
