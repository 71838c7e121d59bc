"""Measures an encoder: search by docstring and name prediction on the held-out projects of a
corpus, CoSQA's questions, and questions about whole repositories."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
from more_itertools import bucket

from embeddings import checkpoints
from embeddings.code import definitions
from embeddings.code.languages import language_by_path
from embeddings.code.languages.python import PYTHON
from embeddings.code.parsing import UnreadableSource
from embeddings.code.words import parts
from embeddings.code_encoder import NAMES, CodeEncoder, Encoded, Names
from embeddings.encoder import FusedEncoder, TextOnlyEncoder
from embeddings.evaluation import metrics
from embeddings.evaluation.metrics import Figure
from embeddings.evaluation.questions import read, score
from embeddings.files.decoding import decode
from embeddings.networks.explanations import Explanation
from embeddings.paths.mining import files_under
from embeddings.text.language_model import load_model
from embeddings.training.corpus import corpora
from embeddings.training.corpus.functions import Function
from embeddings.training.data.labels import label_of
from embeddings.training.data.vectors import VectorCache
from embeddings.training.stages.loop import CURVES, SECONDS
from embeddings.types import Definition, Matrix, Runtime

DISTRACTORS, FEW = 999, 199
MOST_SEARCHED, MOST_NAMED = 4000, 8000
TIMED = 256


@dataclass(frozen=True, slots=True)
class EvaluationData:
    """What is measured on: a corpus; a folder with CoSQA's files; a file of questions about
    repositories, and a folder with their checkouts, by name, at the revisions that the file states.
    `named` is the largest number of functions whose names are predicted; 0 leaves this out."""

    corpus: Path
    cosqa: Path | None = None
    questions: Path | None = None
    repositories: Path | None = None
    named: int = MOST_NAMED


@dataclass(frozen=True, slots=True)
class Record:
    """What was measured of one encoder. `trained` is the training time in seconds, `rate` the
    definitions encoded per second with nothing cached, `draft_rate` the same of drafts, `size` the
    bytes on disk beside the published language model. `gains` holds the differences to other
    encoders, by their names and then by column."""

    name: str
    seed: int
    kind: str
    device: str
    trained: float
    rate: float
    size: int
    figures: dict[str, Figure] = field(default_factory=dict)
    gains: dict[str, dict[str, Figure]] = field(default_factory=dict)
    draft_rate: float = 0.0

    def with_gains_over(self, others: Iterable[Record]) -> Record:
        """The same record with its differences to others, in the columns that both have."""
        gains = {
            other.name: {
                column: figure.minus(other.figures[column])
                for column, figure in self.figures.items()
                if column in other.figures
            }
            for other in others
        }
        return replace(self, gains=gains)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        values = asdict(self, dict_factory=_without_resamples)
        path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n")

    @classmethod
    def load(cls, path: Path) -> Record:
        values = json.loads(path.read_text())
        figures = _figures_of(values.pop("figures"))
        gains = {name: _figures_of(columns) for name, columns in values.pop("gains", {}).items()}
        return cls(**values, figures=figures, gains=gains)


@dataclass(frozen=True, slots=True)
class RecordLabel:
    """What identifies a record. Runs that differ only in their seed have one name."""

    name: str
    seed: int
    device: str


class Drafts(CodeEncoder):
    """The drafts of an encoder and its queries, to be measured like any encoder's vectors."""

    def __init__(self, encoder: CodeEncoder) -> None:
        self._encoder = encoder
        self.name, self.dimensions = encoder.name, encoder.dimensions
        self.fingerprint = self.draft_fingerprint = encoder.draft_fingerprint

    def encode(self, texts: Sequence[str], language: str = "python") -> Encoded:
        return self._encoder.draft(texts, language)

    def encode_definitions(self, texts: Sequence[str], language: str = "python") -> Matrix:
        return self.encode(texts, language).vectors

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        return self._encoder.encode_queries(texts)

    def predict_names(
        self, texts: Sequence[str], k: int = NAMES, language: str = "python"
    ) -> Names:
        return [names[:k] for names in self.encode(texts, language).names]

    def expected_f1(
        self, texts: Sequence[str], names: Sequence[str], language: str = "python"
    ) -> list[float]:
        return self._encoder.expected_f1(texts, names, language)

    def explain(
        self, source: str, query: str | None = None, language: str = "python"
    ) -> Explanation:
        return self._encoder.explain(source, query, language)


def measure_checkpoint(
    checkpoint: str | Path,
    measured: EvaluationData,
    label: RecordLabel,
    runtime: Runtime | None = None,
) -> Record:
    """The record of a checkpoint and, if it has drafts, of these. `runtime` computes its language
    model, by default the checkpoint's own. Language-model vectors are kept in the corpus's
    folder."""
    device = label.device
    loaded = checkpoints.load(checkpoint)
    model = checkpoints.text_model(loaded, device, runtime=runtime)
    cached = FusedEncoder(loaded, VectorCache(model, measured.corpus / "vectors"), device, runtime)
    settings = loaded.settings
    kind = f"{settings.fusion}, query {settings.query.kind}, labels {settings.labels}"
    held_out = corpora.read(measured.corpus, split="test")
    encoder = FusedEncoder(loaded, model, device, runtime)
    figures, draft_rate = _all_figures(cached, measured, held_out), 0.0
    if encoder.draft_fingerprint:
        of_drafts = _all_figures(Drafts(cached), measured, held_out)
        figures |= {f"drafts, {column}": figure for column, figure in of_drafts.items()}
        draft_rate = _encoding_rate(Drafts(encoder), held_out)
    return Record(
        **asdict(label),
        kind=_with_runtime(kind, runtime),
        trained=_training_seconds(loaded.folder),
        rate=_encoding_rate(encoder, held_out),
        size=sum(path.stat().st_size for path in loaded.folder.glob("*.*") if path.is_file()),
        figures=figures,
        draft_rate=draft_rate,
    )


def measure_model(
    llm: str, measured: EvaluationData, label: RecordLabel, runtime: Runtime | None = None
) -> Record:
    """The record of a language model, published or tuned, with nothing trained on top of it."""
    model = load_model(llm, runtime=runtime, device=label.device)
    cached = TextOnlyEncoder(llm, VectorCache(model, measured.corpus / "vectors"))
    held_out = corpora.read(measured.corpus, split="test")
    return Record(
        **asdict(label),
        kind=_with_runtime("language model alone", runtime),
        trained=_training_seconds(Path(llm)),
        rate=_encoding_rate(TextOnlyEncoder(llm, model), held_out),
        size=sum(path.stat().st_size for path in Path(llm).glob("tuned.*")),
        figures=_search_figures(cached, measured, held_out),
    )


def docstring_search(encoder: CodeEncoder, functions: Sequence[Function]) -> dict[str, Figure]:
    """How well docstrings find their functions, whose code is encoded without them: in Python,
    and in each other language among fewer."""
    described = bucket((each for each in functions if each.query), key=attrgetter("language"))
    python = [*islice(described[PYTHON.name], MOST_SEARCHED)]
    queries, code = _queries_and_code(encoder, python, PYTHON.name)
    whole = metrics.ranks(queries, code, range(len(python)))
    figures = {
        f"docstring → code, MRR among {DISTRACTORS}": _mrr_among(queries, code, DISTRACTORS),
        f"docstring → code, MRR among all {len(python):,}": metrics.mrr(whole),
    }
    for language in sorted(described):
        chosen = [*islice(described[language], FEW + 1)]
        if language != PYTHON.name and len(chosen) > FEW:
            figures[f"documentation → code in {language}, MRR among {FEW}"] = _mrr_among(
                *_queries_and_code(encoder, chosen, language), FEW
            )
    return figures


def _queries_and_code(
    encoder: CodeEncoder, functions: Sequence[Function], language: str
) -> tuple[Matrix, Matrix]:
    """The vectors of n functions' documentation and of their code without it, all of one
    language."""
    queries = encoder.encode_queries([function.query for function in functions])
    code = encoder.encode_definitions([function.bare for function in functions], language)
    return queries, code


def _mrr_among(queries: Matrix, code: Matrix, distractors: int) -> Figure:
    return metrics.mrr(metrics.ranks_among(queries, code, distractors, seed=0))


def cosqa_search(encoder: CodeEncoder, folder: Path) -> dict[str, Figure]:
    """How well CoSQA's development questions find their functions among all of its functions."""
    candidates = _rows(folder / "cosqa_corpus.jsonl")
    questions = _rows(folder / "cosqa_dev.jsonl")
    places = {row["id"]: place for place, row in enumerate(candidates)}
    relevant = [places[row["relevant"][0]] for row in questions]
    code = encoder.encode_definitions([row["code"] for row in candidates])
    queries = encoder.encode_queries([row["query"] for row in questions])
    ranks = metrics.ranks(queries, code, relevant)
    return {"CoSQA dev, MRR": metrics.mrr(ranks), "CoSQA dev, nDCG@10": metrics.ndcg(ranks)}


def repository_search(encoder: CodeEncoder, questions: Path, folder: Path) -> dict[str, Figure]:
    """How well questions about a repository find their targets among its definitions."""
    scores: list[float] = []
    for repository in read(questions).repositories:
        checkout = folder / repository.name
        found = _definitions(checkout, repository.root)
        places = [place for place, _ in found]
        vectors = _encoded(encoder, [definition for _, definition in found])
        queries = encoder.encode_queries([question.text for question in repository.questions])
        for question, row in zip(repository.questions, queries @ vectors.T, strict=True):
            best = np.argsort(-row, kind="stable")[: metrics.NDCG_DEPTH]
            scores.append(score(question, [places[place] for place in best]).ndcg)
    return {"repository questions, nDCG@10": metrics.interval(np.array(scores))}


def name_prediction(
    encoder: CodeEncoder,
    functions: Sequence[Function],
    most: int = MOST_NAMED,
    what: str = "names",
    spelt: Callable[[str], str] = str,
) -> dict[str, Figure]:
    """How well the likeliest name matches the true one, both as `spelt`, for the code as it stands
    and without its docstring, in Python. Dunder methods are left out. `what` begins the names of
    the figures."""
    named = [each for each in functions if each.language == PYTHON.name and label_of(each.name)]
    named = named[:most]
    texts: dict[str, Callable[[Function], str]] = {
        what: lambda function: function.code,
        f"{what}, no docstring": lambda function: function.bare,
    }
    figures = {}
    for column, text in texts.items():
        predicted = encoder.predict_names([text(function) for function in named], k=1)
        scores = metrics.name_scores(
            [spelt(names[0][0]) if names else "" for names in predicted],
            [spelt(label_of(function.name)) for function in named],
        )
        for name in ("precision", "recall", "f1", "exact"):
            figures[f"{column}, {name}"] = getattr(scores, name)
    return figures


def _in_lower_case(name: str) -> str:
    """In one spelling, since names of classes are predicted in that of functions."""
    return "_".join(parts(name))


def _all_figures(
    encoder: CodeEncoder, measured: EvaluationData, held_out: Sequence[Function]
) -> dict[str, Figure]:
    figures = _search_figures(encoder, measured, held_out)
    if measured.named:
        figures |= name_prediction(encoder, held_out, measured.named)
        classes = corpora.read(measured.corpus, split="test", name=corpora.CLASSES)
        if classes:
            figures |= name_prediction(
                encoder, classes, measured.named, "names of classes", _in_lower_case
            )
    return figures


def _search_figures(
    encoder: CodeEncoder, measured: EvaluationData, held_out: Sequence[Function]
) -> dict[str, Figure]:
    figures = docstring_search(encoder, held_out)
    if measured.cosqa:
        figures |= cosqa_search(encoder, measured.cosqa)
    if measured.questions and measured.repositories:
        figures |= repository_search(encoder, measured.questions, measured.repositories)
    return figures


def _with_runtime(kind: str, runtime: Runtime | None) -> str:
    return f"{kind}, {runtime}" if runtime else kind


def _encoding_rate(encoder: CodeEncoder, functions: Sequence[Function]) -> float:
    """Definitions per second."""
    texts = [each.code for each in functions if each.language == PYTHON.name][:TIMED]
    encoder.encode(texts[:8])
    started = time.perf_counter()
    encoder.encode(texts)
    return len(texts) / (time.perf_counter() - started)


def _without_resamples(values: list[tuple[str, Any]]) -> dict[str, Any]:
    """The fields that a record's file keeps."""
    return {name: value for name, value in values if name != "resamples"}


def _figures_of(values: dict[str, dict[str, Any]]) -> dict[str, Figure]:
    return {name: Figure(**figure) for name, figure in values.items()}


def _training_seconds(folder: Path) -> float:
    """The seconds of all epochs in a run's curves; 0 if nothing was trained."""
    curves = folder / CURVES
    if not curves.is_file():
        return 0.0
    with curves.open(newline="") as file:
        return sum(float(row["value"]) for row in csv.DictReader(file) if row["figure"] == SECONDS)


def _encoded(encoder: CodeEncoder, found: Sequence[Definition]) -> Matrix:
    """The vectors of n definitions in any languages, (n, dimensions)."""
    vectors = np.empty((len(found), encoder.dimensions), np.float32)
    rows = bucket(range(len(found)), key=lambda row: found[row].language)
    for language in rows:
        chosen = [*rows[language]]
        vectors[chosen] = encoder.encode_definitions([found[row].text for row in chosen], language)
    return vectors


def _definitions(checkout: Path, root: str) -> list[tuple[metrics.Place, Definition]]:
    """The definitions in the code below a folder, with their places."""
    found = []
    for path in files_under([checkout / root]):
        language = language_by_path(path.name)
        if language is None:
            continue
        with suppress(UnreadableSource):
            source = decode(path.read_bytes(), language)
            for definition in definitions.extract(source, language).definitions:
                found.append((_place(path.relative_to(checkout), definition), definition))
    return found


def _place(path: Path, definition: Definition) -> metrics.Place:
    return str(path), definition.start_line, definition.end_line


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
