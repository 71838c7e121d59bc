"""Names by a language model of their own: its last layers and the labels are trained together, from
the published model and from a checkpoint's labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from embeddings import namer
from embeddings.checkpoints import Checkpoint
from embeddings.naming.disagreement import Thresholds
from embeddings.naming.network import LabelSource
from embeddings.networks.vocabulary import Ids, Ragged
from embeddings.text.language_model import EncoderUnavailable, save_tuned
from embeddings.training.data.dataset import TextView, TrainingData
from embeddings.training.data.features import IndexedContexts, path_contexts
from embeddings.training.stages.code import code_vectors
from embeddings.training.stages.loop import Run, trainable_weights
from embeddings.training.stages.names import NameStage
from embeddings.training.stages.text import changed_weights, prepared, vectors_of
from embeddings.types import Matrix


@dataclass(frozen=True, slots=True)
class NamingPlan:
    """How names are trained. `layers`: how many of the language model's last ones are trained.
    `names` is how many functions are read at most; None: all."""

    epochs: int = 3
    layers: int = 3
    names: int | None = None
    rate: float = 2e-4
    seed: int = 1


class TunedNameStage(NameStage):
    """The last layers of a language model, and labels."""

    name = "tuned names"

    def __init__(
        self, data: TrainingData, teacher: Checkpoint, contexts: IndexedContexts, plan: NamingPlan
    ) -> None:
        self.rate = plan.rate
        self._model = data.model.for_names
        super().__init__(data, teacher.network, teacher.lexicon, contexts, plan.names)
        texts = [data.text(TextView.MASKED, row) for row in (*self._rows, *self._held_out)]
        self._tokens = Ragged.from_rows(self._model.tokens(texts))
        network = prepared(self._model.network)
        _freeze_all_but_last(network, plan.layers)
        self.trained = nn.ModuleList([network, teacher.network.labels.requires_grad_(True)])

    def _label_vectors(self, places: Ids) -> Tensor:
        tokens = self._tokens.take(places)
        texts = np.split(tokens.values, tokens.offsets[1:-1])
        read = vectors_of(self._model, [text.tolist() for text in texts], self._data.device)
        return torch.cat([read * read.shape[1] ** 0.5, self._vectors[places]], dim=1)

    def _inputs(self, rows: Ids) -> Matrix:
        """(n,) functions → their code vectors (n, code)."""
        return code_vectors(self._network.code2vec, self._contexts, rows, self._data.device)


def train_names(
    data: TrainingData, teacher: Checkpoint, plan: NamingPlan, out: Path, *, resume: bool
) -> None:
    """Writes a namer, with its curves, into the folder `out`: the `names` of a checkpoint. Raises
    EncoderUnavailable if that predicts names from anything but text, code and words."""
    source = teacher.settings.labels
    if source is not LabelSource.FUSED:
        raise EncoderUnavailable(f"The checkpoint {teacher.name} predicts names from {source}.")
    out.mkdir(parents=True, exist_ok=True)
    contexts = path_contexts(data.functions, teacher.settings.paths, data.folder / "contexts")
    first = trainable_weights(data.model.network)
    torch.manual_seed(plan.seed)
    stage = TunedNameStage(data, teacher, IndexedContexts(contexts, teacher.lexicon), plan)
    run = Run(out, plan.seed, resume)
    run.train(stage, plan.epochs)
    tuned = changed_weights(data.model.network, first)
    save_tuned(data.model, data.model.settings.name, tuned, out)
    namer.save(out, teacher.network.labels, Thresholds())
    run.finish()


def _freeze_all_but_last(network: nn.Module, layers: int) -> None:
    stacks = (module for module in network.modules() if isinstance(module, nn.ModuleList))
    network.requires_grad_(False)
    for layer in max(stacks, key=len)[-layers:]:
        layer.requires_grad_(True)
