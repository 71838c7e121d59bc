"""The draft: a network without a language model learns where the encoder of a checkpoint puts
definitions. Its queries are the checkpoint's, and stay as they are. It learns to be found by them
(eq. 2 of Ngo & Rivalan 2025) and, on the definitions that the language model has read, to lie where
the fused vectors lie and to be as near to the queries as they are (Hinton et al. 2015)."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from more_itertools import sliced
from torch import Tensor, nn
from torch.nn.functional import kl_div, log_softmax, softmax

from embeddings import drafts
from embeddings.checkpoints import Checkpoint
from embeddings.code.placed_words import PLACES, placed_words
from embeddings.code.words import parts
from embeddings.evaluation import metrics
from embeddings.networks.draft import (
    DraftLexicon,
    DraftNetwork,
    DraftSettings,
    collate,
    undocumented,
)
from embeddings.networks.vocabulary import Ids, Ragged, Vocabulary
from embeddings.training.data.dataset import ANSWERS, TextView, TrainingData
from embeddings.training.data.features import IndexedContexts, path_contexts
from embeddings.training.stages.code import code_vectors
from embeddings.training.stages.loop import Run, batch_count, shuffled_batches
from embeddings.training.stages.objectives import Contrast
from embeddings.types import Matrix

# Definitions of a batch that are only found by queries, and those that the teacher has read too.
FOUND, TAUGHT = 768, 256
# Where no corpus has written questions, docstrings and their keywords ask.
QUERIES = (TextView.QUERY, TextView.KEYWORDS)
MEASURED = 1000
# The scale of similarities in the distributions over queries that are compared, and the weights of
# the two losses of teaching beside the contrast's.
TEACHING_SCALE = 30.0
AGREEMENT, LIKENESS = 2.0, 1.0
# The share of definitions that are read without their code vector, as other languages are.
WITHOUT_CODE = 0.15
# Functions whose words make the vocabulary.
COUNTED = 60_000
# Before training a word weighs a / (a + its frequency) (Arora, Liang, Ma 2017), and the numbers of
# the table have this deviation.
RARITY, FIRST_DEVIATION = 1e-3, 0.25


@dataclass(frozen=True, slots=True)
class DraftPlan:
    """How a draft is trained: on at most `pairs` described functions (None: all), of which the
    teacher reads the first `taught`. The vocabulary has the `words` most frequent subtokens that
    occur at least `least` times."""

    epochs: int = 6
    pairs: int | None = None
    taught: int = 10_000
    seed: int = 1
    words: int = 20_000
    least: int = 5
    settings: DraftSettings = field(default_factory=DraftSettings)


class DraftStage:
    """The draft network, on words and code vectors that are computed once."""

    name = "draft"
    rate = 2e-3

    def __init__(self, data: TrainingData, teacher: Checkpoint, plan: DraftPlan) -> None:
        self._data = data
        rows = data.rows("train", described=True)[: plan.pairs]
        held_out = data.rows("validation", described=True)[:MEASURED]
        self._pairs, self._taught = len(rows), min(plan.taught, len(rows))
        everything = np.concatenate([rows, held_out])
        data.prepare(set(QUERIES), everything)
        data.prepare({*ANSWERS.values()}, rows[: self._taught])
        queries = {view: data.vectors(view, everything) for view in QUERIES}
        fusion = teacher.network.fusion
        self._queries = {view: self._tensor(fusion.query(q)) for view, q in queries.items()}
        self._same = {
            view: np.unique([data.text(view, row) for row in rows], return_inverse=True)[1]
            for view in QUERIES
        }
        functions = [data.functions[row] for row in everything]
        contexts = path_contexts(functions, teacher.settings.paths, data.folder / "contexts")
        indexed = IndexedContexts(contexts, teacher.lexicon)
        self._code = self._tensor(
            _code_vectors(teacher, indexed, np.arange(len(functions)), plan.settings, data)
        )
        self._taught_vectors = self._teacher_vectors(teacher, indexed, rows[: self._taught])
        self.words = _vocabulary([function.code for function in functions[: self._pairs]], plan)
        self._lexicon = DraftLexicon(self.words, plan.settings.buckets)
        self._bags = _bags(self._lexicon, [function.code for function in functions])
        self._bare = _bags(self._lexicon, [f.bare for f in functions[self._pairs :]])
        code, dimensions = teacher.settings.code.code, fusion.dimensions
        self.network = DraftNetwork(len(self._lexicon), code, dimensions, plan.settings)
        self._initialise()
        self._contrast = Contrast()
        self.trained = nn.ModuleList([self.network, self._contrast]).to(data.device)

    def steps(self) -> int:
        return batch_count(np.arange(self._pairs), FOUND)

    def losses(self, random: np.random.Generator) -> Iterator[dict[str, Tensor]]:
        for found in shuffled_batches(np.arange(self._pairs), FOUND, random):
            query = QUERIES[random.integers(len(QUERIES))]
            taught = random.choice(self._taught, min(TAUGHT, self._taught), replace=False)
            chosen = self._with_distinct_queries(np.concatenate([taught, found]), query)
            code = self._code[chosen].clone()
            code[torch.from_numpy(random.random(len(chosen)) < WITHOUT_CODE)] = 0
            bags = _taken(self._bags, chosen)
            if ANSWERS[query] is TextView.BARE:
                bags = undocumented(bags, np.arange(len(chosen)))
            drafts = self.network(collate(bags), code)
            queries = self._queries[query][chosen]
            first = int((chosen[: len(taught)] < self._taught).sum())
            known = self._taught_vectors[ANSWERS[query]][chosen[:first]]
            yield {
                "search": self._contrast(drafts, queries),
                "agreement": AGREEMENT * (1 - (drafts[:first] * known).sum(1)).mean(),
                "likeness": LIKENESS * _divergence(drafts[:first], known, queries),
            }

    @torch.inference_mode()
    def measure(self) -> dict[str, float]:
        """The MRR of drafts among each other, with and without the code half."""
        figures = {}
        code = self._code[self._pairs :]
        every = np.arange(self._pairs, self._pairs + len(code))
        for query in QUERIES:
            answer = ANSWERS[query]
            bags = self._bare if answer is TextView.BARE else _taken(self._bags, every)
            queries = self._queries[query][self._pairs :].cpu().numpy()
            for kind, half in (("", code), (", text alone", None)):
                vectors = self.network(collate(bags), half).cpu().numpy()
                ranks = metrics.ranks(queries, vectors, range(len(vectors)))
                figures[f"validation mrr, {query} → {answer}{kind}"] = metrics.mrr(ranks).value
        return figures

    def _with_distinct_queries(self, chosen: Ids, view: TextView) -> Ids:
        """The first of all functions that have the same query: the others would count as wrong."""
        _, first = np.unique(self._same[view][chosen], return_index=True)
        return chosen[np.sort(first)]

    def _teacher_vectors(
        self, teacher: Checkpoint, contexts: IndexedContexts, rows: Ids
    ) -> dict[TextView, Tensor]:
        code = code_vectors(
            teacher.network.code2vec, contexts, np.arange(len(rows)), self._data.device
        )
        return {
            view: self._tensor(teacher.network.fusion.fuse(self._data.vectors(view, rows), code))
            for view in ANSWERS.values()
        }

    @torch.no_grad()
    def _initialise(self) -> None:
        """Starts from the language model's vectors of the words, each weighted by how rare it
        is."""
        network, words = self.network, len(self.words.words)
        vectors = self._data.cache.encode(self.words.words)
        centred = vectors - vectors.mean(axis=0)
        _, _, components = np.linalg.svd(centred, full_matrices=False)
        directions = torch.from_numpy(components[: network.table.embedding_dim])
        table = torch.from_numpy(centred) @ directions.T
        scale = FIRST_DEVIATION / table.std()
        nn.init.normal_(network.table.weight, std=FIRST_DEVIATION / 2)
        network.table.weight[:words, : len(directions)] = table * scale
        nn.init.normal_(network.whole.weight, std=1e-3)
        network.whole.weight[:, : len(directions)] = directions.T / scale
        nn.init.zeros_(network.whole.bias)
        ids, counts = self._bags.values.T
        frequency = np.bincount(ids, counts, minlength=len(self._lexicon)) / counts.sum()
        rarity = torch.from_numpy(np.log(RARITY / (RARITY + frequency))).float()
        network.gates.weight.copy_(rarity[:, None].expand_as(network.gates.weight))

    def _tensor(self, rows: Matrix) -> Tensor:
        return torch.from_numpy(rows).to(self._data.device)


def train_draft(
    data: TrainingData, teacher: Checkpoint, plan: DraftPlan, out: Path, *, resume: bool
) -> None:
    """Writes the teacher's checkpoint with a trained draft, and its curves, into the folder
    `out`."""
    if not resume and out != teacher.folder:
        shutil.copytree(teacher.folder, out, dirs_exist_ok=True)
    run = Run(out, plan.seed, resume)
    torch.manual_seed(plan.seed)
    stage = DraftStage(data, teacher, plan)
    run.train(stage, plan.epochs)
    drafts.save(out, plan.settings, stage.words, stage.network)
    run.finish()


def _divergence(drafts: Tensor, known: Tensor, queries: Tensor) -> Tensor:
    """How much the distributions of n drafts over m queries differ from those of the teacher's
    vectors."""
    true = softmax(TEACHING_SCALE * (known @ queries.T), dim=-1)
    guessed = log_softmax(TEACHING_SCALE * (drafts @ queries.T), dim=-1)
    return kl_div(guessed, true, reduction="batchmean")


def _code_vectors(
    teacher: Checkpoint,
    contexts: IndexedContexts,
    rows: Ids,
    settings: DraftSettings,
    data: TrainingData,
) -> Matrix:
    if not settings.contexts:
        return np.zeros((len(rows), teacher.settings.code.code), np.float32)
    code2vec = teacher.network.code2vec
    return code_vectors(code2vec, contexts, rows, data.device, limit=settings.contexts)


def _vocabulary(texts: list[str], plan: DraftPlan) -> Vocabulary:
    spelt: Counter[str] = Counter()
    for text in texts[:COUNTED]:
        spelt.update(chain.from_iterable(placed_words(text)))
    counts: Counter[str] = Counter()
    for spelling, count in spelt.items():
        for part in parts(spelling):
            counts[part] += count
    return Vocabulary.from_counts(counts, plan.words, plan.least)


def _bags(lexicon: DraftLexicon, texts: list[str]) -> Ragged:
    blocks = [lexicon.bags([placed_words(text) for text in block]) for block in sliced(texts, 4096)]
    return Ragged.joined(blocks)


def _taken(bags: Ragged, texts: Ids) -> Ragged:
    return bags.take((texts[:, None] * PLACES + np.arange(PLACES)).ravel())
