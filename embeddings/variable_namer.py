"""The network of variables' names, in the folder `variables` of a checkpoint, whose embeddings of
subtokens and paths it shares."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from safetensors.torch import load_file, save_file

from embeddings.checkpoints import Checkpoint
from embeddings.naming.variable_network import VariableNetwork
from embeddings.networks.vocabulary import Vocabulary
from embeddings.text.weights import half_precision

FOLDER, WEIGHTS, LABELS, WORDS = "variables", "model.safetensors", "labels.txt.gz", "words.txt.gz"
SHARED = ("code2vec.subtokens.weight", "code2vec.paths.weight")


def untrained(checkpoint: Checkpoint, labels: Vocabulary, words: Vocabulary) -> VariableNetwork:
    """A network with the checkpoint's code2vec, whose embeddings are not trained."""
    lexicon = replace(checkpoint.lexicon, labels=labels, words=words)
    network = VariableNetwork(lexicon, checkpoint.settings.code)
    network.code2vec.load_state_dict(checkpoint.network.code2vec.state_dict())
    for name, weight in network.named_parameters():
        weight.requires_grad_(name not in SHARED)
    return network


def load(checkpoint: Checkpoint) -> VariableNetwork | None:
    """The checkpoint's network of variables' names; None if it has none."""
    folder = checkpoint.folder / FOLDER
    if not (folder / WEIGHTS).is_file():
        return None
    own = (Vocabulary.load(folder / name) for name in (LABELS, WORDS))
    network = untrained(checkpoint, *own)
    weights = {name: tensor.float() for name, tensor in load_file(folder / WEIGHTS).items()}
    network.load_state_dict({**network.state_dict(), **weights})
    return network.eval().requires_grad_(False)


def save(folder: Path, network: VariableNetwork) -> None:
    """Writes a network into a folder, without the embeddings that it shares."""
    network.lexicon.labels.save(folder / LABELS)
    network.lexicon.words.save(folder / WORDS)
    own = {name: weight for name, weight in network.state_dict().items() if name not in SHARED}
    save_file({name: half_precision(weight) for name, weight in own.items()}, folder / WEIGHTS)
