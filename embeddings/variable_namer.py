"""Names of variables by a checkpoint: a network in its folder `variables`, which shares the
checkpoint's embeddings of subtokens and paths."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from safetensors.torch import load_file, save_file

from embeddings.checkpoints import Checkpoint
from embeddings.code.languages import keywords, syntax_of
from embeddings.code_encoder import NAMES, DoubtfulVariable
from embeddings.naming.disagreement import Thresholds, likely, variable_doubt
from embeddings.naming.scopes import Role
from embeddings.naming.variable_network import VariableNetwork
from embeddings.naming.variables import variables
from embeddings.networks.vocabulary import UNKNOWN, Vocabulary
from embeddings.text.weights import half_precision

FOLDER, WEIGHTS, LABELS, WORDS = "variables", "model.safetensors", "labels.txt.gz", "words.txt.gz"
CONVENTIONAL = frozenset({Role.VARIADIC, Role.KEYWORDS})
"""Roles with a usual name, `args` or `kwargs`, which says nothing about the use."""

SHARED = ("code2vec.subtokens.weight", "code2vec.paths.weight")


@dataclass(frozen=True, slots=True)
class VariableNamer:
    """Judges names of variables. `thresholds` say when a predicted name is sure, and when
    likely."""

    network: VariableNetwork
    thresholds: Thresholds

    def doubtful(self, text: str, language: str) -> list[DoubtfulVariable]:
        """The variables of a definition whose names disagree with their use, in the order in which
        they are bound. Names that are suggested are those of variables in the training corpus,
        longer than a letter, and no keywords."""
        found = [each for each in variables(text, language) if each.role not in CONVENTIONAL]
        entry = syntax_of(language)
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
    """A network with the checkpoint's code2vec. The embeddings are the checkpoint's own, and are
    not trained."""
    lexicon = replace(checkpoint.lexicon, labels=labels, words=words)
    network = VariableNetwork(lexicon, checkpoint.settings.code)
    taught = checkpoint.network.code2vec
    network.code2vec.load_state_dict(taught.state_dict())
    network.code2vec.subtokens, network.code2vec.paths = taught.subtokens, taught.paths
    for name, weight in network.named_parameters():
        weight.requires_grad_(name not in SHARED)
    return network


def load(checkpoint: Checkpoint, device: str = "cpu") -> VariableNamer | None:
    """The checkpoint's namer of variables; None if it has none of this version."""
    folder = checkpoint.folder / FOLDER
    thresholds = Thresholds.load(folder)
    if thresholds is None:
        return None
    own = (Vocabulary.load(folder / name) for name in (LABELS, WORDS))
    network = untrained(checkpoint, *own)
    weights = {name: tensor.float() for name, tensor in load_file(folder / WEIGHTS).items()}
    network.load_state_dict({**network.state_dict(), **weights})
    network.to(device).eval().requires_grad_(False)
    return VariableNamer(network, thresholds)


def save(folder: Path, namer: VariableNamer) -> None:
    """Writes a namer into a folder, without the embeddings that it shares."""
    network = namer.network
    network.lexicon.labels.save(folder / LABELS)
    network.lexicon.words.save(folder / WORDS)
    own = {name: weight for name, weight in network.state_dict().items() if name not in SHARED}
    save_file({name: half_precision(weight) for name, weight in own.items()}, folder / WEIGHTS)
    namer.thresholds.save(folder)
