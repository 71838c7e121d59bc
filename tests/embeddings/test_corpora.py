"""Corpora: what is taken from projects and what is left out, copies and near copies of functions,
and splits that keep an organisation's projects together."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from embeddings.training import corpora, near_duplicates, packages, parts
from embeddings.training.__main__ import main
from embeddings.training.corpora import Function, split
from embeddings.training.functions import normalised, query_of, without_docstring
from embeddings.training.projects import Project, families
from embeddings.training.sources import Tree, is_own_source
from tests.embeddings import tiny_packages
from tests.embeddings.tiny_packages import FUNCTIONS, PACKAGES, package

SUM = '''def total(rows, start):
    """Adds up the amounts of the rows."""
    result = start
    for row in rows:
        if row.valid:
            result += row.amount * row.price
    return round(result, 2)
'''
NEARLY = SUM.replace("result = start", "result = start or 0")
OTHER = SUM.replace("row.amount * row.price", "len(row)").replace("round(result, 2)", "result / 2")


def build(out: Path, site: Path, *options: str) -> tuple[list[Function], dict[str, Any]]:
    assert main(["corpus", "--packages", str(site), "--out", str(out), *options]) == 0
    return corpora.read(out), json.loads((out / "manifest.json").read_text())


def test_a_corpus_leaves_out_what_must_not_be_trained_on(tmp_path: Path) -> None:
    site, left_out, known = tmp_path / "site", tmp_path / "never.txt", tmp_path / "known.jsonl"
    tiny_packages.site(site)
    package(site, "reciprocal", "GPL-3.0")
    package(site, "evaluated", url="https://github.com/Someone/Evaluated.git")
    package(site, "unwanted")
    left_out.write_text("Someone/Evaluated\n")
    known.write_text(json.dumps({"code": tiny_packages.functions("package0")[0]}))
    options = ["--leave-out", str(left_out), "--without", str(known), "--exclude", "Unwanted"]
    functions, manifest = build(tmp_path / "corpus", site, *options)
    assert manifest["packages_left_out"] == {
        "reciprocal": "no permissive licence stated",
        "evaluated": "made from a repository that must not be trained on",
        "unwanted": "excluded by name",
    }
    assert len(functions) == manifest["functions"] == PACKAGES * FUNCTIONS - 1
    assert manifest["functions_left_out"]["copy, or in the evaluation data"] == 1
    assert {row["licence"] for row in manifest["packages"]} == {"MIT"}


def test_near_duplicates_go_and_what_has_a_docstring_stays(tmp_path: Path) -> None:
    site = tmp_path / "site"
    package(site, "a", code=without_docstring(NEARLY))
    package(site, "b", code=SUM)
    package(site, "c", code=OTHER)
    functions, manifest = build(tmp_path / "corpus", site)
    assert {function.package for function in functions} == {"b", "c"}
    left_out = manifest["functions_left_out"]
    assert left_out["near duplicate, or nearly in the evaluation data"] == 1


def test_what_is_nearly_in_the_evaluation_data_goes(tmp_path: Path) -> None:
    site, known = tmp_path / "site", tmp_path / "known.jsonl"
    package(site, "b", code=SUM)
    package(site, "c", code=OTHER)
    # The evaluation data may themselves hold near duplicates: what is near to any of them goes.
    known.write_text("\n".join(json.dumps({"code": code}) for code in (OTHER, NEARLY)))
    functions, _ = build(tmp_path / "corpus", site, "--without", str(known))
    assert functions == []


def test_near_duplicates_are_found_among_many() -> None:
    codes = [code for number in range(40) for code in tiny_packages.functions(f"package{number}")]
    codes = [*codes, SUM, OTHER, NEARLY]
    near = near_duplicates.near_earlier(near_duplicates.signatures(codes))
    assert near.nonzero()[0].tolist() == [len(codes) - 1]


def test_functions_of_test_classes_are_left_out(tmp_path: Path) -> None:
    methods = SUM.replace("\n", "\n    ").replace("rows, start", "self, rows, start")
    classes = ["class TestSum:", "class Sums(unittest.TestCase):", "class Sums(Base):"]
    for number, line in enumerate(classes):
        package(tmp_path / "site", f"p{number}", code=f"{line}\n    {methods}")
    functions, _ = build(tmp_path / "corpus", tmp_path / "site")
    assert [function.package for function in functions] == ["p2"]


def test_a_corpus_is_split_by_project(tmp_path: Path) -> None:
    tiny_packages.site(tmp_path / "site")
    splits: dict[str, set[str]] = {}
    for function in build(tmp_path / "corpus", tmp_path / "site")[0]:
        splits.setdefault(function.package, set()).add(function.split)
    assert all(len(found) == 1 for found in splits.values())
    assert {"train", "validation", "test"} == set.union(*splits.values())


def test_no_held_out_split_is_one_large_project() -> None:
    sizes = Counter({f"small{number}": 10 for number in range(50)}, large=10_000)
    assert split(sizes)["large"] == "train"


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


def test_what_was_read_of_a_source_is_read_once(tmp_path: Path) -> None:
    project, root, kept = Project("p", "1", "MIT", ()), tmp_path / "tree", tmp_path / "parts"
    root.mkdir()
    (root / "code.py").write_text(SUM)

    def read() -> list[str]:
        batches = parts.batches_of(Tree.of(project, root), kept)
        return [function.name for batch in batches for function in batch.functions]

    assert read() == ["total"]
    (part,) = kept.iterdir()
    part.write_text(part.read_text().replace("total", "kept"))
    assert read() == ["kept"]
    (root / "more.py").write_text(OTHER.replace("total", "mean"))
    assert read() == ["total", "mean"]


@pytest.mark.parametrize(
    ("docstring", "query"),
    [
        ("Read a :class:`File` from disk.\n\nMore.", "Read a File from disk."),
        ("Read\n    it all.\n:param x: no", "Read it all."),
        ("Read it all.\n    Args:\n        x: no", "Read it all."),
        ("Read it all.\nParameters\n----------\nx", "Read it all."),
        ("Reads what the parameters say.", "Reads what the parameters say."),
        (":param x: what to read and where", ""),
        ("See https://example.org for all", ""),
        ("Too short", ""),
        ("", ""),
        ("Прочитать весь файл сразу", ""),
    ],
)
def test_a_query_is_a_docstrings_first_paragraph(docstring: str, query: str) -> None:
    assert query_of(docstring) == query


def test_a_docstring_is_cut_out_of_the_code() -> None:
    code = 'def f(x):\n    """Says\n    much."""\n    return x'
    assert without_docstring(code) == "def f(x):\n    return x"
    assert without_docstring('def f():\n    "says"') == "def f():\n    pass"
    assert without_docstring("def f(x):\n    return x") == "def f(x):\n    return x"


def test_layout_comments_and_docstrings_do_not_make_a_copy_another_function() -> None:
    code = 'def f(x):\n    """Says."""\n    return x  # now'
    assert normalised(code) == normalised("def f( x ):\n  return x")
    assert normalised(code) != normalised("def g(x):\n    return x")


def test_test_vendored_and_generated_files_are_no_sources() -> None:
    own = [file for file in packages.standard_library().files if file == "csv.py"]
    assert len(own) == 1
    foreign = ["pip/_vendor/x.py", "a/tests/x.py", "a/kernel_tests/x.py", "a/test_x.py"]
    for path in [*foreign, "a/x_pb2.py", "a/x.txt", "a/testing/x.py"]:
        assert not is_own_source(Path(path)), path
    assert is_own_source(Path("contest/latest/code.py"))
