"""The figures of an encoder, column by column: search by docstring and names on the projects that a
corpus holds out, CoSQA's questions, and questions about whole repositories."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from embeddings import checkpoints
from embeddings.code import definitions, languages
from embeddings.encoder import CodeEncoder, FusedEncoder, TextOnlyEncoder
from embeddings.evaluation import metrics
from embeddings.evaluation.metrics import Figure
from embeddings.evaluation.questions import read, score
from embeddings.text.language_model import load_model
from embeddings.training.corpus import corpora
from embeddings.training.corpus.functions import Function
from embeddings.training.data.vectors import VectorCache
from embeddings.training.stages.loop import CURVES, SECONDS
from embeddings.training.stages.networks import label_of
from embeddings.types import Definition, Runtime

DISTRACTORS = 999
MOST_SEARCHED, MOST_NAMED = 4000, 8000
TIMED = 256
PYTHON = languages.by_name("python")


@dataclass(frozen=True, slots=True)
class Sources:
    """What is measured on: a corpus, the folder with CoSQA's files, the file of the questions about
    repositories, and the folder with these, by name, at the revision that it says. `named`: of how
    many functions names are predicted, beside search; 0 for none."""

    corpus: Path
    cosqa: Path | None = None
    questions: Path | None = None
    repositories: Path | None = None
    named: int = MOST_NAMED


@dataclass(frozen=True, slots=True)
class Record:
    """What was measured of one encoder. `trained` is in seconds, `rate` in definitions a second
    with nothing cached, `size` in bytes on disk beside the language model as it was published.
    `gains` say how much better it is than other encoders, by their names, in each column."""

    name: str
    seed: int
    kind: str
    device: str
    trained: float
    rate: float
    size: int
    figures: dict[str, Figure] = field(default_factory=dict)
    gains: dict[str, dict[str, Figure]] = field(default_factory=dict)

    def compared(self, others: Iterable[Record]) -> Record:
        """The same record with its gains over others, in the columns that both have."""
        gains = {
            other.name: {
                column: figure.less(other.figures[column])
                for column, figure in self.figures.items()
                if column in other.figures
            }
            for other in others
        }
        return replace(self, gains=gains)

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        values = asdict(self, dict_factory=_without_draws)
        path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n")

    @classmethod
    def load(cls, path: Path) -> Record:
        values = json.loads(path.read_text())
        figures = _figures_of(values.pop("figures"))
        gains = {name: _figures_of(one) for name, one in values.pop("gains", {}).items()}
        return cls(**values, figures=figures, gains=gains)


@dataclass(frozen=True, slots=True)
class Label:
    """How a record is told from others: a name, the same for runs that differ in their seed."""

    name: str
    seed: int
    device: str


def of_checkpoint(
    checkpoint: str | Path, sources: Sources, label: Label, runtime: Runtime | None = None
) -> Record:
    """A checkpoint's figures, its language model computed by `runtime`, if that is to be another
    one than its own. Language-model vectors are kept in the corpus's folder."""
    device = label.device
    loaded = checkpoints.load(checkpoint)
    model = checkpoints.text_model(loaded, device, runtime=runtime)
    cached = FusedEncoder(loaded, VectorCache(model, sources.corpus / "vectors"), device)
    settings = loaded.settings
    kind = f"{settings.fusion}, query {settings.query.kind}, labels {settings.labels}"
    held_out = _held_out(sources)
    return Record(
        **asdict(label),
        kind=_computed(kind, runtime),
        trained=_trained(loaded.folder),
        rate=_rate(FusedEncoder(loaded, model, device), held_out),
        size=sum(path.stat().st_size for path in loaded.folder.glob("*.*") if path.is_file()),
        figures=_figures(cached, sources, held_out)
        | (labels(cached, held_out, sources.named) if sources.named else {}),
    )


def of_model(llm: str, sources: Sources, label: Label, runtime: Runtime | None = None) -> Record:
    """A language model's figures, tuned or as it was published, with nothing trained on top, as
    `runtime` computes it."""
    model = load_model(llm, runtime=runtime, device=label.device)
    cached = TextOnlyEncoder(llm, VectorCache(model, sources.corpus / "vectors"))
    held_out = _held_out(sources)
    return Record(
        **asdict(label),
        kind=_computed("language model alone", runtime),
        trained=_trained(Path(llm)),
        rate=_rate(TextOnlyEncoder(llm, model), held_out),
        size=sum(path.stat().st_size for path in Path(llm).glob("tuned.*")),
        figures=_figures(cached, sources, held_out),
    )


def docstring_search(encoder: CodeEncoder, functions: Sequence[Function]) -> dict[str, Figure]:
    """Docstring → its function, whose code has lost the docstring."""
    described = [function for function in functions if function.query][:MOST_SEARCHED]
    queries = encoder.encode_queries([function.query for function in described])
    code = encoder.encode_definitions([function.bare for function in described])
    among = metrics.ranks_among(queries, code, DISTRACTORS, seed=0)
    whole = metrics.ranks(queries, code, range(len(described)))
    return {
        f"docstring → code, MRR among {DISTRACTORS}": metrics.mrr(among),
        f"docstring → code, MRR among all {len(described):,}": metrics.mrr(whole),
    }


def cosqa_search(encoder: CodeEncoder, folder: Path) -> dict[str, Figure]:
    """CoSQA's development questions over all of its functions."""
    candidates = _rows(folder / "cosqa_corpus.jsonl")
    questions = _rows(folder / "cosqa_dev.jsonl")
    places = {row["id"]: place for place, row in enumerate(candidates)}
    relevant = [places[row["relevant"][0]] for row in questions]
    code = encoder.encode_definitions([row["code"] for row in candidates])
    found = metrics.ranks(
        encoder.encode_queries([row["query"] for row in questions]), code, relevant
    )
    return {"CoSQA dev, MRR": metrics.mrr(found), "CoSQA dev, nDCG@10": metrics.ndcg(found)}


def repository_search(encoder: CodeEncoder, questions: Path, folder: Path) -> dict[str, Figure]:
    """Questions about repositories, over the definitions of each; a result covers a target in the
    same file if their lines meet."""
    gains: list[float] = []
    for about in read(questions).about:
        places, texts = zip(*_definitions(folder / about.repository, about.root), strict=True)
        vectors = encoder.encode_definitions(texts)
        asked = encoder.encode_queries([question.text for question in about.questions])
        for question, scores in zip(about.questions, asked @ vectors.T, strict=True):
            best = np.argsort(-scores, kind="stable")[: metrics.NDCG_DEPTH]
            gains.append(score(question, [places[row] for row in best]).ndcg)
    return {"repository questions, nDCG@10": metrics.interval(np.array(gains))}


def labels(
    encoder: CodeEncoder, functions: Sequence[Function], most: int = MOST_NAMED
) -> dict[str, Figure]:
    """The best name against the true one, dunder methods left out: of the code as it stands, and
    without its docstring."""
    named = [function for function in functions if label_of(function.name)][:most]
    texts: dict[str, Callable[[Function], str]] = {
        "names": lambda function: function.code,
        "names, no docstring": lambda function: function.bare,
    }
    figures = {}
    for column, text in texts.items():
        guesses = encoder.predict_names([text(function) for function in named], k=1)
        scores = metrics.name_scores(
            [guess[0][0] if guess else "" for guess in guesses],
            [label_of(function.name) for function in named],
        )
        for name in ("precision", "recall", "f1", "exact"):
            figures[f"{column}, {name}"] = getattr(scores, name)
    return figures


def _figures(
    encoder: CodeEncoder, sources: Sources, held_out: Sequence[Function]
) -> dict[str, Figure]:
    figures = docstring_search(encoder, held_out)
    if sources.cosqa:
        figures |= cosqa_search(encoder, sources.cosqa)
    if sources.questions and sources.repositories:
        figures |= repository_search(encoder, sources.questions, sources.repositories)
    return figures


def _computed(kind: str, runtime: Runtime | None) -> str:
    return f"{kind}, {runtime}" if runtime else kind


def _held_out(sources: Sources) -> list[Function]:
    return corpora.read(sources.corpus, split="test")


def _rate(encoder: CodeEncoder, functions: Sequence[Function]) -> float:
    texts = [function.code for function in functions[:TIMED]]
    encoder.encode(texts[:8])
    started = time.perf_counter()
    encoder.encode(texts)
    return len(texts) / (time.perf_counter() - started)


def _without_draws(values: list[tuple[str, Any]]) -> dict[str, Any]:
    """What is kept of a record: of a figure all but its resamples."""
    return {name: value for name, value in values if name != "drawn"}


def _figures_of(values: dict[str, dict[str, Any]]) -> dict[str, Figure]:
    return {name: Figure(**figure) for name, figure in values.items()}


def _trained(folder: Path) -> float:
    """The seconds that a run's curves tell of; 0 where nothing was trained."""
    curves = folder / CURVES
    if not curves.is_file():
        return 0.0
    with curves.open(newline="") as file:
        return sum(float(row["value"]) for row in csv.DictReader(file) if row["figure"] == SECONDS)


def _definitions(checkout: Path, root: str) -> Iterator[tuple[metrics.Place, str]]:
    for path in sorted((checkout / root).rglob("*.py")):
        source = definitions.decode(path.read_bytes(), PYTHON)
        for found in definitions.extract(source, PYTHON).definitions:
            yield _place(path.relative_to(checkout), found), found.text


def _place(path: Path, definition: Definition) -> metrics.Place:
    return str(path), definition.start_line, definition.end_line


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
