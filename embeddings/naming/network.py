"""Name prediction: from a definition's vector, and perhaps the words that it mentions, to names
that it could have. The definition's own name must be hidden from these inputs, or the prediction is
an echo.

The network learns the probability of each subtoken to be part of the name. It scores every subtoken
of the known names, and more precisely those that the definition mentions, since names often repeat
words of their definition (Allamanis, Peng, Sutton 2016). A mentioned word may be part of the name
although it is out of the vocabulary of known names. Candidates are the known names and names
composed of the most probable subtokens; they are ranked by the subtokens that they are expected to
get right."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, embedding_bag

from embeddings.naming.composition import Cooccurrence
from embeddings.naming.mentions import PLACES
from embeddings.networks.vocabulary import Mentions, Ragged, Vocabulary, subtokens
from embeddings.types import Matrix

WORD_WIDTH, HIDDEN, COPY_WIDTH, PLACE_WIDTH = 128, 384, 64, 16
DROPOUT = 0.2
# So many candidates are taken from the known names for each name that is wanted, since `readFile`
# and `read_file` count as one.
SPELLINGS = 4
MAX_SUBTOKENS_OF_A_NAME = 8
# The minimum probability of a subtoken in a name. F1 over many names is optimal with a threshold of
# half the optimal F1 (Lipton, Elkan, Naryanaswamy 2014); this value is best on the validation
# split.
MINIMUM_PROBABILITY = 0.125
# Names are composed of this many of the most probable subtokens.
BEAM = 16
# Short names are composed of fewer, and have fewer themselves.
NARROW_BEAM, SHORT_NAME = 8, 4
# The probability of a subtoken before training.
INITIAL_PROBABILITY = 1e-3

Names = list[tuple[str, float]]
# The score by which a name is ranked, the name, and its expected F1.
Guess = tuple[float, str, float]


class LabelSource(StrEnum):
    """The input of name prediction. CODE is the code vector, WORDS adds the words that the
    definition mentions. TEXT is the language model's vector of the text, encoded a second time with
    the name hidden. FUSED is both vectors concatenated (eq. 3) and the words: search weights the
    vectors for another purpose."""

    CODE = "code"
    WORDS = "words"
    TEXT = "text"
    FUSED = "fused"

    @property
    def reads_code(self) -> bool:
        return self is not LabelSource.TEXT

    @property
    def reads_text(self) -> bool:
        return self in (LabelSource.TEXT, LabelSource.FUSED)

    @property
    def reads_words(self) -> bool:
        return self in (LabelSource.WORDS, LabelSource.FUSED)

    def joined(self, text: Matrix | None, code: Matrix) -> Matrix:
        """The input vectors of n definitions, from text vectors (n, t) with a hidden name and code
        vectors (n, c). A text vector has unit length, and is scaled so that its components are
        about as large as those of a code vector."""
        halves = [code] if self.reads_code else []
        if text is not None:
            halves = [text * np.float32(text.shape[1] ** 0.5), *halves]
        return np.concatenate(halves, axis=1)


class Scores(NamedTuple):
    """Logits of n definitions: of every known subtoken (n, subtokens), and of the m
    out-of-vocabulary words that they mention, definition after definition, (m,)."""

    parts: Tensor
    out_of_vocabulary: Tensor


class Chances(NamedTuple):
    """The probabilities of n definitions' subtokens: of every known one (n, subtokens), of those
    out of the vocabulary, by the word, and the sum of both (n,)."""

    parts: Tensor
    unknown: list[dict[str, float]]
    totals: Tensor


class MentionReader(nn.Module):
    """Adds the mentioned words to a definition's vector, and scores them for being copied into its
    name."""

    part_of: Tensor

    def __init__(self, words: Vocabulary, part_rows: dict[str, int], width: int) -> None:
        super().__init__()
        known = [part_rows.get(word, -1) for word in words.words]
        self.register_buffer("part_of", torch.tensor([-1, *known]), persistent=False)
        self.words = nn.Embedding(len(words), WORD_WIDTH)
        self.vector = nn.Linear(width, HIDDEN)
        self.places = nn.Linear(PLACES * WORD_WIDTH, HIDDEN, bias=False)
        self.asked = nn.Linear(HIDDEN, COPY_WIDTH)
        self.wanted = nn.Linear(HIDDEN, PLACES)
        self.offered = nn.Parameter(torch.zeros(len(part_rows), COPY_WIDTH))
        self.copied = nn.Parameter(torch.zeros(len(part_rows)))
        # The bias of out-of-vocabulary words, under its name in checkpoints
        self.strange = nn.Parameter(torch.tensor(math.log(INITIAL_PROBABILITY)))
        self.standing = nn.Sequential(
            nn.Linear(PLACES, PLACE_WIDTH), nn.ReLU(), nn.Linear(PLACE_WIDTH, 1)
        )

    def is_out_of_vocabulary(self, mentions: Ragged) -> Tensor:
        """Which mentions (m,) are of words that occur in no known name."""
        words = torch.from_numpy(mentions.values[:, 0]).long().to(self.part_of.device)
        return self.part_of[words] < 0

    def forward(self, vectors: Tensor, mentions: Ragged) -> Tensor:
        """(n, width) and the mentions of n definitions → (n, hidden)."""
        owners, words, places = self._columns(mentions)
        embedded = self.words(words)
        pooled = embedded.new_zeros(PLACES, len(vectors), embedded.shape[1])
        for place in range(PLACES):
            here = places[:, place].nonzero()[:, 0]
            count = torch.bincount(owners[here], minlength=len(vectors)).clamp(min=1)
            summed = pooled[place].index_add(0, owners[here], embedded[here])
            pooled[place] = summed / count.sqrt().unsqueeze(1)
        read = self.places(pooled.transpose(0, 1).flatten(1))
        hidden = torch.tanh(self.vector(vectors) + read)
        return dropout(hidden, DROPOUT, self.training)

    def copy(self, logits: Tensor, hidden: Tensor, mentions: Ragged) -> Scores:
        """Adds the evidence of mentions to the logits (n, subtokens)."""
        owners, words, places = self._columns(mentions)
        wanted = (self.wanted(hidden)[owners] * places).sum(1)
        here = self.standing(places)[:, 0] + wanted
        parts = self.part_of[words]
        known = parts >= 0
        owners, parts = owners[known], parts[known]
        fitting = (self.asked(hidden)[owners] * self.offered[parts]).sum(1)
        more = here[known] + self.copied[parts] + fitting
        return Scores(
            logits.index_put((owners, parts), more, accumulate=True), here[~known] + self.strange
        )

    def _columns(self, mentions: Ragged) -> tuple[Tensor, Tensor, Tensor]:
        """For each mention the row of its definition, its word, and its places (m, PLACES)."""
        device = self.words.weight.device
        lengths = torch.from_numpy(mentions.lengths()).to(device)
        owners = torch.arange(len(mentions), device=device).repeat_interleave(lengths)
        words, places = torch.from_numpy(mentions.values[:, :2]).long().to(device).T
        bits = torch.arange(PLACES, device=device)
        return owners, words, ((places.unsqueeze(1) >> bits) & 1).float()


class Labels(nn.Module):
    """Scores every subtoken of the known names. `words` is the vocabulary of mentions; without it a
    name is predicted from the vector alone."""

    members: Tensor
    offsets: Tensor

    def __init__(self, names: Vocabulary, width: int, words: Vocabulary | None = None) -> None:
        super().__init__()
        self.names = names.words
        bags = [subtokens(name) for name in self.names]
        self.part_rows = {p: row for row, p in enumerate(sorted({p for bag in bags for p in bag}))}
        self._parts = list(self.part_rows)
        self._cooccurrence = Cooccurrence(bags)
        members = Ragged.from_rows([self.parts_of(name) for name in self.names])
        self.register_buffer("members", torch.from_numpy(members.values), persistent=False)
        self.register_buffer("offsets", torch.from_numpy(members.offsets[:-1]), persistent=False)
        self.reader = MentionReader(words, self.part_rows, width) if words else None
        self.parts = nn.Linear(HIDDEN if words else width, max(1, len(self.part_rows)))
        nn.init.constant_(self.parts.bias, math.log(INITIAL_PROBABILITY))

    def parts_of(self, name: str) -> list[int]:
        """The rows of a name's distinct subtokens, without out-of-vocabulary ones."""
        found = dict.fromkeys(subtokens(name))
        return [self.part_rows[part] for part in found if part in self.part_rows]

    def forward(self, vectors: Tensor, mentions: Ragged | None = None) -> Scores:
        """(n, width) and, if used, the mentions of n definitions as rows of (word, bits of its
        places)."""
        if self.reader is None:
            return Scores(self.parts(vectors), vectors.new_zeros(0))
        mentions = mentions or _nothing(len(vectors))
        hidden = self.reader(vectors, mentions)
        return self.reader.copy(self.parts(hidden), hidden, mentions)

    def targets(self, parts: Ragged) -> Tensor:
        """n sets of subtokens → (n, subtokens), 1 where a set has one."""
        marks = torch.zeros(len(parts), self.parts.out_features)
        owners = torch.arange(len(parts)).repeat_interleave(torch.from_numpy(parts.lengths()))
        marks[owners, torch.from_numpy(parts.values)] = 1
        return marks.to(self.parts.weight.device)

    def predict(self, vectors: Tensor, mentions: Mentions | None, k: int) -> list[Names]:
        """For each of n definitions at most k names, best first, each with its expected F1 over
        subtokens."""
        if not self.names:
            return [[] for _ in vectors]
        chances = self._chances(vectors, mentions)
        known = self._known(chances.parts, chances.totals, SPELLINGS * k)
        composed = self._composed(chances, BEAM, MAX_SUBTOKENS_OF_A_NAME)
        return [
            _best([*one, *_up_to_the_best(other)], k)
            for one, other in zip(known, composed, strict=True)
        ]

    def compose(self, vectors: Tensor, mentions: Mentions | None, k: int) -> list[Names]:
        """As `predict`, in a third of the time: short names, composed of few subtokens, which are
        not compared with the known names."""
        if not self.names:
            return [[] for _ in vectors]
        chances = self._chances(vectors, mentions)
        return [_best(one, k) for one in self._composed(chances, NARROW_BEAM, SHORT_NAME)]

    def expected_f1(
        self, vectors: Tensor, mentions: Mentions | None, names: Sequence[str]
    ) -> list[float]:
        """For each of n definitions the expected F1 over subtokens of a name that is given."""
        chances = self._chances(vectors, mentions)
        rows = zip(chances.parts, chances.unknown, chances.totals.tolist(), names, strict=True)
        return [self._expected_f1(*row) for row in rows]

    def _expected_f1(
        self, known: Tensor, unknown: dict[str, float], total: float, name: str
    ) -> float:
        own = set(subtokens(name))
        right = sum(
            float(known[self.part_rows[part]]) if part in self.part_rows else unknown.get(part, 0.0)
            for part in own
        )
        return 2 * right / (len(own) + total) if own else 0.0

    def _chances(self, vectors: Tensor, mentions: Mentions | None) -> Chances:
        scores = self(vectors, mentions and mentions.rows)
        parts = torch.sigmoid(scores.parts)
        unknown = self._out_of_vocabulary(
            torch.sigmoid(scores.out_of_vocabulary), mentions, len(vectors)
        )
        mentioned = parts.new_tensor([sum(one.values()) for one in unknown])
        return Chances(parts, unknown, parts.sum(1) + mentioned)

    def _out_of_vocabulary(
        self, probabilities: Tensor, mentions: Mentions | None, definitions: int
    ) -> list[dict[str, float]]:
        """For each of n definitions the out-of-vocabulary words with their probabilities."""
        found: list[dict[str, float]] = [{} for _ in range(definitions)]
        if self.reader is not None and mentions is not None:
            places = self.reader.is_out_of_vocabulary(mentions.rows).nonzero()[:, 0].tolist()
            owners = np.repeat(np.arange(definitions), mentions.rows.lengths()).tolist()
            for place, probability in zip(places, probabilities.tolist(), strict=True):
                found[owners[place]][mentions.words[place]] = probability
        return found

    def _known(self, probabilities: Tensor, totals: Tensor, k: int) -> Iterator[list[Guess]]:
        """The best known names; among equals the more frequent ones come first."""
        right = embedding_bag(
            self.members, probabilities.T.contiguous(), self.offsets, mode="sum"
        ).T
        lengths = self.offsets.diff(append=self.offsets.new_tensor([len(self.members)]))
        expected = 2 * right / (lengths + totals.unsqueeze(1))
        best = (right - MINIMUM_PROBABILITY * lengths).topk(min(k, len(self.names)))
        columns = best.values, best.indices, expected.gather(1, best.indices)
        for guesses in zip(*(column.tolist() for column in columns), strict=True):
            ordered = sorted(zip(*guesses, strict=True), key=lambda one: (-one[0], one[1]))
            yield [(worth, self.names[row], score) for worth, row, score in ordered]

    def _composed(self, chances: Chances, beam: int, most: int) -> Iterator[list[Guess]]:
        """Names of one, two, … and at most `most` of the subtokens that are most probable together,
        out of the `beam` most probable and of those out of the vocabulary that are as probable."""
        likely = chances.parts.topk(min(beam, chances.parts.shape[1]))
        columns = likely.indices.tolist(), likely.values.tolist(), chances.totals.tolist()
        for rows, values, total, more in zip(*columns, chances.unknown, strict=True):
            parts = dict(zip((self._parts[row] for row in rows), values, strict=True))
            likely_ones = {part: value for part, value in more.items() if value >= values[-1]}
            chosen = self._cooccurrence.most_probable({**likely_ones, **parts}, most)
            right = accumulate(probability for _, probability in chosen)
            yield [
                (
                    expected - MINIMUM_PROBABILITY * length,
                    self._cooccurrence.name([part for part, _ in chosen[:length]]),
                    2 * expected / (length + total),
                )
                for length, expected in enumerate(right, start=1)
            ]


def _nothing(definitions: int) -> Ragged:
    return Ragged(np.zeros((0, 2), np.int64), np.zeros(definitions + 1, np.int64))


def _up_to_the_best(composed: Sequence[Guess]) -> Sequence[Guess]:
    """The names that are no longer than the best one: longer ones repeat it, and add words that
    fit worse."""
    return composed[: composed.index(max(composed)) + 1]


def _best(guesses: Sequence[Guess], k: int) -> Names:
    """The k best guesses, with one spelling for each set of subtokens."""
    found: dict[frozenset[str], Guess] = {}
    for guess in guesses:
        found.setdefault(frozenset(subtokens(guess[1])), guess)
    best = sorted(found.values(), key=lambda guess: -guess[0])[:k]
    return [(name, score) for _, name, score in best]
