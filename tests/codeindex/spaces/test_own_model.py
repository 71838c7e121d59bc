"""`manage.py train --from-index`: from what is indexed to a space that is being filled."""

from __future__ import annotations

from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from codeindex import repositories, tasks
from codeindex.ingestion import embedding, pipeline
from codeindex.models import Repository, Space, SpaceState
from codeindex.spaces import encoders, lifecycle, own_model
from codeindex.spaces.encoders import EncoderSource
from embeddings import checkpoints, load_encoder
from embeddings.training import adaptation
from embeddings.training.corpus import corpora
from tests.embeddings import tiny, tiny_packages
from tests.git import GitRepository

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_encoder_loaded")]

FOLDERS = 12
DESCRIBED = 6 * FOLDERS


@pytest.fixture
def in_use(tmp_path: Path) -> Space:
    """The space of a tiny checkpoint, which is active."""
    checkpoint = tiny.checkpoint(tmp_path / "checkpoint", tiny.bert(tmp_path / "bert"))
    source = EncoderSource(str(checkpoint))
    return lifecycle.space_for(encoders.cached(source), source)


@pytest.fixture
def indexed(source: GitRepository, registered: Repository, in_use: Space) -> Repository:
    """One repository of many folders."""
    source.commit(
        {f"src/part{n}/code.py": "\n\n".join(tiny_packages.functions(f"part{n}"))
         for n in range(FOLDERS)}
    )  # fmt: skip
    pipeline.index(tasks.request_index(repository=registered, by=None).pk)
    return registered


def trained(*arguments: str, least: int = DESCRIBED) -> str:
    out = StringIO()
    short = ["--fusion-epochs", "2", "--label-epochs", "2", "--least", str(least)]
    call_command("train", "--from-index", *short, *arguments, stdout=out)
    return out.getvalue()


def test_a_model_is_trained_measured_and_given_a_space(
    indexed: Repository, in_use: Space, tmp_path: Path
) -> None:
    said = trained("--out", str(tmp_path / "own"))
    assert f"{2 * DESCRIBED} functions, {DESCRIBED} of them with a docstring" in said
    assert "There are too few repositories to hold out whole ones" in said
    assert_projects_are_whole(tmp_path / "own" / "training")
    space = Space.objects.get(name="own")
    assert (space.state, space.checkpoint) == (SpaceState.BUILDING, str(tmp_path / "own"))
    assert lifecycle.coverage()[space.pk].missing == lifecycle.coverage()[in_use.pk].missing > 0
    in_use.refresh_from_db()
    assert set(space.figures) == set(in_use.figures)
    for name, value in space.figures.items():
        assert f"{name:<40}{in_use.figures[name]:<24}{value}" in said
    assert not any(name.endswith("among 999") for name in space.figures)
    while embedding.encode_batch(500):
        pass
    call_command("spaces", "activate", "own", stdout=StringIO())
    assert encoders.preferred_source() == EncoderSource(str(tmp_path / "own"))


def test_names_of_the_organisation_can_be_predicted(indexed: Repository, tmp_path: Path) -> None:
    before = load_encoder(encoders.preferred_source().checkpoint)
    trained("--out", str(tmp_path / "own"))
    names = checkpoints.load(tmp_path / "own").lexicon.labels.words
    assert set(checkpoints.load(encoders.preferred_source().checkpoint).lexicon.labels.words) < set(
        names
    )
    assert {"open_csv", "write_path"} <= set(names)
    known = {name for name, _ in before.predict_names(tiny.SOURCES[:1], k=100)[0]}
    now = {
        name for name, _ in load_encoder(tmp_path / "own").predict_names(tiny.SOURCES[:1], 100)[0]
    }
    assert now - known


def assert_projects_are_whole(corpus: Path) -> None:
    """Nothing that is measured on lies in a project that was trained on."""
    functions = corpora.read(corpus)
    splits: dict[str, set[str]] = {}
    for function in functions:
        splits.setdefault(function.package, set()).add(function.split)
    assert all(len(project_splits) == 1 for project_splits in splits.values())
    counts = Counter(function.split for function in functions if function.query)
    assert counts["test"] >= 0.1 * counts.total()
    assert counts["validation"] >= 0.05 * counts.total()
    assert counts["train"] > 0.6 * counts.total()


def test_of_many_repositories_whole_ones_are_kept_back(
    alice: User, in_use: Space, tmp_path: Path
) -> None:
    for number in range(FOLDERS):
        source = GitRepository.made(tmp_path / "sources" / f"shop{number}")
        source.commit({"code.py": "\n\n".join(tiny_packages.functions(f"shop{number}"))})
        registered = repositories.register(
            url=str(source.path), owner=alice, by=alice, trusted_path=True
        )
        pipeline.index(tasks.request_index(repository=registered, by=None).pk)
    said = trained("--out", str(tmp_path / "own"))
    assert "by whole repositories." in said
    assert_projects_are_whole(tmp_path / "own" / "training")
    packages = {function.package for function in corpora.read(tmp_path / "own" / "training")}
    assert packages == {f"shop{number}" for number in range(FOLDERS)}
    with pytest.raises(CommandError, match=r"^6 functions with a docstring are too few"):
        trained("--repository", "shop3")


def test_too_little_is_refused_with_the_count(indexed: Repository) -> None:
    with pytest.raises(
        CommandError, match=f"^{DESCRIBED} functions with a docstring .* 2,000 are needed"
    ):
        trained(least=own_model.LEAST_DESCRIBED)
    assert Space.objects.count() == 1


def test_a_checkpoint_is_not_overwritten(indexed: Repository, in_use: Space) -> None:
    with pytest.raises(CommandError, match="already contains a checkpoint"):
        trained("--out", in_use.checkpoint)


def test_a_language_model_alone_has_nothing_to_train(indexed: Repository, settings: Any) -> None:
    settings.CODEINDEX_TEXT_ONLY = True
    with pytest.raises(CommandError, match="without fusion"):
        trained()


@pytest.mark.parametrize("sizes", [{}, {"a": 10}, {"a": 50, "b": 50}, {"a": 90, "b": 5, "c": 5}])
def test_too_few_projects_keep_nothing_back(sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="too few projects"):
        adaptation.assign_splits(Counter(sizes))


def test_a_large_project_is_trained_on() -> None:
    splits = adaptation.assign_splits(Counter({"large": 80, **{f"small{n}": 4 for n in range(5)}}))
    assert splits["large"] == "train"
    assert Counter(splits.values()) == {"test": 3, "validation": 2, "train": 1}
