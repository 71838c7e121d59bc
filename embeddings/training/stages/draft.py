"""The draft: a network without a language model learns where the encoder of a checkpoint puts
definitions. Its queries are the checkpoint's, and stay as they are. It learns to be found by them
(eq. 2 of Ngo & Rivalan 2025) and, on the definitions that the language model has read, to lie where
the fused vectors lie and to be as near to the queries as they are (Hinton et al. 2015)."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, compress
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import kl_div, log_softmax, softmax

from embeddings import drafts
from embeddings.checkpoints import Checkpoint, Network
from embeddings.code.placed_words import PLACES, Words, placed_words
from embeddings.code.words import parts
from embeddings.evaluation import metrics
from embeddings.networks.draft import (
    DraftLexicon,
    DraftNetwork,
    DraftSettings,
    collate,
    summaries,
    thinned,
    undocumented,
)
from embeddings.networks.vocabulary import Ids, Ragged, Vocabulary
from embeddings.training.corpus.functions import Function, fingerprint
from embeddings.training.data.dataset import ANSWERS, TextView, TrainingData
from embeddings.training.data.features import IndexedContexts, path_contexts
from embeddings.training.stages.code import code_vectors
from embeddings.training.stages.draft_names import DraftNameStage
from embeddings.training.stages.loop import Run, batch_count, shuffled_batches
from embeddings.training.stages.objectives import Contrast
from embeddings.types import Matrix

# Definitions of a batch that are only found by queries, and those that the teacher has read too.
FOUND, TAUGHT = 768, 256
# Docstrings ask for code without them; in a share of the batches, their keywords ask for code as it
# stands.
QUERIES = (TextView.QUERY, TextView.KEYWORDS)
KEYWORDS = 0.3
MEASURED = 1000
# The scale of similarities in the distributions over queries that are compared, and the weights of
# the two losses of teaching beside the contrast's.
TEACHING_SCALE = 30.0
AGREEMENT, LIKENESS = 2.0, 1.0
# The teacher reads functions that are no longer: three of them in the time of a long one.
TAUGHT_CHARACTERS = 600
# The share of definitions that are read without their code vector, as other languages are.
WITHOUT_CODE = 0.15
# The share of a definition's words that are left out, others each time.
WORDS_DROPPED = 0.3
# The hexadecimal digits of a hash by which functions are told to be among the first of a corpus.
HASHED = 8
# The shares of the learnt weight of the code half that are tried.
CODE_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
# Functions whose words make the vocabulary.
COUNTED = 60_000
# Before training a word weighs a / (a + its frequency) (Arora, Liang, Ma 2017), and the numbers of
# the table have this deviation.
RARITY, FIRST_DEVIATION = 1e-3, 0.25


@dataclass(frozen=True, slots=True)
class DraftPlan:
    """How a draft is trained: on at most `pairs` described functions (None: all), of which the
    teacher reads `taught` short ones; the docstrings of the first `keywords` are also asked for by
    keywords, and names are learnt from at most `names`. The vocabulary has the `words` most
    frequent subtokens that occur at least `least` times. code2vec was trained on the first `seen`
    of its corpus, a share: its vectors of these functions say more than those of others do, and are
    left out."""

    epochs: int = 6
    pairs: int | None = None
    taught: int = 10_000
    keywords: int = 12_000
    names: int | None = 20_000
    name_epochs: int = 3
    seen: float = 0.0
    seed: int = 1
    words: int = 20_000
    least: int = 5
    settings: DraftSettings = field(default_factory=DraftSettings)


class DraftStage:
    """The draft network, on words and code vectors that are computed once."""

    name = "draft"
    rate = 3e-3

    def __init__(
        self, data: TrainingData, teacher: Checkpoint, contexts: IndexedContexts, plan: DraftPlan
    ) -> None:
        """All functions of `data` are described, those to train on first. `contexts` has those that
        have a code vector."""
        self._data, fusion = data, teacher.network.fusion
        rows, every = data.rows("train"), np.arange(len(data.functions))
        self._rows, self._held_out = rows, every[len(rows) :]
        codes = [function.code for function in data.functions]
        known, has_code = code2vec_reads(data.functions, teacher.settings.languages, plan.seen)
        short = np.array([len(codes[row]) <= TAUGHT_CHARACTERS for row in rows], bool)
        whole = (has_code | ~known)[rows]
        self._taught = rows[short & whole][: plan.taught]
        data.prepare({*ANSWERS.values()}, self._taught)
        self._asked = np.union1d(rows[: plan.keywords], self._taught)
        queries = {
            TextView.QUERY: self._read(TextView.QUERY, every),
            TextView.KEYWORDS: self._read(
                TextView.KEYWORDS, np.concatenate([self._asked, self._held_out])
            ),
        }
        self._queries = {view: self._tensor(fusion.query(q)) for view, q in queries.items()}
        self._documentation = self._tensor(fusion.fuse(queries[TextView.QUERY], None))
        self._same = {view: _numbers([data.text(view, row) for row in rows]) for view in QUERIES}
        network, most = teacher.network, plan.settings.contexts
        code = np.zeros((len(every), teacher.settings.code.code), np.float32)
        if most:
            numbers = np.arange(has_code.sum())
            code[has_code] = code_vectors(network.code2vec, contexts, numbers, data.device, most)
        self._code = self._tensor(code)
        self._fused = {
            view: self._tensor(self._taught_vectors(view, network, contexts, has_code))
            for view in ANSWERS.values()
        }
        words = [
            placed_words(code, f.language) for code, f in zip(codes, data.functions, strict=True)
        ]
        self.words = _vocabulary([words[row] for row in rows[:COUNTED]], plan)
        lexicon = DraftLexicon(self.words, plan.settings.buckets)
        self._bags = lexicon.bags(words)
        held_out = [data.functions[row] for row in self._held_out]
        self._bare = lexicon.bags([placed_words(f.bare, f.language) for f in held_out])
        widths = code.shape[1], fusion.dimensions, teacher.settings.text_width
        self.network = DraftNetwork(len(lexicon), *widths, plan.settings)
        self._initialise()
        self._contrast = Contrast()
        self.trained = nn.ModuleList([self.network, self._contrast]).to(data.device)

    def steps(self) -> int:
        return batch_count(self._rows, FOUND)

    def losses(self, random: np.random.Generator) -> Iterator[dict[str, Tensor]]:
        numbers = np.arange(len(self._taught))
        for found in shuffled_batches(self._rows, FOUND, random):
            query = TextView.QUERY
            if random.random() < KEYWORDS:
                query, found = TextView.KEYWORDS, random.choice(self._asked, FOUND)
            read = random.permutation(numbers)[:TAUGHT]
            drawn = np.concatenate([self._taught[read], found])
            # Another function with the same query would count as wrong.
            _, distinct = np.unique(self._same[query][drawn], return_index=True)
            distinct.sort()
            chosen, read = drawn[distinct], read[distinct[distinct < len(read)]]
            drafts = self._drafts(chosen, query, random)
            queries = self._queries[query][chosen]
            losses = {
                "search": self._contrast(drafts, queries),
                "documentation": AGREEMENT * self._documentation_loss(found),
            }
            if len(read):
                fused, taught = self._fused[ANSWERS[query]][read], drafts[: len(read)]
                losses["agreement"] = AGREEMENT * _distance(taught, fused)
                losses["likeness"] = LIKENESS * _divergence(taught, fused, queries)
            yield losses

    @torch.inference_mode()
    def measure(self) -> dict[str, float]:
        """The MRR of drafts among each other, with and without the code half."""
        figures = {}
        code = self._code[self._held_out]
        for query in QUERIES:
            answer = ANSWERS[query]
            bags = self._bare if answer is TextView.BARE else _taken(self._bags, self._held_out)
            queries = self._queries[query][self._held_out].cpu().numpy()
            for kind, half in (("", code), (", text alone", None)):
                vectors = self.network(collate(bags), half).cpu().numpy()
                ranks = metrics.ranks(queries, vectors, range(len(vectors)))
                figures[f"validation mrr, {query} → {answer}{kind}"] = metrics.mrr(ranks).value
        return figures

    @torch.no_grad()
    def weigh_code_half(self, run: Run, epochs: int) -> None:
        """Reduces the weight of the code half to what does best on the validation split: too much
        is learnt, probably since code2vec was trained on the same functions, and its vectors of
        these say more than those of others."""
        weights = self.network.weights
        learnt, figures = weights[1].clone(), {}
        for share in CODE_SHARES:
            weights[1] = share * learnt
            figures[share] = self.measure()
            run.record(f"{self.name}, {share:.0%} of the code half", epochs, figures[share])
        weights[1] = learnt * max(CODE_SHARES, key=lambda share: sum(figures[share].values()))

    def _read(self, view: TextView, rows: Ids) -> Matrix:
        """The language model's vectors of a view, zeros for functions that are not in `rows`."""
        self._data.prepare({view}, rows)
        vectors = np.zeros((len(self._data.functions), self._data.model.dimensions), np.float32)
        vectors[rows] = self._data.vectors(view, rows)
        return vectors

    def _taught_vectors(
        self,
        view: TextView,
        network: Network,
        contexts: IndexedContexts,
        has_code: NDArray[np.bool_],
    ) -> Matrix:
        """The fused vectors of the functions that the teacher reads; in languages that code2vec
        does not know, those of the text alone."""
        text = self._data.vectors(view, self._taught)
        vectors, fused = network.fusion.fuse(text, None), has_code[self._taught]
        numbers = (has_code.cumsum() - 1)[self._taught[fused]]
        code = code_vectors(network.code2vec, contexts, numbers, self._data.device)
        vectors[fused] = network.fusion.fuse(text[fused], code)
        return vectors

    def _drafts(self, rows: Ids, query: TextView, random: np.random.Generator) -> Tensor:
        """Drafts of the functions in `rows`, as texts that answer such a query; some without their
        code half."""
        bags = thinned(_taken(self._bags, rows), WORDS_DROPPED, random)
        if ANSWERS[query] is TextView.BARE:
            bags = undocumented(bags)
        has_code = torch.from_numpy(random.random((len(rows), 1)) >= WITHOUT_CODE)
        drafts: Tensor = self.network(collate(bags), self._code[rows] * has_code)
        return drafts

    def _documentation_loss(self, rows: Ids) -> Tensor:
        """How far drafts of the documentation alone are from what the teacher makes of it: that
        teaches words, and costs the teacher little."""
        bags = summaries(_taken(self._bags, rows))
        return _distance(self.network(collate(bags), None), self._documentation[rows])

    @torch.no_grad()
    def _initialise(self) -> None:
        """Starts from the language model's vectors of the words, each weighted by how rare it
        is."""
        network, words = self.network, len(self.words.words)
        vectors = self._data.cache.encode(self.words.words)
        mean = vectors.mean(axis=0)
        centred = vectors - mean
        _, _, components = np.linalg.svd(centred, full_matrices=False)
        directions = torch.from_numpy(components[: network.table.embedding_dim])
        table = torch.from_numpy(centred) @ directions.T
        scale = FIRST_DEVIATION / table.std()
        nn.init.normal_(network.table.weight, std=FIRST_DEVIATION / 8)
        network.table.weight[:words, : len(directions)] = table * scale
        nn.init.normal_(network.whole.weight, std=1e-3)
        network.whole.weight[:, : len(directions)] = directions.T / scale
        network.whole.bias.copy_(torch.from_numpy(mean))
        ids, counts = self._bags.values.T
        frequency = np.bincount(ids, counts, minlength=network.table.num_embeddings) / counts.sum()
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
    data = _described(data, plan)
    _, has_code = code2vec_reads(data.functions, teacher.settings.languages, plan.seen)
    known = replace(data, functions=list(compress(data.functions, has_code)))
    contexts = path_contexts(known.functions, teacher.settings.paths, data.folder / "contexts")
    indexed = IndexedContexts(contexts, teacher.lexicon)
    run = Run(out, plan.seed, resume)
    torch.manual_seed(plan.seed)
    stage = DraftStage(data, teacher, indexed, plan)
    run.train(stage, plan.epochs)
    stage.weigh_code_half(run, plan.epochs)
    if plan.settings.contexts and teacher.network.source.reads_text:
        most, network = plan.settings.contexts, stage.network
        names = DraftNameStage(known, teacher, network, indexed, most, plan.names)
        run.train(names, plan.name_epochs)
    drafts.save(out, plan.settings, stage.words, stage.network)
    run.finish()


def _described(data: TrainingData, plan: DraftPlan) -> TrainingData:
    """The described functions to train on, then those to choose by."""
    train, validation = (data.rows(split, described=True) for split in ("train", "validation"))
    rows = np.concatenate([train[: plan.pairs], validation[:MEASURED]])
    return replace(data, functions=[data.functions[row] for row in rows])


def code2vec_reads(
    functions: Sequence[Function], languages: Collection[str], seen: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which functions are in one of the languages that code2vec knows, and which of these have a
    code vector: all but those on which it was trained, the first ones by the hash of their code, as
    corpora are ordered."""
    known = np.array([f.language in languages for f in functions], bool)
    limit = seen * 16**HASHED
    is_seen = [
        f.split == "train" and int(fingerprint(f.code)[:HASHED], 16) < limit for f in functions
    ]
    return known, known & ~np.array(is_seen, bool)


def _numbers(texts: list[str]) -> Ids:
    """A number for each distinct text."""
    known: dict[str, int] = {}
    return np.array([known.setdefault(text, len(known)) for text in texts], np.int64)


def _distance(drafts: Tensor, known: Tensor) -> Tensor:
    """The mean cosine distance of n drafts to the vectors that they are taught."""
    return 1 - (drafts * known).sum(1).mean()


def _divergence(drafts: Tensor, known: Tensor, queries: Tensor) -> Tensor:
    """How much the distributions of n drafts over m queries differ from those of the teacher's
    vectors."""
    true = softmax(TEACHING_SCALE * (known @ queries.T), dim=-1)
    guessed = log_softmax(TEACHING_SCALE * (drafts @ queries.T), dim=-1)
    return kl_div(guessed, true, reduction="batchmean")


def _vocabulary(texts: Sequence[Words], plan: DraftPlan) -> Vocabulary:
    spelt = Counter(chain.from_iterable(chain.from_iterable(texts)))
    counts: Counter[str] = Counter()
    for spelling, count in spelt.items():
        for part in parts(spelling):
            counts[part] += count
    return Vocabulary.from_counts(counts, plan.words, plan.least)


def _taken(bags: Ragged, texts: Ids) -> Ragged:
    return bags.take((texts[:, None] * PLACES + np.arange(PLACES)).ravel())
