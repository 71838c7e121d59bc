"""Language models that go on from a published one. Their folder holds what is their own: how they
are read, the weights that were tuned, and a whitening; the rest is the published model's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from embeddings.text import whitening
from embeddings.text.settings import ModelSettings
from embeddings.text.weights import half_precision
from embeddings.text.whitening import Whitening

TUNED, TUNED_WEIGHTS, WHITENING = "tuned.json", "tuned.safetensors", "whitening.safetensors"


@dataclass(frozen=True, slots=True)
class TunedModel:
    """`model` is the published one's name; `settings` are None where it is read as that one.
    `asks_published`: descriptions are read by the published one, to which the weights were tuned,
    and not by these."""

    model: str
    settings: ModelSettings | None = None
    weights: Mapping[str, Tensor] | None = None
    whitening: Whitening | None = None
    asks_published: bool = False

    def save(self, folder: Path) -> None:
        """Weights are kept in half precision."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.weights is not None:
            halves = {name: half_precision(weight) for name, weight in self.weights.items()}
            save_file(halves, folder / TUNED_WEIGHTS)
        if self.whitening is not None:
            self.whitening.save(folder / WHITENING)
        read = {"settings": asdict(self.settings)} if self.settings else {}
        asks = {"asks_published": True} if self.asks_published else {}
        stated = {"model": self.model, **read, **asks}
        (folder / TUNED).write_text(json.dumps(stated) + "\n")


def load(name: str) -> TunedModel:
    """The derived model in a folder; any other model by its name is derived from itself."""
    folder = Path(name)
    if not (folder / TUNED).is_file():
        return TunedModel(name)
    stated = json.loads((folder / TUNED).read_text())
    weights, fitted = folder / TUNED_WEIGHTS, folder / WHITENING
    return TunedModel(
        stated["model"],
        ModelSettings.of(stated["settings"]) if "settings" in stated else None,
        load_file(weights) if weights.is_file() else None,
        whitening.load(fitted) if fitted.is_file() else None,
        stated.get("asks_published", False),
    )


def copy(folder: Path, out: Path) -> bool:
    """Puts a derived model's files into another folder; False if the folder holds none."""
    if not (folder / TUNED).is_file():
        return False
    for name in (TUNED, TUNED_WEIGHTS, WHITENING):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, out / name)
    return True
