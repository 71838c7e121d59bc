"""Names by a language model of their own: its last layers and labels are trained together, with a
checkpoint's vocabularies, from the published model and new labels or from those of a namer.

code2vec has learnt the names of the functions that it was trained on, so its vectors say more about
them than about others, and labels that learn on both would rely on them. The labels therefore learn
without code vectors first; what these add is learnt afterwards, on functions that code2vec has not
seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from embeddings import checkpoints, namer
from embeddings.checkpoints import Checkpoint
from embeddings.naming.disagreement import Thresholds
from embeddings.naming.network import Labels, LabelSource
from embeddings.networks.vocabulary import Ids, Ragged
from embeddings.text.language_model import EncoderUnavailable, save_tuned
from embeddings.training.data.dataset import TextView, TrainingData
from embeddings.training.data.features import IndexedContexts, path_contexts
from embeddings.training.data.labels import calibrated, label_of, rows_with_informative_names
from embeddings.training.stages.loop import Run, trainable_weights
from embeddings.training.stages.names import NameStage
from embeddings.training.stages.text import changed_weights, prepared, vectors_of
from embeddings.types import Matrix

CODE_EPOCHS, CODE_RATE = 2, 1e-3
MEASURED_SHARE = 3
"""One in so many projects that code2vec has not seen is kept to measure."""


@dataclass(frozen=True, slots=True)
class NamingPlan:
    """How names are trained. `layers`: how many of the language model's last ones are trained, with
    `text_rate` as their highest learning rate; `rate` is that of the labels. `names` is how many
    functions, and how many classes, are read at most; None: all."""

    epochs: int = 2
    layers: int = 3
    names: int | None = None
    rate: float = 2e-3
    text_rate: float = 2e-4
    seed: int = 1


class TunedNameStage(NameStage):
    """The last layers of a language model, and labels, without code vectors."""

    name = "tuned names"

    def __init__(self, data: TrainingData, teacher: Checkpoint, plan: NamingPlan) -> None:
        self.rate = plan.rate
        self._model = data.model.for_names
        super().__init__(data, teacher.network, teacher.lexicon, None, plan.names)
        texts = [data.text(TextView.MASKED, row) for row in (*self._rows, *self._held_out)]
        self._tokens = Ragged.from_rows(self._model.tokens(texts))
        self.network = prepared(self._model.network)
        _freeze_all_but_last(self.network, plan.layers)
        self.trained = nn.ModuleList([self.network, teacher.network.labels])

    def _label_vectors(self, places: Ids) -> Tensor:
        tokens = self._tokens.take(places)
        texts = np.split(tokens.values, tokens.offsets[1:-1])
        read = vectors_of(self._model, [text.tolist() for text in texts], self._data.device)
        return torch.cat([read * read.shape[1] ** 0.5, self._vectors[places]], dim=1)

    def _inputs(self, rows: Ids) -> Matrix:
        """(n,) functions → zeros in place of their code vectors (n, code)."""
        return np.zeros((len(rows), self._network.code2vec.layer.out_features), np.float32)


class CodeNameStage(NameStage):
    """What code vectors add, on functions of the validation split: the weights from code vectors to
    the labels' hidden layer."""

    name, rate = "names by code", CODE_RATE

    def __init__(self, data: TrainingData, teacher: Checkpoint) -> None:
        contexts = path_contexts(data.functions, teacher.settings.paths, data.folder / "contexts")
        indexed = IndexedContexts(contexts, teacher.lexicon)
        super().__init__(data, teacher.network, teacher.lexicon, indexed, None)
        labels = teacher.network.labels.requires_grad_(False)
        assert labels.reader is not None
        weight = labels.reader.vector.weight.requires_grad_(True)
        of_code = torch.zeros_like(weight)
        of_code[:, data.model.dimensions :] = 1
        weight.register_hook(of_code.mul)  # type: ignore[no-untyped-call]

    @torch.inference_mode()
    def thresholds(self) -> Thresholds:
        """Those of the labels as they are now. Only names of functions are judged by them."""
        vectors = self._vectors[len(self._rows) :]
        predicted = self._network.labels.predict(vectors, self._mentions, 1)
        held_out = [self._data.functions[row] for row in self._held_out]
        is_function = [not each.is_class for each in held_out]
        true = [label_of(each.name) for each in held_out]
        return calibrated([*compress(predicted, is_function)], [*compress(true, is_function)])

    def _choose_rows(self, limit: int | None) -> tuple[Ids, Ids]:
        """What is learnt of a project's functions helps with others of that project, and hardly
        elsewhere, so whole projects are kept to measure."""
        rows = rows_with_informative_names(self._data, "validation")
        owners = np.array([self._data.functions[row].package for row in rows])
        projects = np.random.default_rng(0).permutation(np.unique(owners))
        is_measured = np.isin(owners, projects[: -(-len(projects) // MEASURED_SHARE)])
        return rows[~is_measured], rows[is_measured]

    def _inputs(self, rows: Ids) -> Matrix:
        """As in NameStage, but the language model is the tuned one, whose vectors are not kept."""
        texts = [self._data.text(TextView.MASKED, row) for row in rows]
        return self._network.source.joined(
            self._data.model.for_names.encode(texts), self._code_vectors(rows)
        )


def train_names(
    data: TrainingData, teacher: Checkpoint, plan: NamingPlan, out: Path, *, resume: bool
) -> None:
    """Writes a namer, with its curves, into the folder `out`: the `names` of a checkpoint. If the
    language model's folder is a namer itself, training begins with its labels, and the new weights
    are mixed with its own, so that what it has learnt from other functions is not lost. Raises
    EncoderUnavailable if the checkpoint predicts names from anything but text, code and words."""
    source = teacher.settings.labels
    if source is not LabelSource.FUSED:
        raise EncoderUnavailable(f"The checkpoint {teacher.name} predicts names from {source}.")
    out.mkdir(parents=True, exist_ok=True)
    first = trainable_weights(data.model.network)
    torch.manual_seed(plan.seed)
    learnt = namer.tuned_labels(teacher, Path(data.model.settings.name))
    labels = learnt or checkpoints.untrained_labels(teacher.settings, teacher.lexicon)
    _forget_code(labels, data.model.dimensions)
    teacher.network.labels = labels
    run = Run(out, plan.seed, resume)
    stage = TunedNameStage(data, teacher, plan)
    rates = {stage.network: plan.text_rate}
    if learnt is not None:
        run.train_and_mix(stage, plan.epochs, rates=rates)
    else:
        run.train(stage, plan.epochs, rates)
    unseen = replace(data, functions=[f for f in data.functions if f.split == "validation"])
    by_code = CodeNameStage(unseen, teacher)
    run.train_and_mix(by_code, CODE_EPOCHS)
    tuned = changed_weights(data.model.network, first)
    save_tuned(data.model, data.model.settings.name, tuned, out)
    namer.save(out, labels, by_code.thresholds())
    run.finish()


def _forget_code(labels: Labels, text_width: int) -> None:
    """Removes the weights from code vectors to the labels' hidden layer."""
    assert labels.reader is not None
    with torch.no_grad():
        labels.reader.vector.weight[:, text_width:] = 0


def _freeze_all_but_last(network: nn.Module, layers: int) -> None:
    stacks = (module for module in network.modules() if isinstance(module, nn.ModuleList))
    network.requires_grad_(False)
    for layer in max(stacks, key=len)[-layers:]:
        layer.requires_grad_(True)
