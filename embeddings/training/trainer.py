"""Trains a checkpoint from a corpus, stage by stage: vocabularies, code2vec, fusion, names."""

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
from embeddings.training.data.dataset import TrainingData
from embeddings.training.data.features import (
    CorpusContexts,
    IndexedContexts,
    VocabularySizes,
    path_contexts,
)
from embeddings.training.data.labels import label_of, rows_with_informative_names
from embeddings.training.data.mentions import CorpusMentions
from embeddings.training.stages.code import CodeStage, Objective
from embeddings.training.stages.fusion import FusionStage, JointStage
from embeddings.training.stages.loop import Run
from embeddings.training.stages.names import NameStage, sample_rows
from embeddings.types import Matrix

# Path embeddings start small: before training, tokens carry more meaning than paths.
FIRST_PATH_DEVIATION = 0.1


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """How a checkpoint is trained. `queries` is how many docstrings code2vec learns from, `pairs`
    how many described functions the fusion, `names` how many functions the names; None: all.
    `code2vec` is a checkpoint that code2vec is taken from instead of being trained for `objective`;
    with `joint` it learns on with the fusion."""

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


def train(
    data: TrainingData, settings: Settings, plan: TrainingPlan, out: Path, *, resume: bool
) -> None:
    """Writes a trained checkpoint, with its curves, into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    settings = replace(
        settings,
        text=data.model.settings,
        text_width=data.model.dimensions,
        text_fingerprint=data.model.weights_fingerprint,
    )
    contexts = path_contexts(data.functions, settings.paths, data.folder / "contexts")
    run = Run(out, plan.seed, resume)
    torch.manual_seed(plan.seed)
    if plan.code2vec:
        checkpoint = checkpoints.load(plan.code2vec)
        settings = replace(settings, code=checkpoint.settings.code)
        lexicon, network = _network_with_code2vec_of(checkpoint, data, settings, plan)
        indexed = IndexedContexts(contexts, lexicon)
    else:
        lexicon, network = _new_network(data, contexts, settings, plan)
        indexed = IndexedContexts(contexts, lexicon)
        stage = CodeStage(data, network, lexicon, indexed, plan.queries, plan.objective)
        run.train(stage, plan.epochs)
    if network.queries is not None:
        _share_words(network.queries, network.code2vec)
    fusion = JointStage if plan.joint else FusionStage
    run.train_and_mix(fusion(data, network, lexicon, indexed, plan.pairs), plan.fusion_epochs)
    if network.source is not LabelSource.CODE and plan.name_epochs:
        run.train(NameStage(data, network, lexicon, indexed, plan.names), plan.name_epochs)
    checkpoints.save(out, settings, lexicon, network)
    run.finish()


def _new_network(
    data: TrainingData, contexts: CorpusContexts, settings: Settings, plan: TrainingPlan
) -> tuple[Lexicon, Network]:
    """An untrained network, with vocabularies from the training split."""
    sizes = plan.sizes if settings.code.paths else replace(plan.sizes, paths=0)
    lexicon = contexts.lexicon(data.rows("train"), sizes)
    lexicon = _with_labels(lexicon, data, settings, plan)
    network = Network(settings, lexicon).to(data.device)
    code2vec = network.code2vec
    _initialise_words(code2vec.subtokens.weight, lexicon.subtokens, data.model)
    if code2vec.paths is not None:
        torch.nn.init.normal_(code2vec.paths.weight, std=FIRST_PATH_DEVIATION)
    _initialise_name_words(network, lexicon, data)
    return lexicon, network


def _network_with_code2vec_of(
    checkpoint: Checkpoint, data: TrainingData, settings: Settings, plan: TrainingPlan
) -> tuple[Lexicon, Network]:
    """A network with the code2vec of a checkpoint, and with its labels if both predict names from
    the same source."""
    same_text = settings.text_fingerprint == checkpoint.settings.text_fingerprint
    same_source = settings.labels is checkpoint.settings.labels and (
        same_text or not settings.labels.reads_text
    )
    lexicon = checkpoint.lexicon
    if not same_source:
        lexicon = _with_labels(lexicon, data, settings, plan)
    network = Network(settings, lexicon).to(data.device)
    network.code2vec.load_state_dict(checkpoint.network.code2vec.state_dict())
    if same_source:
        network.labels.load_state_dict(checkpoint.network.labels.state_dict())
    else:
        _initialise_name_words(network, lexicon, data)
    return lexicon, network


@torch.no_grad()
def _share_words(queries: WordQueryEncoder, code2vec: Code2Vec) -> None:
    """Starts a query encoder from the words that code2vec has learnt: both have one vocabulary."""
    if queries.embedding.weight.shape == code2vec.subtokens.weight.shape:
        queries.embedding.weight.copy_(code2vec.subtokens.weight)


def _initialise_name_words(network: Network, lexicon: Lexicon, data: TrainingData) -> None:
    if network.labels.reader is not None:
        _initialise_words(network.labels.reader.words.weight, lexicon.words, data.model)


def _with_labels(
    lexicon: Lexicon, data: TrainingData, settings: Settings, plan: TrainingPlan
) -> Lexicon:
    """The lexicon with the names of the corpus and, if names are predicted from words, with the
    words that functions mention."""
    rows = data.rows("train")
    names = Counter(filter(None, (label_of(data.functions[row].name) for row in rows)))
    labels = Vocabulary.from_counts(names, plan.sizes.labels, plan.sizes.least_labels)
    lexicon = replace(lexicon, labels=labels)
    if not settings.labels.reads_words:
        return lexicon
    named = sample_rows(rows_with_informative_names(data, "train"), plan.names)
    mentions = CorpusMentions.read([data.functions[row] for row in named], data.folder)
    words = mentions.vocabulary(plan.sizes.subtokens, plan.sizes.least_subtokens)
    return replace(lexicon, words=words)


@torch.no_grad()
def _initialise_words(embedding: Tensor, words: Vocabulary, model: LanguageModel) -> None:
    """Starts word embeddings (words, width) from the language model's vector of each word, so that
    English need not be learnt from code."""
    known = torch.from_numpy(_principal_components(model.encode(words.words), embedding.shape[1]))
    embedding[0] = 0.0
    embedding[1:, : known.shape[1]] = known.to(embedding)


def _principal_components(vectors: Matrix, width: int) -> Matrix:
    """(n, d) → (n, at most width), with variance 1 on average."""
    centred = vectors - vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    reduced = centred @ directions[:width].T
    return np.asarray(reduced / reduced.std(), dtype=np.float32)
