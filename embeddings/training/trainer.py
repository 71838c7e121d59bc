"""Trains a checkpoint from a corpus: vocabularies, code2vec, fusion, in this order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from embeddings import checkpoints
from embeddings.checkpoints import Network, Settings
from embeddings.llm import LanguageModel
from embeddings.training.data import Data, View
from embeddings.training.features import Indexed, VocabularySizes, path_contexts
from embeddings.training.loop import Run
from embeddings.training.stages import CodeStage, FusionStage, label_of
from embeddings.types import Matrix
from embeddings.vocabulary import Lexicon

# Before training, a token says more than a path.
FIRST_PATH_DEVIATION = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to train, on how many described functions (all if None), and from which seed."""

    epochs: int = 8
    fusion_epochs: int = 12
    pairs: int | None = None
    seed: int = 1
    sizes: VocabularySizes = field(default_factory=VocabularySizes)


def train(data: Data, settings: Settings, plan: Plan, out: Path, *, resume: bool) -> None:
    """Writes a trained checkpoint, with its curves, into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    found = path_contexts(data.functions, settings.paths, data.folder / "contexts")
    rows = data.rows("train")
    names = Counter(filter(None, (label_of(data.functions[row].name) for row in rows)))
    lexicon = found.lexicon(names, rows, plan.sizes)
    settings = replace(
        settings,
        text=data.model.settings,
        text_width=data.model.dimensions,
        text_fingerprint=data.model.weights_fingerprint,
    )
    torch.manual_seed(plan.seed)
    network = Network(settings, lexicon).to(data.device)
    _borrow_lexicon(network, lexicon, data.model)
    indexed = Indexed(found, lexicon)
    data.prepare({View.QUERY})
    run = Run(out, plan.seed, resume)
    run.train(CodeStage(data, network, lexicon, indexed), plan.epochs)
    run.train(FusionStage(data, network, lexicon, indexed, plan.pairs), plan.fusion_epochs)
    checkpoints.save(out, settings, lexicon, network)
    run.finish()


@torch.no_grad()
def _borrow_lexicon(network: Network, lexicon: Lexicon, model: LanguageModel) -> None:
    """Starts the subtokens' embeddings from what the language model makes of each word, so that
    code2vec need not learn English from code."""
    vectors = model.encode(lexicon.subtokens.words)
    width = network.code2vec.subtokens.embedding_dim
    known = torch.from_numpy(_principal(vectors, width)).to(network.code2vec.subtokens.weight)
    network.code2vec.subtokens.weight[0] = 0.0
    network.code2vec.subtokens.weight[1:, : known.shape[1]] = known
    torch.nn.init.normal_(network.code2vec.paths.weight, std=FIRST_PATH_DEVIATION)


def _principal(vectors: Matrix, width: int) -> Matrix:
    """(n, d) → (n, at most width): the principal components, with variance 1 on average."""
    centred = vectors - vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    reduced = centred @ directions[:width].T
    return np.asarray(reduced / reduced.std(), dtype=np.float32)
