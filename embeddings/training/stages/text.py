"""Tuning a language model: its layers learn to put code beside the question that it answers (eq. 2
of Ngo & Rivalan 2025). Questions may be left to the published model, which has read more of what
people ask than any corpus of code tells (Zhai et al. 2022 lock one side for the same reason). The
word embeddings always stay as they are: they are half of a small model's weights, and keep it open
to words that the training does not meet. At the end the tuned weights are mixed with the first
ones, in the proportion that finds most on the validation split: what lies between the two is better
than either on questions of other kinds (Wortsman et al. 2022)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from embeddings.training.corpus.functions import Function
from embeddings.training.data import comments
from embeddings.training.data.dataset import TRAINING_TOKENS, Data
from embeddings.training.data.training_pairs import Pair, keywords, pair, question, typed
from embeddings.training.stages import precision
from embeddings.training.stages.loop import MIXES, Run, Weights, ahead, copied
from embeddings.training.stages.networks import telling
from embeddings.training.stages.objectives import Contrast

BATCH = 128
# Of a batch's pairs so many are questions that were written for functions, where there are such.
WRITTEN = 64
# Of a batch's pairs so many are questions that people asked, where there are such.
ASKED = 6
# Earlier batches' questions that code is told from: they cost nothing, since they do not change.
REMEMBERED = 1024
# So many of the other functions come from one project: what is hard to tell apart.
NEIGHBOURS = 16
# After so many projects for each that would fill it, a batch is as full as it gets: the names in
# them are too few.
ENOUGH_PROJECTS = 2.5
STEPS_PER_EPOCH = 50
# Tokens in one pass through the network.
PASS, PASS_ON_A_GPU = 512, 16_384
MEASURED = 300
RATE, ADAPTERS_RATE = 5e-5, 2e-4
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tuning:
    """How long a language model is tuned, from which seed, and how much of the tuned weights is
    kept: if None, what does best on the validation split. Of a batch's pairs so many are `comments`
    with the lines below them; `asked` are questions of people, with code that answers each. If
    `locked`, questions are read by the published model. If there is a `rank`, adapters of that rank
    are trained and no whole weights. `rate` is the highest learning rate, if not that which suits
    models of 10 to 100 million weights. Of a text `max_tokens` are read."""

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
    """The language model's layers, on pairs that are drawn anew in each epoch. Of the questions
    that people asked, every fifth is kept for validation."""

    name = "text"

    def __init__(self, data: Data, tuning: Tuning) -> None:
        self._model = data.model.limited(tuning.max_tokens)
        self._batch = tuning.batch
        self.rate = tuning.rate or (ADAPTERS_RATE if tuning.rank else RATE)
        self._published = None
        if tuning.locked:
            self._published = load_model(data.model.settings.name, device=data.device).for_queries
        self._functions = data.functions
        rows = data.rows("train")
        described = np.array([bool(data.functions[row].query) for row in rows])
        self._projects = _by_project(data.functions, rows[described | telling(data, rows)])
        self._data = data
        self._written = _questioned(data, "train")
        self._held_out_written = [
            (data.asked(one)[0], one.code) for one in _questioned(data, "validation")
        ]
        # Large projects are drawn more often, but not in proportion.
        sizes = np.sqrt([len(project) for project in self._projects])
        self._shares = sizes / sizes.sum()
        self._held_out = [data.functions[r] for r in data.rows("validation", described=True)]
        self._count = tuning.comments
        self._comments = _commented(data, rows) if tuning.comments else []
        self._held_out_comments = _commented(data, data.rows("validation"))[:MEASURED]
        self._asked = [pair for number, pair in enumerate(tuning.asked) if number % 5]
        self._held_out_asked = list(tuning.asked[::5])
        self._contrast = Contrast()
        network = _ready(self._model.network, tuning.rank)
        self.trained = nn.ModuleList([network, self._contrast]).to(data.device)

    def steps(self) -> int:
        return STEPS_PER_EPOCH

    def losses(self, random: np.random.Generator) -> Iterator[dict[str, Tensor]]:
        remembered: deque[Tensor] = deque(maxlen=REMEMBERED // self._batch)
        for pairs in ahead(self._pairs(random) for _ in range(STEPS_PER_EPOCH)):
            questions, texts = zip(*pairs, strict=True)
            asked = self._asking(questions)
            others = torch.cat([*remembered, asked[:0]])
            yield {"search": self._contrast(self._vectors(self._model, texts), asked, others)}
            if self._published is not None:
                remembered.append(asked)

    def measure(self) -> dict[str, float]:
        """How well docstrings find code without them, keywords and written questions code as it
        stands, comments the lines below them, and questions of people their answers; no figure
        where there are none."""
        some = self._held_out[:MEASURED]
        held_out = {
            "bare": [(one.query, one.bare) for one in some],
            "keywords": [(keywords(one.query), one.code) for one in some],
            "written": self._held_out_written[:MEASURED],
            "comments": self._held_out_comments,
            "asked": self._held_out_asked,
        }
        return {
            f"validation mrr, {kind}": self._mrr(pairs) for kind, pairs in held_out.items() if pairs
        }

    def _mrr(self, pairs: Sequence[Pair]) -> float:
        questions, texts = zip(*pairs, strict=True)
        asked = (self._published or self._model.for_queries).encode(questions)
        found = self._model.encode(texts)
        return metrics.mrr(metrics.ranks(asked, found, range(len(pairs)))).value

    def _pairs(self, random: np.random.Generator) -> list[Pair]:
        """Questions with their code, no two of which ask the same or answer to the same name."""
        others = [*_some(self._comments, self._count, random), *_some(self._asked, ASKED, random)]
        others = [(typed(said, random), code) for said, code in others]
        others += [
            question(self._data.asked(one), one, random)
            for one in _some(self._written, WRITTEN, random)
        ]
        pairs = {code: (said, code) for said, code in others}
        asked = {said for said, _ in others}
        for _ in range(int(ENOUGH_PROJECTS * self._batch / NEIGHBOURS)):
            project = self._projects[random.choice(len(self._projects), p=self._shares)]
            for row in random.choice(project, min(NEIGHBOURS, len(project)), replace=False):
                function = self._functions[row]
                query, text = pair(function, random)
                if function.name not in pairs and query not in asked and len(pairs) < self._batch:
                    pairs[function.name] = query, text
                    asked.add(query)
            if len(pairs) == self._batch:
                break
        return list(pairs.values())

    def _asking(self, questions: Sequence[str]) -> Tensor:
        """(n,) questions → (n, dimensions), through which no loss flows if they are locked."""
        if self._published is None:
            return self._vectors(self._model.for_queries, questions)
        vectors = torch.from_numpy(self._published.encode(questions))
        return vectors.to(self._contrast.log_scale.device)

    def _vectors(self, model: LanguageModel, texts: Sequence[str]) -> Tensor:
        tokens = model.tokens(texts)
        on_cpu = torch.device(self._data.device).type == "cpu"
        budget = Budget(PASS if on_cpu else PASS_ON_A_GPU)
        passes = list(batches([len(ids) for ids in tokens], budget))
        with precision.mixed(self._data.device):
            found = torch.cat([model.forward([tokens[row] for row in one]) for one in passes])
        order = [row for one in passes for row in one]
        return found[torch.tensor(order).argsort()]


def tune(data: Data, tuning: Tuning, out: Path, *, resume: bool) -> None:
    """Writes a tuned language model, with its curves, into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    network = data.model.network
    first = {} if tuning.rank else copied(network)
    # A run that goes on begins with the adapters of the one that was stopped: they are mixed with.
    torch.manual_seed(tuning.seed)
    stage, run = TextStage(data, tuning), Run(out, tuning.seed, resume)
    run.train_and_mix(stage, tuning.epochs, MIXES if tuning.share is None else [tuning.share])
    learnt = adapters.merge(network) if tuning.rank else _moved(network, first)
    save_tuned(data.model, data.model.settings.name, learnt, out, asks_published=tuning.locked)
    run.finish()


def _moved(network: nn.Module, first: Weights) -> Weights:
    """The weights that are others than they were at first."""
    last = network.state_dict()
    return {name: last[name] for name in first if not torch.equal(first[name], last[name])}


def _ready(network: Any, rank: int) -> nn.Module:
    """Keeps the embeddings of words out of the training, and drops nothing out: the training is so
    short that no pair is seen twice. Plain attention is the faster one to go back through on a
    processor."""
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


def _commented(data: Data, rows: Ids) -> list[Pair]:
    """The comments in the functions, each with the lines below it, in a random order."""
    found = {said: code for row in rows for said, code in comments.pairs(data.functions[row].bare)}
    order = np.random.default_rng(0).permutation(len(found))
    listed = list(found.items())
    return [listed[place] for place in order]


def _questioned(data: Data, split: str) -> list[Function]:
    """The functions of a split for which questions were written."""
    functions = [data.functions[row] for row in data.rows(split, described=True)]
    return [function for function in functions if data.asked(function)]


def _some(values: Sequence[T], count: int, random: np.random.Generator) -> list[T]:
    chosen = random.choice(len(values), min(count, len(values)), replace=False)
    return [values[place] for place in chosen]


def _by_project(functions: list[Function], rows: Ids) -> list[Ids]:
    projects: dict[str, list[int]] = {}
    for row in rows.tolist():
        projects.setdefault(functions[row].package, []).append(row)
    return [np.array(found) for found in projects.values()]
