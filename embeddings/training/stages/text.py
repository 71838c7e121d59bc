"""Tuning a language model: its layers learn to put code beside the question that it answers (eq. 2
of Ngo & Rivalan 2025). Questions may be encoded by the published model, which has read more of what
people ask than a corpus of code contains (Zhai et al. 2022 lock one side for the same reason). Word
embeddings are never trained: they are half of a small model's weights, and the model stays open to
words that do not occur in training. At the end, the tuned weights are mixed with the first ones in
the proportion that does best on the validation split: what lies between the two is better than
either on questions of other kinds (Wortsman et al. 2022)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from embeddings.evaluation import metrics
from embeddings.networks.vocabulary import Ids
from embeddings.text import adapters, packing
from embeddings.text.batching import Budget, batches
from embeddings.text.language_model import LanguageModel, load_model, save_tuned
from embeddings.text.tokenising import Tokens
from embeddings.training.corpus.functions import Function
from embeddings.training.data.comments import comment_pairs
from embeddings.training.data.dataset import TRAINING_TOKENS, TrainingData
from embeddings.training.data.labels import informative_names
from embeddings.training.data.training_pairs import (
    Pair,
    docstring_pair,
    keywords,
    phrased,
    written_pair,
)
from embeddings.training.stages import precision
from embeddings.training.stages.loop import MIXES, Run, Weights, prefetched, trainable_weights
from embeddings.training.stages.objectives import Contrast

BATCH = 128
# How many pairs of a batch have a question that was written for the function, if there are such.
WRITTEN = 64
# How many pairs of a batch have a question that people asked, if there are such.
ASKED = 6
# Questions of earlier batches that code is contrasted with. They cost nothing: their encoder is
# locked.
REMEMBERED = 1024
# How many of a batch's other functions come from one project: these are hard to tell apart.
NEIGHBOURS = 16
# How many times the projects that would fill a batch are tried. After that the batch stays smaller:
# their functions have too few distinct names.
PROJECT_TRIES = 2.5
STEPS_PER_EPOCH = 50
# Tokens in one pass through the network.
PASS, PASS_ON_A_GPU = 2_048, 16_384
MEASURED = 300
RATE, ADAPTERS_RATE = 5e-5, 2e-4
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TuningPlan:
    """How a language model is tuned. `share` is how much of the tuned weights is kept; None: what
    does best on the validation split. `comments` is how many pairs of a batch are a comment and the
    lines below it; `asked` are questions of people, each with code that answers it. `locked`: the
    published model encodes questions. `rank`: adapters of that rank are trained instead of whole
    weights; 0 for none. `rate` is the highest learning rate, by default one that suits models of 10
    to 100 million weights. `max_tokens` of each text are read."""

    epochs: int
    seed: int = 1
    share: float | None = None
    comments: int = 0
    asked: Sequence[Pair] = ()
    locked: bool = False
    batch: int = BATCH
    rank: int = 0
    rate: float | None = None
    max_tokens: int = TRAINING_TOKENS


class TextStage:
    """The language model's layers, on pairs that are drawn again in each epoch. Every fifth of the
    questions that people asked is kept for validation."""

    name = "text"

    def __init__(self, data: TrainingData, tuning: TuningPlan) -> None:
        self._model = data.model.limited(tuning.max_tokens)
        self._batch = tuning.batch
        self.rate = tuning.rate or (ADAPTERS_RATE if tuning.rank else RATE)
        self._published = None
        if tuning.locked:
            self._published = load_model(data.model.settings.name, device=data.device).for_queries
        self._functions = data.functions
        rows = data.rows("train")
        described = np.array([bool(data.functions[row].query) for row in rows])
        self._projects = _by_project(
            data.functions, rows[described | informative_names(data, rows)]
        )
        self._data = data
        self._written = _with_questions(data, "train")
        self._held_out_written = [
            (data.questions_for(function)[0], function.code)
            for function in _with_questions(data, "validation")
        ]
        # Large projects are drawn more often, but not in proportion.
        sizes = np.sqrt([len(project) for project in self._projects])
        self._shares = sizes / sizes.sum()
        self._held_out = [data.functions[r] for r in data.rows("validation", described=True)]
        self._count = tuning.comments
        self._comments = _comment_pairs(data, rows) if tuning.comments else []
        self._held_out_comments = _comment_pairs(data, data.rows("validation"))[:MEASURED]
        self._asked = [pair for number, pair in enumerate(tuning.asked) if number % 5]
        self._held_out_asked = list(tuning.asked[::5])
        self._contrast = Contrast()
        network = prepared(self._model.network, tuning.rank)
        self.trained = nn.ModuleList([network, self._contrast]).to(data.device)

    def steps(self) -> int:
        return STEPS_PER_EPOCH

    def losses(self, random: np.random.Generator) -> Iterator[dict[str, Tensor]]:
        remembered: deque[Tensor] = deque(maxlen=REMEMBERED // self._batch)
        for pairs in prefetched(self._pairs(random) for _ in range(STEPS_PER_EPOCH)):
            questions, texts = zip(*pairs, strict=True)
            queries = self._query_vectors(questions)
            others = torch.cat([*remembered, queries[:0]])
            yield {"search": self._contrast(self._vectors(self._model, texts), queries, others)}
            if self._published is not None:
                remembered.append(queries)

    def measure(self) -> dict[str, float]:
        """The MRR of each kind of pair of which there are some: docstrings and code without them,
        keywords or written questions and code as it stands, comments and the lines below them,
        questions of people and their answers."""
        functions = self._held_out[:MEASURED]
        held_out = {
            "bare": [(function.query, function.bare) for function in functions],
            "keywords": [(keywords(function.query), function.code) for function in functions],
            "written": self._held_out_written[:MEASURED],
            "comments": self._held_out_comments,
            "asked": self._held_out_asked,
        }
        return {
            f"validation mrr, {kind}": self._mrr(pairs) for kind, pairs in held_out.items() if pairs
        }

    def _mrr(self, pairs: Sequence[Pair]) -> float:
        questions, texts = zip(*pairs, strict=True)
        queries = (self._published or self._model.for_queries).encode(questions)
        code = self._model.encode(texts)
        return metrics.mrr(metrics.ranks(queries, code, range(len(pairs)))).value

    def _pairs(self, random: np.random.Generator) -> list[Pair]:
        """The pairs of a batch, no two of which have the same query or functions of one name."""
        others = [
            *_sample(self._comments, self._count, random),
            *_sample(self._asked, ASKED, random),
        ]
        others = [(phrased(query, random), code) for query, code in others]
        others += [
            written_pair(self._data.questions_for(function), function, random)
            for function in _sample(self._written, WRITTEN, random)
        ]
        pairs = {code: (query, code) for query, code in others}
        queries = {query for query, _ in others}
        for _ in range(int(PROJECT_TRIES * self._batch / NEIGHBOURS)):
            project = self._projects[random.choice(len(self._projects), p=self._shares)]
            for row in random.choice(project, min(NEIGHBOURS, len(project)), replace=False):
                function = self._functions[row]
                query, text = docstring_pair(function, random)
                is_new = function.name not in pairs and query not in queries
                if is_new and len(pairs) < self._batch:
                    pairs[function.name] = query, text
                    queries.add(query)
            if len(pairs) == self._batch:
                break
        return list(pairs.values())

    def _query_vectors(self, questions: Sequence[str]) -> Tensor:
        """(n,) questions → (n, dimensions), with no gradient if they are locked."""
        if self._published is None:
            return self._vectors(self._model.for_queries, questions)
        vectors = torch.from_numpy(self._published.encode(questions))
        return vectors.to(self._contrast.log_scale.device)

    def _vectors(self, model: LanguageModel, texts: Sequence[str]) -> Tensor:
        return vectors_of(model, model.tokens(texts), self._data.device)


def vectors_of(model: LanguageModel, tokens: Sequence[Tokens], device: str) -> Tensor:
    """n texts as tokens → (n, dimensions), differentiable with respect to the model's weights."""
    on_cpu = torch.device(device).type == "cpu"
    passes = list(batches([len(ids) for ids in tokens], Budget(PASS if on_cpu else PASS_ON_A_GPU)))
    with precision.mixed(device):
        vectors = torch.cat([model.forward([tokens[row] for row in rows]) for rows in passes])
    order = [row for rows in passes for row in rows]
    return vectors[torch.tensor(order).argsort()]


def tune(data: TrainingData, tuning: TuningPlan, out: Path, *, resume: bool) -> None:
    """Writes a tuned language model, with its curves, into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    network = data.model.network
    first = {} if tuning.rank else trainable_weights(network)
    # A resumed run must begin with the same adapters as the interrupted one: they are mixed with.
    torch.manual_seed(tuning.seed)
    stage, run = TextStage(data, tuning), Run(out, tuning.seed, resume)
    run.train_and_mix(stage, tuning.epochs, MIXES if tuning.share is None else [tuning.share])
    learnt = adapters.merge(network) if tuning.rank else changed_weights(network, first)
    save_tuned(data.model, data.model.settings.name, learnt, out, asks_published=tuning.locked)
    run.finish()


def changed_weights(network: nn.Module, first: Weights) -> Weights:
    """The weights that differ from the first ones."""
    last = network.state_dict()
    return {name: last[name] for name in first if not torch.equal(first[name], last[name])}


def prepared(network: Any, rank: int = 0) -> nn.Module:
    """Freezes the word embeddings and disables dropout: the training is so short that no pair is
    seen twice. On a CPU, the gradient of plain attention is the fastest."""
    if packing.is_prepared(network):
        packing.undo(network)
    if network.device.type == "cpu":
        network.set_attn_implementation("eager")
    network.get_input_embeddings().requires_grad_(False)
    for module in network.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
    if rank:
        adapters.add(network, rank)
    trained: nn.Module = network
    return trained


def _comment_pairs(data: TrainingData, rows: Ids) -> list[Pair]:
    """The distinct comments in the functions, each with the lines below it, in a random order."""
    functions = (data.functions[row] for row in rows)
    pairs = list(
        dict(chain.from_iterable(comment_pairs(function.bare) for function in functions)).items()
    )
    order = np.random.default_rng(0).permutation(len(pairs))
    return [pairs[place] for place in order]


def _with_questions(data: TrainingData, split: str) -> list[Function]:
    """The functions of a split for which questions were written."""
    functions = [data.functions[row] for row in data.rows(split, described=True)]
    return [function for function in functions if data.questions_for(function)]


def _sample(values: Sequence[T], count: int, random: np.random.Generator) -> list[T]:
    chosen = random.choice(len(values), min(count, len(values)), replace=False)
    return [values[place] for place in chosen]


def _by_project(functions: list[Function], rows: Ids) -> list[Ids]:
    projects: dict[str, list[int]] = {}
    for row in rows.tolist():
        projects.setdefault(functions[row].package, []).append(row)
    return [np.array(own) for own in projects.values()]
