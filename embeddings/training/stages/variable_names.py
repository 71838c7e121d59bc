"""Names of variables, beginning with a checkpoint's code2vec, on a corpus's functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from more_itertools import sliced
from torch import Tensor

from embeddings import variable_namer
from embeddings.checkpoints import Checkpoint
from embeddings.evaluation import metrics
from embeddings.naming.disagreement import Thresholds
from embeddings.naming.network import Names
from embeddings.naming.variable_network import VariableNetwork
from embeddings.networks.vocabulary import Ids, Mentions, Ragged, Vocabulary
from embeddings.training.corpus import corpora
from embeddings.training.corpus.functions import Function
from embeddings.training.data.features import IndexedContexts
from embeddings.training.data.labels import calibrated, label_of
from embeddings.training.data.mentions import CorpusMentions
from embeddings.training.data.variables import CorpusVariables
from embeddings.training.stages.loop import Run, batch_count, shuffled_batches
from embeddings.training.stages.names import label_loss, sample_rows
from embeddings.variable_namer import VariableNamer

BATCH = 512
MEASURED = 4_000
TRAINING_CONTEXTS, ALL_CONTEXTS = 60, 200
"""Of a variable; an epoch sees others each time."""

LEAST_NAMES, LEAST_WORDS = 2, 5
"""How often a name or a word must occur to be known."""

MOST_NAMESAKES = 200
"""A project's variables of the same name, beyond so many of them, teach nothing new."""


@dataclass(frozen=True, slots=True)
class VariablePlan:
    """How names of variables are trained. `functions` is how many are read at most; None: all."""

    epochs: int = 3
    functions: int | None = None
    rate: float = 2e-3
    names: int = 20_000
    words: int = 20_000
    seed: int = 1


class VariableStage:
    """code2vec and the labels of variables."""

    name = "variables"

    def __init__(
        self,
        functions: list[Function],
        variables: CorpusVariables,
        network: VariableNetwork,
        plan: VariablePlan,
        device: str,
    ) -> None:
        self.rate, self.trained, self._device = plan.rate, network.to(device), device
        self._variables = variables
        self._contexts = IndexedContexts(variables.contexts, network.lexicon)
        self._labels = [label_of(name) for name in variables.names]
        self._mentions = variables.mentions.labelled(network.lexicon, self._labels)
        self._parts = Ragged.from_rows([network.labels.parts_of(name) for name in self._labels])
        self._rows = worth_learning(functions, variables, "train")
        self._held_out = sample_rows(worth_learning(functions, variables, "validation"), MEASURED)

    def steps(self) -> int:
        return batch_count(self._rows, BATCH)

    def losses(self, random: np.random.Generator) -> Iterator[dict[str, Tensor]]:
        for rows in shuffled_batches(self._rows, BATCH, random):
            vectors = self._vectors(rows, TRAINING_CONTEXTS, random)
            mentions, parts = self._mentions.take(rows), self._parts.take(rows)
            yield {"labels": label_loss(self.trained.labels, vectors, mentions, parts)}

    def measure(self) -> dict[str, float]:
        best = [names[0][0] if names else "" for names in self._predicted()]
        scores = metrics.name_scores(best, self._true())
        return {"validation f1": scores.f1.value, "validation top 1": scores.exact.value}

    def thresholds(self) -> Thresholds:
        """Those of the network as it is now."""
        return calibrated(self._predicted(), self._true())

    def _true(self) -> list[str]:
        return [self._labels[row] for row in self._held_out]

    @torch.inference_mode()
    def _predicted(self) -> list[Names]:
        """The likeliest name of each variable that is measured."""
        random, predicted = np.random.default_rng(0), list[Names]()
        for part in sliced(self._held_out, BATCH):
            vectors = self._vectors(part, ALL_CONTEXTS, random)
            predicted += self.trained.labels.predict(vectors, self._mentions_of(part), 1)
        return predicted

    def _vectors(self, rows: Ids, most: int, random: np.random.Generator) -> Tensor:
        contexts = self._contexts.batch(rows, most, random).to(self._device)
        roles = torch.from_numpy(self._variables.roles[rows]).to(self._device)
        return self.trained.vectors(contexts, roles)

    def _mentions_of(self, rows: Ids) -> Mentions:
        return self._variables.mentions.mentions(self.trained.lexicon, rows)


def train_variables(
    corpus: Path, teacher: Checkpoint, plan: VariablePlan, out: Path, device: str, *, resume: bool
) -> None:
    """Writes a network of variables' names, with its curves, into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    known = teacher.settings.languages
    every = [function for function in corpora.read(corpus) if function.language in known]
    functions = [every[row] for row in sample_rows(np.arange(len(every)), plan.functions)]
    variables = CorpusVariables.read(functions, corpus)
    torch.manual_seed(plan.seed)
    labels, words = _vocabularies(functions, variables, plan)
    network = variable_namer.untrained(teacher, labels, words)
    run = Run(out, plan.seed, resume)
    stage = VariableStage(functions, variables, network, plan, device)
    run.train(stage, plan.epochs)
    variable_namer.save(out, VariableNamer(network, stage.thresholds()))
    run.finish()


def worth_learning(functions: list[Function], variables: CorpusVariables, split: str) -> Ids:
    """The variables of a split's functions that have a label, which their project has not repeated
    `MOST_NAMESAKES` times before."""
    seen: Counter[tuple[str, str]] = Counter()
    rows = []
    owners = (functions[owner] for owner in variables.owners.tolist())
    for row, (function, name) in enumerate(zip(owners, variables.names, strict=True)):
        if function.split != split or not label_of(name):
            continue
        seen[function.package, name] += 1
        if seen[function.package, name] <= MOST_NAMESAKES:
            rows.append(row)
    return np.array(rows, np.int64)


def _vocabularies(
    functions: list[Function], variables: CorpusVariables, plan: VariablePlan
) -> tuple[Vocabulary, Vocabulary]:
    """The names of variables, and the words around them."""
    rows = worth_learning(functions, variables, "train")
    names = Counter(label_of(variables.names[row]) for row in rows)
    around = CorpusMentions(variables.mentions.rows.take(rows), variables.mentions.words)
    return (
        Vocabulary.from_counts(names, plan.names, LEAST_NAMES),
        around.vocabulary(plan.words, LEAST_WORDS),
    )
