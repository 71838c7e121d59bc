"""Trains a checkpoint from a corpus: vocabularies, code2vec, fusion, names, in this order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from embeddings import checkpoints
from embeddings.checkpoints import Checkpoint, Network, Settings
from embeddings.naming.network import LabelSource
from embeddings.networks.code2vec import Code2Vec
from embeddings.networks.query_encoders import WordQueryEncoder
from embeddings.networks.vocabulary import Lexicon, Vocabulary
from embeddings.text.language_model import LanguageModel
from embeddings.training.data.dataset import Data
from embeddings.training.data.features import Contexts, Indexed, VocabularySizes, path_contexts
from embeddings.training.data.mentions import Mentioned
from embeddings.training.stages.loop import Run
from embeddings.training.stages.names import NameStage, some
from embeddings.training.stages.networks import (
    CodeStage,
    FusionStage,
    JointStage,
    Objective,
    label_of,
    telling_rows,
)
from embeddings.types import Matrix

# Before training, a token says more than a path.
FIRST_PATH_DEVIATION = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to train; on how many docstrings in the stage of code2vec (`queries`), on how many
    described functions in that of the fusion (`pairs`) and on how many functions in that of names,
    all if None; from which seed; what code2vec is trained for, or from which checkpoint it is taken
    instead of being trained; and whether it learns on with the fusion (`joint`)."""

    epochs: int = 4
    fusion_epochs: int = 30
    queries: int | None = None
    name_epochs: int = 5
    pairs: int | None = None
    names: int | None = None
    seed: int = 1
    objective: Objective = Objective.BOTH
    joint: bool = False
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
        checkpoint = checkpoints.load(plan.code2vec)
        settings = replace(settings, code=checkpoint.settings.code)
        lexicon, network = _borrowed(data, checkpoint, settings, plan)
        indexed = Indexed(found, lexicon)
    else:
        lexicon, network = _fresh(data, found, settings, plan)
        indexed = Indexed(found, lexicon)
        stage = CodeStage(data, network, lexicon, indexed, plan.queries, plan.objective)
        run.train(stage, plan.epochs)
    if network.queries is not None:
        _share_words(network.queries, network.code2vec)
    fusing = JointStage if plan.joint else FusionStage
    run.train_and_mix(fusing(data, network, lexicon, indexed, plan.pairs), plan.fusion_epochs)
    if network.source is not LabelSource.CODE and plan.name_epochs:
        run.train(NameStage(data, network, lexicon, indexed, plan.names), plan.name_epochs)
    checkpoints.save(out, settings, lexicon, network)
    run.finish()


def _fresh(data: Data, found: Contexts, settings: Settings, plan: Plan) -> tuple[Lexicon, Network]:
    """An untrained network whose words come from the training split."""
    sizes = plan.sizes if settings.code.paths else replace(plan.sizes, paths=0)
    lexicon = found.lexicon(data.rows("train"), sizes)
    lexicon = _with_names(lexicon, data, settings, plan)
    network = Network(settings, lexicon).to(data.device)
    code2vec = network.code2vec
    _borrow_words(code2vec.subtokens.weight, lexicon.subtokens, data.model)
    if code2vec.paths is not None:
        torch.nn.init.normal_(code2vec.paths.weight, std=FIRST_PATH_DEVIATION)
    _begin_names(network, lexicon, data)
    return lexicon, network


def _borrowed(
    data: Data, checkpoint: Checkpoint, settings: Settings, plan: Plan
) -> tuple[Lexicon, Network]:
    """A network with the code2vec of a checkpoint, and with its labels if both predict from the
    same."""
    read = settings.text_fingerprint == checkpoint.settings.text_fingerprint
    alike = settings.labels is checkpoint.settings.labels and (
        read or not settings.labels.reads_text
    )
    lexicon = checkpoint.lexicon
    if not alike:
        lexicon = _with_names(lexicon, data, settings, plan)
    network = Network(settings, lexicon).to(data.device)
    network.code2vec.load_state_dict(checkpoint.network.code2vec.state_dict())
    if alike:
        network.labels.load_state_dict(checkpoint.network.labels.state_dict())
    else:
        _begin_names(network, lexicon, data)
    return lexicon, network


@torch.no_grad()
def _share_words(queries: WordQueryEncoder, code2vec: Code2Vec) -> None:
    """Queries begin with the words that code2vec has learnt: both have one vocabulary."""
    if queries.embedding.weight.shape == code2vec.subtokens.weight.shape:
        queries.embedding.weight.copy_(code2vec.subtokens.weight)


def _begin_names(network: Network, lexicon: Lexicon, data: Data) -> None:
    if network.labels.reader is not None:
        _borrow_words(network.labels.reader.words.weight, lexicon.words, data.model)


def _with_names(lexicon: Lexicon, data: Data, settings: Settings, plan: Plan) -> Lexicon:
    """The lexicon with the names of the corpus, and with the words that these are made from, if
    they are."""
    rows = data.rows("train")
    names = Counter(filter(None, (label_of(data.functions[row].name) for row in rows)))
    labels = Vocabulary.of(names, plan.sizes.labels, plan.sizes.least_labels)
    lexicon = replace(lexicon, labels=labels)
    if not settings.labels.reads_words:
        return lexicon
    named = some(telling_rows(data, "train"), plan.names)
    found = Mentioned.of([data.functions[row] for row in named], data.folder)
    words = found.vocabulary(plan.sizes.subtokens, plan.sizes.least_subtokens)
    return replace(lexicon, words=words)


@torch.no_grad()
def _borrow_words(embedding: Tensor, words: Vocabulary, model: LanguageModel) -> None:
    """Starts words' embeddings (words, width) from what the language model makes of each, so that
    English need not be learnt from code."""
    known = torch.from_numpy(_principal(model.encode(words.words), embedding.shape[1]))
    embedding[0] = 0.0
    embedding[1:, : known.shape[1]] = known.to(embedding)


def _principal(vectors: Matrix, width: int) -> Matrix:
    """(n, d) → (n, at most width): the principal components, with variance 1 on average."""
    centred = vectors - vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    reduced = centred @ directions[:width].T
    return np.asarray(reduced / reduced.std(), dtype=np.float32)
