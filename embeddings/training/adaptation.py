"""An organisation's own model: a checkpoint's fusion, query side and labels go on learning from the
organisation's docstrings and names. code2vec and the language model stay as they are, so that it
takes minutes. The names of the organisation's code join those that can be predicted.

At the end the new weights are mixed with the first ones, in the proportion that finds most on the
validation split (Wortsman et al. 2022): where little data teaches nothing new, nothing is lost."""

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
from embeddings.training.data.dataset import TRAINING_TOKENS, Data
from embeddings.training.data.features import Indexed, path_contexts
from embeddings.training.data.vectors import VectorCache
from embeddings.training.stages.loop import Run, Weights, copied
from embeddings.training.stages.names import NameStage
from embeddings.training.stages.networks import FusionStage, label_of

MIXES = (0.0, 0.25, 0.5, 0.75, 1.0)
# How often a new name must occur, to be one that can be predicted.
LEAST_LABELS = 2
# Of an organisation's described functions, at least so many are kept back, in whole projects.
HELD_OUT = {"test": 0.10, "validation": 0.05}
LARGEST_HELD_OUT = 0.2


@dataclass(frozen=True, slots=True)
class Adaptation:
    """How long is trained, and from which seed."""

    fusion_epochs: int = 30
    label_epochs: int = 10
    seed: int = 1


class OwnFusionStage(FusionStage):
    """The fusion from where the checkpoint has it: with smaller steps than from its beginning."""

    rate = 3e-4


class OwnNameStage(NameStage):
    """The names from where the checkpoint has them."""

    rate = 1e-3


def data_of(corpus: Path, checkpoint: Checkpoint, device: str) -> Data:
    """A corpus folder, read by the language model of a checkpoint."""
    model = checkpoints.text_model(checkpoint, device)
    cache = VectorCache(model.limited(TRAINING_TOKENS), corpus / "vectors")
    return Data(corpora.read(corpus), model, cache, corpus, device)


def adapt(
    data: Data, checkpoint: Checkpoint, plan: Adaptation, out: Path, *, resume: bool = False
) -> None:
    """Writes a checkpoint that goes on from another one, with its curves, into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    settings = replace(checkpoint.settings, text=data.model.settings)
    lexicon = replace(checkpoint.lexicon, labels=_names(data, checkpoint.lexicon))
    network = _network(settings, lexicon, checkpoint.network).to(data.device)
    found = path_contexts(data.functions, settings.paths, data.folder / "contexts")
    indexed = Indexed(found, lexicon)
    run = Run(out, plan.seed, resume)
    fusion = OwnFusionStage(data, network, lexicon, indexed, None)
    run.train_and_mix(fusion, plan.fusion_epochs, MIXES)
    run.train_and_mix(OwnNameStage(data, network, lexicon, indexed, None), plan.label_epochs, MIXES)
    checkpoints.save(out, settings, lexicon, network)
    run.finish()


def _names(data: Data, lexicon: Lexicon) -> Vocabulary:
    """The names that could be predicted before, and those of the organisation's own code."""
    own = Counter(label_of(data.functions[row].name) for row in data.rows("train"))
    del own[""]
    known = set(lexicon.labels.words)
    new = [name for name, count in own.items() if count >= LEAST_LABELS and name not in known]
    return Vocabulary([*lexicon.labels.words, *sorted(new)])


def _network(settings: Settings, lexicon: Lexicon, first: Network) -> Network:
    """A network that knows what `first` does, and more names."""
    network = Network(settings, lexicon)
    weights = {**network.state_dict(), **first.state_dict()}
    labels = {f"labels.{name}": w for name, w in _extended(network.labels, first.labels).items()}
    network.load_state_dict({**weights, **labels})
    return network


def _extended(labels: Labels, first: Labels) -> Weights:
    """The weights of `labels`, those of `first` where both have the same: what belongs to a
    subtoken of names is one row a subtoken."""
    both = [part for part in first.part_rows if part in labels.part_rows]
    rows, first_rows = ([of[part] for part in both] for of in (labels.part_rows, first.part_rows))
    weights, before = copied(labels), first.state_dict()
    for name in ("parts.weight", "parts.bias", "reader.offered", "reader.copied"):
        if name in weights:
            weights[name][rows] = before.pop(name)[first_rows]
    return {**weights, **before}


def held_out(sizes: Counter[str]) -> dict[str, str]:
    """Project → "train", "validation" or "test": whole projects by a hash of their names, those
    that hold more than LARGEST_HELD_OUT always being trained on. `sizes` are described functions.
    Raises ValueError where too little could be kept back."""
    splits = dict.fromkeys(sizes, "train")
    small = [one for one, size in sizes.items() if size <= LARGEST_HELD_OUT * sizes.total()]
    waiting = iter(sorted(small, key=fingerprint))
    for split, share in HELD_OUT.items():
        held = 0
        while held < max(1, share * sizes.total()):
            project = next(waiting, None)
            if project is None:
                raise ValueError("There are too few projects to keep some of them back.")
            splits[project] = split
            held += sizes[project]
    return splits


def keep_back(corpus: Path) -> list[Function]:
    """Divides the functions of a corpus folder anew, as `held_out` does, and returns them."""
    functions = corpora.read(corpus)
    splits = held_out(Counter(one.package for one in functions if one.query))
    divided = [replace(one, split=splits.get(one.package, "train")) for one in functions]
    with (corpus / "functions.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(one)) + "\n" for one in divided)
    return divided
