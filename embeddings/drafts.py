"""The draft of a checkpoint: three files beside its own, which older versions of the library do not
miss. They are not part of the checkpoint's fingerprint, so that fused vectors stay valid when a
draft is trained anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from embeddings.code.placed_words import PLACES, placed_words
from embeddings.networks.draft import DraftLexicon, DraftNetwork, DraftSettings, collate
from embeddings.networks.vocabulary import Vocabulary
from embeddings.text.settings import EncoderUnavailable
from embeddings.text.weights import half_precision
from embeddings.types import Matrix

FORMAT = 1
"""Version of the files, and of what is read of a text."""

WEIGHTS, CONFIG, WORDS = "draft.safetensors", "draft.json", "draft-words.txt.gz"


@dataclass(frozen=True, slots=True)
class Draft:
    """A trained draft network with its settings and vocabulary."""

    settings: DraftSettings
    lexicon: DraftLexicon
    network: DraftNetwork

    @torch.inference_mode()
    def vectors(self, texts: Sequence[str], language: str, code: Matrix | None) -> Matrix:
        """n texts and, where known, their code vectors (n, code) → (n, dimensions), rows of unit
        length."""
        device = self.network.weights.device
        bags = self.lexicon.bags([placed_words(text, language) for text in texts])
        batch = collate(bags)
        vectors = self.network(
            type(batch)(*(column.to(device) for column in batch)),
            None if code is None else torch.from_numpy(code).to(device),
        )
        return np.asarray(vectors.cpu().numpy(), np.float32)


def save(folder: Path, settings: DraftSettings, words: Vocabulary, network: DraftNetwork) -> None:
    """Writes a draft into a checkpoint's folder."""
    words.save(folder / WORDS)
    weights = {name: half_precision(tensor) for name, tensor in network.state_dict().items()}
    save_file(weights, folder / WEIGHTS)
    config = {"format": FORMAT, "places": PLACES, **asdict(settings)}
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n")


def load(folder: Path) -> Draft:
    """The draft in a checkpoint's folder. Raises EncoderUnavailable if it has none that this
    version reads."""
    if not (folder / CONFIG).is_file():
        raise EncoderUnavailable(
            f"The checkpoint {folder.name} has no drafts. Train them with `python -m "
            f"embeddings.training draft --checkpoint {folder} --corpus FOLDER --out FOLDER`."
        )
    config = json.loads((folder / CONFIG).read_text())
    if (config.pop("format"), config.pop("places")) != (FORMAT, PLACES):
        raise EncoderUnavailable(f"The draft in {folder} was written by another version.")
    settings = DraftSettings(**config)
    lexicon = DraftLexicon(Vocabulary.load(folder / WORDS), settings.buckets)
    weights = {name: tensor.float() for name, tensor in load_file(folder / WEIGHTS).items()}
    dimensions, code = weights["code.weight"].shape
    network = DraftNetwork(len(lexicon), code, dimensions, settings)
    network.load_state_dict(weights)
    return Draft(settings, lexicon, network.eval().requires_grad_(False))


def fingerprint(folder: Path) -> str:
    """The hash of the draft's files in a checkpoint's folder; empty if it has no draft."""
    if not (folder / CONFIG).is_file():
        return ""
    digest = hashlib.sha256()
    for name in (CONFIG, WEIGHTS, WORDS):
        digest.update(hashlib.sha256((folder / name).read_bytes()).digest())
    return digest.hexdigest()
