"""Splits that keep an organisation's projects together."""

from __future__ import annotations

from collections import Counter

from embeddings.training.corpus.projects import Project, families
from embeddings.training.corpus.splits import split


def test_no_large_project_is_more_than_a_quarter_of_a_held_out_split() -> None:
    sizes = Counter({f"small{n}": 10 for n in range(500)}, large=2_000, larger=3_000)
    chosen = split(sizes)
    assert chosen["large"] == chosen["larger"] == "train"
    assert {"validation", "test"} <= set(chosen.values())


def test_of_few_projects_the_smallest_are_held_out() -> None:
    assert split(Counter(a=30, b=10, c=20)) == {"a": "train", "b": "test", "c": "validation"}
    assert split(Counter(a=30)) == {"a": "train"}


def test_projects_of_one_organisation_fall_into_one_split() -> None:
    projects = [Project(f"cloud-{n}", "1", "MIT", (f"org/{n}", "sponsors/x")) for n in range(20)]
    others = [Project(f"other-{n}", "1", "MIT", ("sponsors/x",)) for n in range(180)]
    joined = families([*projects, *others])
    assert len({joined[project.name] for project in projects}) == 1
    assert len(set(joined.values())) == 181
    sizes = Counter({project.name: 10 for project in (*projects, *others)})
    chosen = split(sizes, joined)
    assert len({chosen[project.name] for project in projects}) == 1
    assert {"train", "validation", "test"} == set(chosen.values())


def test_what_is_new_of_a_family_joins_the_split_that_it_had() -> None:
    names = {"a": "org", "b": "org", "c": "org", "d": "other", "gone": "other"}
    kept = {"a": "train", "b": "test", "gone": "validation"}
    sizes = Counter(a=10, b=10, c=10, d=10, e=1000)
    chosen = split(sizes, names, kept)
    assert chosen == {"a": "train", "b": "test", "c": "test", "d": "validation", "e": "train"}


def test_each_language_has_projects_to_measure_with() -> None:
    sizes = Counter({f"large{n}": 3_000 for n in range(100)}) + Counter(a=90, b=60, c=30, d=900)
    languages = dict.fromkeys("abcd", "zig")
    chosen = split(sizes, languages=languages)
    assert {chosen[project] for project in "abcd"} == {"train", "validation", "test"}
    assert chosen["d"] == "train"


def test_projects_without_docstrings_are_trained_on() -> None:
    chosen = split(Counter(a=0, b=0, c=0, d=10, e=20, f=30))
    assert {chosen[project] for project in "abc"} == {"train"}
    assert {chosen[project] for project in "def"} == {"train", "validation", "test"}


def test_a_held_out_split_that_stays_too_small_takes_more() -> None:
    chosen = split(Counter({"a": 10, **{f"p{n}": 100 for n in range(20)}}))
    held = Counter(chosen.values())
    assert held["test"] == 2  # 110 of 2,010: more than half of its share
    assert held["validation"] == 1
