"""A model may come as an archive in several packages: it is joined once, and only if it is the one
that was published."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from embeddings.text import wheel_models
from embeddings.text.language_model import EncoderUnavailable, load_model
from embeddings.text.wheel_models import WheelModel
from tests.embeddings import tiny_models

NAME = "someone/tiny"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WheelModel:
    """Three installed packages with a part of a tiny model's archive each."""
    model = tiny_models.bert(tmp_path / "models/tiny")
    whole = Path(
        shutil.make_archive(str(tmp_path / "tiny"), "zip", tmp_path / "models")
    ).read_bytes()
    packages = tuple(f"tiny-part-{number}" for number in (1, 2, 3))
    third = len(whole) // 3 + 1
    for number, package in enumerate(packages):
        part = f"{package}/tiny.zip.00{number + 1}"
        (tmp_path / "site" / package).mkdir(parents=True)
        (tmp_path / "site" / part).write_bytes(whole[number * third : (number + 1) * third])
        described = tmp_path / "site" / f"{package.replace('-', '_')}-1.0.dist-info"
        described.mkdir()
        (described / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
        )
        (described / "RECORD").write_text(f"{package}/__init__.py,,\n{part},,\n")
    digest = hashlib.sha256((model / wheel_models.WEIGHTS).read_bytes()).hexdigest()
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return WheelModel(packages, "tiny", digest)


def test_its_parts_are_joined_once(
    installed: WheelModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(wheel_models.WHEEL_MODELS, NAME, installed)
    vector = load_model(NAME).encode(["sort"])
    shutil.rmtree(tmp_path / "site")
    assert (load_model(NAME).encode(["sort"]) == vector).all()
    assert not list((tmp_path / "cache").rglob("*.zip"))


def test_another_model_than_the_published_one_is_refused(
    installed: WheelModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = WheelModel(installed.packages, installed.folder, "0" * 64)
    monkeypatch.setitem(wheel_models.WHEEL_MODELS, NAME, other)
    with pytest.raises(EncoderUnavailable, match="do not contain the published weights"):
        load_model(NAME)
    assert not (tmp_path / "cache/codeindex/models/tiny").exists()


def test_without_the_packages_it_is_a_model_of_the_hub(
    installed: WheelModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    missing = WheelModel((*installed.packages, "tiny-part-4"), "tiny", installed.digest)
    monkeypatch.setitem(wheel_models.WHEEL_MODELS, NAME, missing)
    with pytest.raises(EncoderUnavailable, match="pip install tiny-part-1 tiny-part-2"):
        load_model(NAME)
