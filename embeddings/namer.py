"""Names of definitions by a checkpoint: the labels, and the language model that reads their texts.

A checkpoint may have labels and last layers of a language model that were tuned together, in the
folder `names`. Older versions of the library do not miss it, and it is not part of the checkpoint's
fingerprint, so that vectors stay valid when names are trained anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from embeddings.checkpoints import Checkpoint, untrained_labels
from embeddings.code.own_names import masked
from embeddings.naming.disagreement import Thresholds
from embeddings.naming.mentions import mentioned
from embeddings.naming.network import Labels, LabelSource, Names
from embeddings.networks.vocabulary import Lexicon, Mentions
from embeddings.text.language_model import Runtime, load_model
from embeddings.text.weights import half_precision
from embeddings.types import Matrix, TextEncoder

FOLDER, WEIGHTS = "names", "labels.safetensors"


@dataclass(frozen=True, slots=True)
class Namer:
    """Predicts names from n texts and their code vectors (n, code). The definitions' own names are
    hidden."""

    labels: Labels
    source: LabelSource
    model: TextEncoder
    lexicon: Lexicon

    @torch.inference_mode()
    def names(self, texts: Sequence[str], code: Matrix, k: int, language: str) -> list[Names]:
        """At most k names for each, best first, with their expected F1 over subtokens."""
        return self.labels.predict(*self._seen(texts, code, language), k)

    @torch.inference_mode()
    def expected_f1(
        self, texts: Sequence[str], code: Matrix, names: Sequence[str], language: str
    ) -> list[float]:
        """The expected F1 over subtokens of one given name for each."""
        return self.labels.expected_f1(*self._seen(texts, code, language), names)

    def _seen(
        self, texts: Sequence[str], code: Matrix, language: str
    ) -> tuple[Tensor, Mentions | None]:
        hidden, mentions = None, None
        if self.source.reads_text:
            hidden = self.model.for_names.encode([masked(text, language) for text in texts])
        if self.source.reads_words:
            mentions = self.lexicon.mentions([mentioned(text, language) for text in texts])
        vectors = torch.from_numpy(self.source.joined(hidden, code))
        return vectors.to(self.labels.parts.weight.device), mentions


def load(
    checkpoint: Checkpoint, model: TextEncoder, device: str, runtime: Runtime | None = None
) -> Namer:
    """The tuned namer of a checkpoint; without one, that of its own network, which reads by the
    `model` of its vectors."""
    network, lexicon, folder = checkpoint.network, checkpoint.lexicon, checkpoint.folder / FOLDER
    labels = tuned_labels(checkpoint, folder)
    if labels is None:
        return Namer(network.labels, network.source, model, lexicon)
    used = runtime or checkpoint.settings.text.runtime
    own = load_model(str(folder), runtime=used, device=device)
    return Namer(labels.to(device).eval().requires_grad_(False), network.source, own, lexicon)


def tuned_labels(checkpoint: Checkpoint, folder: Path) -> Labels | None:
    """The labels that `save` wrote into a folder for this checkpoint's vocabularies; None if there
    are none of this version."""
    if Thresholds.load(folder) is None:
        return None
    labels = untrained_labels(checkpoint.settings, checkpoint.lexicon)
    weights = load_file(folder / WEIGHTS).items()
    labels.load_state_dict({name: tensor.float() for name, tensor in weights})
    return labels


def thresholds(checkpoint: Checkpoint) -> Thresholds:
    """When a predicted name is sure, and when likely."""
    return Thresholds.load(checkpoint.folder / FOLDER) or checkpoint.settings.name_thresholds


def save(folder: Path, labels: Labels, thresholds: Thresholds) -> None:
    """Writes labels and thresholds into a folder that has a tuned language model."""
    weights = {name: half_precision(tensor) for name, tensor in labels.state_dict().items()}
    save_file(weights, folder / WEIGHTS)
    thresholds.save(folder)
