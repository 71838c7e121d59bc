"""Language models tuned from a published one. Their folder contains what differs: settings, tuned
weights, and a whitening. The rest comes from the published model."""

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
    """`model` is the name of the published model; `settings` are None if they are the same.
    `asks_published`: the published model encodes descriptions, and the weights were tuned to its
    vectors. `files` are those from which it was loaded."""

    model: str
    settings: ModelSettings | None = None
    weights: Mapping[str, Tensor] | None = None
    whitening: Whitening | None = None
    asks_published: bool = False
    files: tuple[Path, ...] = ()

    def save(self, folder: Path) -> None:
        """Writes the files; weights are stored in half precision."""
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
    """The tuned model in a folder; for any other name, that model without changes."""
    folder = Path(name)
    if not (folder / TUNED).is_file():
        return TunedModel(name)
    stated = json.loads((folder / TUNED).read_text())
    weights, fitted = folder / TUNED_WEIGHTS, folder / WHITENING
    return TunedModel(
        stated["model"],
        ModelSettings.from_dict(stated["settings"]) if "settings" in stated else None,
        load_file(weights) if weights.is_file() else None,
        whitening.load(fitted) if fitted.is_file() else None,
        stated.get("asks_published", False),
        tuple(path for path in (weights, fitted) if path.is_file()),
    )


def copy(folder: Path, out: Path) -> bool:
    """Copies a tuned model's files into another folder; False if there are none."""
    if not (folder / TUNED).is_file():
        return False
    for name in (TUNED, TUNED_WEIGHTS, WHITENING):
        if (folder / name).is_file():
            shutil.copyfile(folder / name, out / name)
    return True
