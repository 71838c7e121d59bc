"""The figures of a checkpoint: search by docstring and labels on the packages that a corpus holds
out, and CoSQA's questions, for the checkpoint and for its language model alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from embeddings import checkpoints, evaluation
from embeddings.encoder import CodeEncoder, FusedEncoder, TextOnlyEncoder
from embeddings.llm import load_model
from embeddings.training import corpora
from embeddings.training.corpora import Function
from embeddings.training.stages import label_of
from embeddings.training.vectors import VectorCache

DISTRACTORS = 999
MOST_SEARCHED, MOST_NAMED = 2000, 3000
Report = dict[str, dict[str, str]]


def measure(
    checkpoint: str | Path, corpus: Path, cosqa: Path | None, device: str = "cpu"
) -> Report:
    """Figure by figure, "value (interval)" of the encoder and of its language model alone, on the
    corpus's test split and on CoSQA. Language-model vectors are kept in the corpus's folder."""
    loaded = checkpoints.load(checkpoint)
    model = VectorCache(load_model(loaded.settings.text.name, device=device), corpus / "vectors")
    encoders: dict[str, CodeEncoder] = {
        "checkpoint": FusedEncoder(loaded, model, device),
        "language model alone": TextOnlyEncoder(loaded.settings.text.name, model),
    }
    held_out = [function for function in corpora.read(corpus) if function.split == "test"]
    report = {name: docstring_search(encoder, held_out) for name, encoder in encoders.items()}
    for name, encoder in encoders.items():
        report[name] |= cosqa_search(encoder, cosqa) if cosqa else {}
    report["checkpoint"] |= labels(encoders["checkpoint"], held_out)
    return report


def docstring_search(encoder: CodeEncoder, functions: Sequence[Function]) -> dict[str, str]:
    """Docstring → its function, whose code has lost the docstring."""
    described = [function for function in functions if function.query][:MOST_SEARCHED]
    queries = encoder.encode_queries([function.query for function in described])
    code = encoder.encode_definitions([function.bare for function in described])
    among = evaluation.ranks_among(queries, code, DISTRACTORS, seed=0)
    whole = evaluation.ranks(queries, code, range(len(described)))
    return {
        f"docstring → code, MRR among {DISTRACTORS}": str(evaluation.mrr(among)),
        f"docstring → code, MRR among all {len(described)}": str(evaluation.mrr(whole)),
    }


def cosqa_search(encoder: CodeEncoder, folder: Path) -> dict[str, str]:
    """CoSQA's development questions over all of its functions."""
    candidates = _rows(folder / "cosqa_corpus.jsonl")
    questions = _rows(folder / "cosqa_dev.jsonl")
    places = {row["id"]: place for place, row in enumerate(candidates)}
    relevant = [places[row["relevant"][0]] for row in questions]
    code = encoder.encode_definitions([row["code"] for row in candidates])
    found = evaluation.ranks(
        encoder.encode_queries([row["query"] for row in questions]), code, relevant
    )
    return {
        "CoSQA dev MRR": str(evaluation.mrr(found)),
        "CoSQA dev nDCG@10": str(evaluation.ndcg(found)),
    }


def labels(encoder: CodeEncoder, functions: Sequence[Function]) -> dict[str, str]:
    """The likeliest name against the true one, dunder methods left out, docstrings removed."""
    named = [function for function in functions if label_of(function.name)][:MOST_NAMED]
    guesses = encoder.predict_names([function.bare for function in named], k=1)
    scores = evaluation.name_scores(
        [guess[0][0] for guess in guesses], [label_of(function.name) for function in named]
    )
    return {
        "label subtoken precision": str(scores.precision),
        "label subtoken recall": str(scores.recall),
        "label subtoken F1": str(scores.f1),
        "label exact match": str(scores.exact),
    }


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
