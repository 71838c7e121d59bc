"""Names of variables by a checkpoint: a network in its folder `variables`, which shares the
checkpoint's embeddings of subtokens and paths."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from safetensors.torch import load_file, save_file

from embeddings.checkpoints import Checkpoint
from embeddings.code.languages import keywords, syntax_of
from embeddings.code_encoder import NAMES, DoubtfulVariable
from embeddings.naming.disagreement import Thresholds, likely, variable_doubt
from embeddings.naming.variable_network import VariableNetwork
from embeddings.naming.variables import variables
from embeddings.networks.vocabulary import UNKNOWN, Vocabulary
from embeddings.text.weights import half_precision

FOLDER, CONFIG = "variables", "config.json"
WEIGHTS, LABELS, WORDS = "model.safetensors", "labels.txt.gz", "words.txt.gz"
SHARED = ("code2vec.subtokens.weight", "code2vec.paths.weight")
FORMAT = 1


@dataclass(frozen=True, slots=True)
class VariableNamer:
    """Judges names of variables. `thresholds` say when a predicted name is sure, and when
    likely."""

    network: VariableNetwork
    thresholds: Thresholds

    def doubtful(self, text: str, language: str) -> list[DoubtfulVariable]:
        """The variables of a definition whose names disagree with what the definition does with
        them, in the order in which they are bound. Only names count that variables have elsewhere,
        and that say more than a letter."""
        found, entry = variables(text, language), syntax_of(language)
        if not found or entry is None:
            return []
        usual, reserved = self.network.lexicon.labels, keywords(entry)

        def may_be_suggested(name: str) -> bool:
            return usual[name] != UNKNOWN and len(name) > 1 and name not in reserved

        predicted = [
            [each for each in names if may_be_suggested(each[0])]
            for names in self.network.names(found, NAMES)
        ]
        return [
            DoubtfulVariable(each.name, each.role, likely(names, self.thresholds))
            for each, names in zip(found, predicted, strict=True)
            if variable_doubt(each.name, names, self.thresholds)
        ]


def untrained(checkpoint: Checkpoint, labels: Vocabulary, words: Vocabulary) -> VariableNetwork:
    """A network with the checkpoint's code2vec, whose embeddings are not trained."""
    lexicon = replace(checkpoint.lexicon, labels=labels, words=words)
    network = VariableNetwork(lexicon, checkpoint.settings.code)
    network.code2vec.load_state_dict(checkpoint.network.code2vec.state_dict())
    for name, weight in network.named_parameters():
        weight.requires_grad_(name not in SHARED)
    return network


def load(checkpoint: Checkpoint, device: str = "cpu") -> VariableNamer | None:
    """The checkpoint's namer of variables; None if it has none of this version."""
    folder = checkpoint.folder / FOLDER
    path = folder / CONFIG
    config = json.loads(path.read_text()) if path.is_file() else {}
    if config.get("format") != FORMAT:
        return None
    own = (Vocabulary.load(folder / name) for name in (LABELS, WORDS))
    network = untrained(checkpoint, *own)
    weights = {name: tensor.float() for name, tensor in load_file(folder / WEIGHTS).items()}
    network.load_state_dict({**network.state_dict(), **weights})
    network.to(device).eval().requires_grad_(False)
    return VariableNamer(network, Thresholds(**config["thresholds"]))


def save(folder: Path, namer: VariableNamer) -> None:
    """Writes a namer into a folder, without the embeddings that it shares."""
    network = namer.network
    network.lexicon.labels.save(folder / LABELS)
    network.lexicon.words.save(folder / WORDS)
    own = {name: weight for name, weight in network.state_dict().items() if name not in SHARED}
    save_file({name: half_precision(weight) for name, weight in own.items()}, folder / WEIGHTS)
    config = {"format": FORMAT, "thresholds": asdict(namer.thresholds)}
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n")
