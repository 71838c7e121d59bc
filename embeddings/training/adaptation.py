"""An organisation's own model: the fusion, query side and labels of a checkpoint are trained
further on the organisation's docstrings and names. code2vec and the language model stay as they
are, so that this takes minutes. Names of the organisation's code become labels.

At the end, the new weights are mixed with the first ones in the proportion that does best on the
validation split (Wortsman et al. 2022): if little data teaches nothing new, nothing is lost."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from embeddings import checkpoints
from embeddings.checkpoints import Checkpoint, Network, Settings
from embeddings.naming.network import Labels
from embeddings.networks.vocabulary import Lexicon, Vocabulary
from embeddings.training.corpus import corpora
from embeddings.training.corpus.functions import Function, fingerprint
from embeddings.training.data.dataset import TRAINING_TOKENS, TrainingData
from embeddings.training.data.features import IndexedContexts, path_contexts
from embeddings.training.data.labels import label_of
from embeddings.training.data.vectors import VectorCache
from embeddings.training.stages.fusion import FusionStage
from embeddings.training.stages.loop import Run, Weights, trainable_weights
from embeddings.training.stages.names import NameStage

MIXES = (0.0, 0.25, 0.5, 0.75, 1.0)
# How often a new name must occur to become a label.
LEAST_LABELS = 2
# The least share of the described functions in each held-out split, which consists of whole
# projects; and the largest share that a held-out project may have.
HELD_OUT = {"test": 0.10, "validation": 0.05}
LARGEST_HELD_OUT = 0.2


@dataclass(frozen=True, slots=True)
class Adaptation:
    """How long to train, and from which seed."""

    fusion_epochs: int = 30
    label_epochs: int = 10
    seed: int = 1


class OwnFusionStage(FusionStage):
    """The fusion, from a checkpoint's weights: with smaller steps than from scratch."""

    rate = 3e-4


class OwnNameStage(NameStage):
    """The names, from a checkpoint's weights."""

    rate = 1e-3


def load_data(corpus: Path, checkpoint: Checkpoint, device: str) -> TrainingData:
    """The data of a corpus folder, with the language model of a checkpoint."""
    model = checkpoints.text_model(checkpoint, device)
    cache = VectorCache(model.limited(TRAINING_TOKENS), corpus / "vectors")
    return TrainingData(corpora.read(corpus), model, cache, corpus, device)


def adapt(
    data: TrainingData, checkpoint: Checkpoint, plan: Adaptation, out: Path, *, resume: bool = False
) -> None:
    """Trains a checkpoint further and writes it, with its curves, into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    settings = replace(checkpoint.settings, text=data.model.settings)
    lexicon = replace(checkpoint.lexicon, labels=_extended_names(data, checkpoint.lexicon))
    network = _extended_network(settings, lexicon, checkpoint.network).to(data.device)
    contexts = path_contexts(data.functions, settings.paths, data.folder / "contexts")
    indexed = IndexedContexts(contexts, lexicon)
    run = Run(out, plan.seed, resume)
    fusion = OwnFusionStage(data, network, lexicon, indexed, None)
    run.train_and_mix(fusion, plan.fusion_epochs, MIXES)
    names = OwnNameStage(data, network, lexicon, indexed, None)
    run.train_and_mix(names, plan.label_epochs, MIXES)
    checkpoints.save(out, settings, lexicon, network)
    run.finish()


def _extended_names(data: TrainingData, lexicon: Lexicon) -> Vocabulary:
    """The names that could be predicted before, then those of the organisation's code."""
    own = Counter(label_of(data.functions[row].name) for row in data.rows("train"))
    del own[""]
    known = set(lexicon.labels.words)
    new = [name for name, count in own.items() if count >= LEAST_LABELS and name not in known]
    return Vocabulary([*lexicon.labels.words, *sorted(new)])


def _extended_network(settings: Settings, lexicon: Lexicon, first: Network) -> Network:
    """A network with the weights of `first`, for a lexicon with more names."""
    network = Network(settings, lexicon)
    weights = {**network.state_dict(), **first.state_dict()}
    own = _label_weights(network.labels, first.labels)
    labels = {f"labels.{name}": weight for name, weight in own.items()}
    network.load_state_dict({**weights, **labels})
    return network


def _label_weights(labels: Labels, first: Labels) -> Weights:
    """The weights of `labels`, taken from `first` where both have them: some have a row for each
    subtoken of names."""
    both = [part for part in first.part_rows if part in labels.part_rows]
    rows, first_rows = ([of[part] for part in both] for of in (labels.part_rows, first.part_rows))
    weights, before = trainable_weights(labels), first.state_dict()
    for name in ("parts.weight", "parts.bias", "reader.offered", "reader.copied"):
        if name in weights:
            weights[name][rows] = before.pop(name)[first_rows]
    return {**weights, **before}


def assign_splits(sizes: Counter[str]) -> dict[str, str]:
    """Project → "train", "validation" or "test", by a hash of the project's name. A project with
    more than LARGEST_HELD_OUT of the described functions, whose numbers are `sizes`, is always
    trained on. Raises ValueError if the projects are too few to hold some out."""
    splits = dict.fromkeys(sizes, "train")
    small = [name for name, size in sizes.items() if size <= LARGEST_HELD_OUT * sizes.total()]
    waiting = iter(sorted(small, key=fingerprint))
    for split, share in HELD_OUT.items():
        held = 0
        while held < max(1, share * sizes.total()):
            project = next(waiting, None)
            if project is None:
                raise ValueError("There are too few projects to hold some of them out.")
            splits[project] = split
            held += sizes[project]
    return splits


def hold_out(corpus: Path) -> list[Function]:
    """Splits the functions of a corpus folder as `assign_splits` does, and returns them. Raises
    ValueError."""
    functions = corpora.read(corpus)
    splits = assign_splits(Counter(function.package for function in functions if function.query))
    divided = [
        replace(function, split=splits.get(function.package, "train")) for function in functions
    ]
    with (corpus / "functions.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(function)) + "\n" for function in divided)
    return divided
