"""Trains a checkpoint from a corpus: vocabularies, code2vec, fusion, in this order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from embeddings import checkpoints
from embeddings.checkpoints import Checkpoint, Network, Settings
from embeddings.llm import LanguageModel
from embeddings.training.data import Data
from embeddings.training.features import Contexts, Indexed, VocabularySizes, path_contexts
from embeddings.training.loop import Run
from embeddings.training.stages import CodeStage, FusionStage, label_of
from embeddings.types import Matrix
from embeddings.vocabulary import Lexicon

# Before training, a token says more than a path.
FIRST_PATH_DEVIATION = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to train; on how many docstrings in the stage of code2vec (`queries`) and on how
    many described functions in that of the fusion (`pairs`), all if None; from which seed; and from
    which checkpoint code2vec is taken instead of being trained."""

    epochs: int = 4
    fusion_epochs: int = 30
    queries: int | None = None
    pairs: int | None = None
    seed: int = 1
    code2vec: str | None = None
    sizes: VocabularySizes = field(default_factory=VocabularySizes)


def train(data: Data, settings: Settings, plan: Plan, out: Path, *, resume: bool) -> None:
    """Writes a trained checkpoint, with its curves, into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    settings = replace(
        settings,
        text=data.model.settings,
        text_width=data.model.dimensions,
        text_fingerprint=data.model.weights_fingerprint,
    )
    found = path_contexts(data.functions, settings.paths, data.folder / "contexts")
    run = Run(out, plan.seed, resume)
    torch.manual_seed(plan.seed)
    if plan.code2vec:
        lexicon, network = _borrowed(checkpoints.load(plan.code2vec), settings)
        indexed = Indexed(found, lexicon)
    else:
        lexicon, network = _fresh(data, found, settings, plan)
        indexed = Indexed(found, lexicon)
        run.train(CodeStage(data, network, lexicon, indexed, plan.queries), plan.epochs)
    run.train(FusionStage(data, network, lexicon, indexed, plan.pairs), plan.fusion_epochs)
    checkpoints.save(out, settings, lexicon, network)
    run.finish()


def _fresh(data: Data, found: Contexts, settings: Settings, plan: Plan) -> tuple[Lexicon, Network]:
    """An untrained network whose words come from the training split."""
    rows = data.rows("train")
    names = Counter(filter(None, (label_of(data.functions[row].name) for row in rows)))
    lexicon = found.lexicon(names, rows, plan.sizes)
    network = Network(settings, lexicon).to(data.device)
    _borrow_words(network, lexicon, data.model)
    return lexicon, network


def _borrowed(checkpoint: Checkpoint, settings: Settings) -> tuple[Lexicon, Network]:
    """A network with the code2vec of a checkpoint, and its labels if both predict from it."""
    network = Network(settings, checkpoint.lexicon)
    network.code2vec.load_state_dict(checkpoint.network.code2vec.state_dict())
    if not (network.from_fused or checkpoint.network.from_fused):
        network.labels.load_state_dict(checkpoint.network.labels.state_dict())
    return checkpoint.lexicon, network


@torch.no_grad()
def _borrow_words(network: Network, lexicon: Lexicon, model: LanguageModel) -> None:
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
