"""The draft of a checkpoint: three files beside its own, which older versions of the library do not
miss. They are not part of the checkpoint's fingerprint, so that fused vectors stay valid when a
draft is trained anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from embeddings.code.placed_words import PLACES, Words
from embeddings.naming.network import LabelSource
from embeddings.networks.draft import DraftBatch, DraftLexicon, DraftNetwork, DraftSettings, collate
from embeddings.networks.vocabulary import Vocabulary
from embeddings.text.settings import EncoderUnavailable
from embeddings.text.weights import half_precision
from embeddings.types import Matrix

FORMAT = 2
"""Version of the files, and of what is read of a text."""

WEIGHTS, CONFIG, WORDS = "draft.safetensors", "draft.json", "draft-words.txt.gz"
TABLE, SCALES = "table.weight", "table.scales"


@dataclass(frozen=True, slots=True)
class Draft:
    """A trained draft network with its settings and vocabulary."""

    settings: DraftSettings
    lexicon: DraftLexicon
    network: DraftNetwork

    @torch.inference_mode()
    def vectors(self, words: Sequence[Words], code: Matrix | None) -> Matrix:
        """The words of n texts by places and, where known, their code vectors (n, code) →
        (n, dimensions), rows of unit length."""
        columns = collate(self.lexicon.bags(words))
        batch = DraftBatch(*(column.to(self._device) for column in columns))
        return _array(self.network(batch, None if code is None else self._tensor(code)))

    @torch.inference_mode()
    def label_vectors(self, code: Matrix, source: LabelSource) -> Matrix:
        """Code vectors (n, code) → the vectors that labels are predicted from."""
        return _array(self.network.label_vectors(self._tensor(code), source))

    @property
    def _device(self) -> torch.device:
        return self.network.weights.device

    def _tensor(self, rows: Matrix) -> Tensor:
        return torch.from_numpy(rows).to(self._device)


def save(folder: Path, settings: DraftSettings, words: Vocabulary, network: DraftNetwork) -> None:
    """Writes a draft into a checkpoint's folder."""
    words.save(folder / WORDS)
    weights = {name: half_precision(tensor) for name, tensor in network.state_dict().items()}
    weights[TABLE], weights[SCALES] = _in_bytes(network.table.weight.detach().cpu())
    save_file(weights, folder / WEIGHTS)
    config = {"format": FORMAT, "places": PLACES, **asdict(settings)}
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n")


def load(folder: Path) -> Draft:
    """The draft in a checkpoint's folder. Raises EncoderUnavailable if it has none that this
    version reads."""
    config = _config(folder)
    if config is None:
        raise EncoderUnavailable(
            f"The checkpoint {folder.name} has no drafts, or those of another version. Train them "
            f"with `python -m embeddings.training draft --checkpoint {folder} --corpus FOLDER "
            f"--out FOLDER`."
        )
    settings = DraftSettings(**config)
    lexicon = DraftLexicon(Vocabulary.load(folder / WORDS), settings.buckets)
    weights = {name: tensor.float() for name, tensor in load_file(folder / WEIGHTS).items()}
    weights[TABLE] *= weights.pop(SCALES)
    (dimensions, code), (text, _) = (
        weights[f"{name}.weight"].shape for name in ("code", "stand_in")
    )
    network = DraftNetwork(len(lexicon), code, dimensions, text, settings)
    network.load_state_dict(weights)
    return Draft(settings, lexicon, network.eval().requires_grad_(False))


def _in_bytes(table: Tensor) -> tuple[Tensor, Tensor]:
    """A table (n, width) in 8 bits, with the scale of each row (n, 1): it is most of a draft, and a
    shipped checkpoint has a largest size."""
    scales = half_precision(table.abs().amax(dim=1, keepdim=True).clamp(min=1e-3) / 127)
    return (table / scales.float()).round().clamp(-127, 127).to(torch.int8), scales


def fingerprint(folder: Path) -> str:
    """The hash of the draft's files in a checkpoint's folder; empty if it has none that this
    version reads."""
    if _config(folder) is None:
        return ""
    digest = hashlib.sha256()
    for name in (CONFIG, WEIGHTS, WORDS):
        digest.update(hashlib.sha256((folder / name).read_bytes()).digest())
    return digest.hexdigest()


def _config(folder: Path) -> dict[str, Any] | None:
    """The settings of a draft of this version."""
    path = folder / CONFIG
    config: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    versions = config.pop("format", None), config.pop("places", None)
    return config if versions == (FORMAT, PLACES) else None


def _array(rows: Tensor) -> Matrix:
    return np.asarray(rows.cpu().numpy(), np.float32)
