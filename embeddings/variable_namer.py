"""The network of variables' names, in the folder `variables` of a checkpoint, whose embeddings of
subtokens and paths it shares."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

from safetensors.torch import load_file, save_file

from embeddings.checkpoints import Checkpoint
from embeddings.naming.disagreement import Thresholds, doubt, likely
from embeddings.naming.network import Names
from embeddings.naming.variable_network import VariableNetwork
from embeddings.naming.variables import Variable, variables
from embeddings.networks.vocabulary import Vocabulary
from embeddings.text.weights import half_precision

FOLDER, WEIGHTS, LABELS, WORDS = "variables", "model.safetensors", "labels.txt.gz", "words.txt.gz"
CONFIG, FORMAT = "config.json", 1
SHARED = ("code2vec.subtokens.weight", "code2vec.paths.weight")


NAMES = 5


class DoubtfulVariable(NamedTuple):
    """A variable whose name disagrees with its use, and names that are likely, best first, each
    with its expected F1 over subtokens. `doubt` is that of the best one."""

    variable: Variable
    suggestions: Names
    doubt: float


@dataclass(frozen=True, slots=True)
class VariableNamer:
    """A trained network, and when a name that it predicts is sure, and when likely."""

    network: VariableNetwork
    thresholds: Thresholds

    def doubtful(self, text: str, language: str) -> list[DoubtfulVariable]:
        """The variables of a definition whose names are in doubt, the most doubtful first."""
        found, judged = variables(text, language), []
        for variable, names in zip(found, self.network.names(found, NAMES), strict=True):
            doubted = doubt(variable.name, names, self.thresholds)
            if doubted:
                suggestions = likely(names, self.thresholds)
                judged.append(DoubtfulVariable(variable, suggestions, doubted))
        return sorted(judged, key=lambda each: -each.doubt)


def untrained(checkpoint: Checkpoint, labels: Vocabulary, words: Vocabulary) -> VariableNetwork:
    """A network with the checkpoint's code2vec, whose embeddings are not trained."""
    lexicon = replace(checkpoint.lexicon, labels=labels, words=words)
    network = VariableNetwork(lexicon, checkpoint.settings.code)
    network.code2vec.load_state_dict(checkpoint.network.code2vec.state_dict())
    for name, weight in network.named_parameters():
        weight.requires_grad_(name not in SHARED)
    return network


def load(checkpoint: Checkpoint, device: str) -> VariableNamer | None:
    """None if the checkpoint has no network of this version."""
    folder = checkpoint.folder / FOLDER
    path = folder / CONFIG
    config = json.loads(path.read_text()) if path.is_file() else {}
    if config.get("format") != FORMAT:
        return None
    own = (Vocabulary.load(folder / name) for name in (LABELS, WORDS))
    network = untrained(checkpoint, *own)
    weights = {name: tensor.float() for name, tensor in load_file(folder / WEIGHTS).items()}
    network.load_state_dict({**network.state_dict(), **weights})
    network = network.to(device).eval().requires_grad_(False)
    return VariableNamer(network, Thresholds(**config["thresholds"]))


def save(folder: Path, namer: VariableNamer) -> None:
    """Writes a network into a folder, without the embeddings that it shares."""
    network = namer.network
    network.lexicon.labels.save(folder / LABELS)
    network.lexicon.words.save(folder / WORDS)
    own = {name: weight for name, weight in network.state_dict().items() if name not in SHARED}
    save_file({name: half_precision(weight) for name, weight in own.items()}, folder / WEIGHTS)
    config = {"format": FORMAT, "thresholds": asdict(namer.thresholds)}
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n")
