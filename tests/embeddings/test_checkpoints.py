"""A checkpoint that was saved is the same when it is loaded, and says when it cannot be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from embeddings import checkpoints
from embeddings.checkpoints import Network, PathSettings, Settings
from embeddings.naming.network import LabelSource
from embeddings.networks.code2vec import Code2VecSettings
from embeddings.networks.fusion import FusionKind
from embeddings.networks.query_encoders import QueryKind, QueryPooling, QuerySettings
from embeddings.text.language_model import EncoderUnavailable
from tests.embeddings import tiny

SETTINGS = Settings(
    text_width=16,
    paths=PathSettings(max_contexts=50),
    code=Code2VecSettings(embedding=8, code=24),
    fusion=FusionKind.CONCATENATION,
    query=QuerySettings(QueryKind.RNN, QueryPooling.MAX, 8),
    labels=LabelSource.FUSED,
)


def saved(folder: Path, settings: Settings = SETTINGS, seed: int = 0) -> Path:
    torch.manual_seed(seed)
    lexicon = tiny.lexicon()
    checkpoints.save(folder, settings, lexicon, Network(settings, lexicon))
    return folder


def test_settings_vocabularies_and_weights_survive_the_disk(tmp_path: Path) -> None:
    loaded = checkpoints.load(saved(tmp_path / "mine"))
    assert loaded.name == "mine"
    assert loaded.settings == SETTINGS
    assert loaded.lexicon.paths.words == tiny.lexicon().paths.words
    torch.manual_seed(0)
    fresh = Network(SETTINGS, tiny.lexicon()).state_dict()
    for name, tensor in loaded.network.state_dict().items():
        assert torch.allclose(tensor, fresh[name], atol=2e-3), name


def test_a_second_saving_changes_nothing(tmp_path: Path) -> None:
    first = checkpoints.load(saved(tmp_path / "first"))
    checkpoints.save(tmp_path / "second", first.settings, first.lexicon, first.network)
    assert checkpoints.load(tmp_path / "second").fingerprint == first.fingerprint


def test_a_checkpoint_that_does_not_speak_of_paths_has_them(tmp_path: Path) -> None:
    folder = saved(tmp_path / "old")
    config = json.loads((folder / checkpoints.CONFIG).read_text())
    del config["code"]["paths"]
    (folder / checkpoints.CONFIG).write_text(json.dumps(config))
    assert checkpoints.load(folder).settings == SETTINGS


def test_other_weights_have_another_fingerprint(tmp_path: Path) -> None:
    first = checkpoints.load(saved(tmp_path / "first"))
    assert checkpoints.load(saved(tmp_path / "other", seed=1)).fingerprint != first.fingerprint


def test_what_is_no_checkpoint_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match="There is no checkpoint 'unheard-of'"):
        checkpoints.load("unheard-of")
    folder = saved(tmp_path / "old")
    config = json.loads((folder / checkpoints.CONFIG).read_text())
    (folder / checkpoints.CONFIG).write_text(json.dumps({**config, "format": 0}))
    with pytest.raises(EncoderUnavailable, match="another version"):
        checkpoints.load(folder)


@pytest.mark.parametrize(("name", "width"), [("default", 384), ("large", 768)])
def test_a_shipped_checkpoint_is_small_and_says_what_it_is(name: str, width: int) -> None:
    folder = checkpoints.SHIPPED_FOLDER / name
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 60_000_000
    assert checkpoints.load(name).settings.text_width == width
    assert "CoSQA" in (folder / "README.md").read_text()


def test_all_that_the_shipped_checkpoints_learnt_from_has_a_licence() -> None:
    manifest = json.loads((checkpoints.SHIPPED_FOLDER / "default/manifest.json").read_text())
    assert all(package["licence"] for package in manifest["packages"])
