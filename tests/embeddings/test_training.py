"""The training command from a folder of packages to a checkpoint that encodes, its leaving-out of
what must not be trained on, and its going on after a kill."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from embeddings import load_encoder
from embeddings.training import corpora, packages
from embeddings.training.__main__ import main
from embeddings.training.corpora import normalised, query_of, split, without_docstring
from embeddings.training.loop import Run
from embeddings.training.vectors import VectorCache
from embeddings.types import Matrix
from tests.embeddings import tiny

VERBS = ["read", "write", "sort", "open", "sum"]
THINGS = ["file", "path", "list", "csv", "json"]


def package(folder: Path, name: str, licence: str, url: str = "", verbs: list[str] = VERBS) -> None:
    """An installed package with a module of 25 small functions, half of them described."""
    functions = [
        f"def {verb}_{thing}({thing}):\n"
        + (f'    """{verb.title()}s the {thing} of {name}."""\n' if row % 2 else "")
        + f"    {verb}_result = {thing}.{verb}('{name}', {row})\n    return {verb}_result\n"
        for row, (verb, thing) in enumerate((v, t) for v in verbs for t in THINGS)
    ]
    (folder / name).mkdir(parents=True)
    (folder / name / "code.py").write_text("\n\n".join(functions))
    information = folder / f"{name}-1.0.dist-info"
    information.mkdir()
    home = f"Home-page: {url}\n" if url else ""
    (information / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nLicense: {licence}\n{home}"
    )
    (information / "RECORD").write_text(f"{name}/code.py,,\n")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    for number in range(48):
        package(folder, f"package{number}", "MIT")
    package(folder, "reciprocal", "GPL-3.0")
    package(folder, "evaluated", "MIT", "https://github.com/Someone/Evaluated.git")
    return folder


@pytest.fixture
def corpus(site: Path, tmp_path: Path) -> Path:
    left_out = tmp_path / "never.txt"
    left_out.write_text("Someone/Evaluated\n")
    known = tmp_path / "evaluation.jsonl"
    known.write_text(json.dumps({"code": (site / "package0/code.py").read_text().split("\n\n")[0]}))
    out = tmp_path / "corpus"
    options = ["--packages", str(site), "--leave-out", str(left_out), "--without", str(known)]
    assert main(["corpus", *options, "--out", str(out)]) == 0
    return out


def train(corpus: Path, model: Path, out: Path, *options: str) -> None:
    chosen = ["--epochs", "2", "--fusion-epochs", "2", "--max-tokens", "32", *options]
    where = ["--corpus", str(corpus), "--llm", str(model), "--out", str(out)]
    assert main(["train", *where, *chosen]) == 0


def test_a_corpus_leaves_out_what_must_not_be_trained_on(corpus: Path) -> None:
    functions = corpora.read(corpus)
    manifest = json.loads((corpus / "manifest.json").read_text())
    assert manifest["packages_left_out"] == {
        "reciprocal": "no permissive licence stated",
        "evaluated": "made from a repository that must not be trained on",
    }
    assert len(functions) == manifest["functions"] == 48 * 25 - 1
    assert manifest["functions_left_out"]["copy, or in the evaluation data"] == 1
    assert {row["licence"] for row in manifest["packages"]} == {"MIT"}


def test_a_corpus_is_split_by_package(corpus: Path) -> None:
    splits: dict[str, set[str]] = {}
    for function in corpora.read(corpus):
        splits.setdefault(function.package, set()).add(function.split)
    assert all(len(found) == 1 for found in splits.values())
    assert {"train", "validation", "test"} == set.union(*splits.values())


def test_no_held_out_split_is_one_large_package() -> None:
    sizes = Counter({f"small{number}": 10 for number in range(50)}, large=10_000)
    assert split(sizes)["large"] == "train"


def test_training_ends_with_a_checkpoint_that_encodes(corpus: Path, tmp_path: Path) -> None:
    model = tiny.bert(tmp_path / "bert")
    train(corpus, model, tmp_path / "checkpoint", "--query", "nbow", "--labels", "fused")
    encoder = load_encoder(tmp_path / "checkpoint")
    assert encoder.encode(tiny.SOURCES).vectors.shape == (3, encoder.dimensions)
    assert not list((tmp_path / "checkpoint").glob("*.pt"))
    curves = (tmp_path / "checkpoint" / "curves.csv").read_text()
    assert "code2vec,2,validation label f1" in curves
    assert "fusion,2,search" in curves


def test_a_run_that_was_killed_goes_on_to_the_same_end(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny.bert(tmp_path / "bert")
    train(corpus, model, tmp_path / "undisturbed")
    saving, saved = Run._save, []

    def killed(self: Run, *state: object) -> None:
        saving(self, *state)  # type: ignore[arg-type]
        saved.append(state)
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "_save", killed)
    with pytest.raises(KeyboardInterrupt):
        train(corpus, model, tmp_path / "resumed")
    monkeypatch.setattr(Run, "_save", saving)
    train(corpus, model, tmp_path / "resumed", "--resume")
    assert len(saved) == 1
    first, second = (
        load_file(tmp_path / name / "model.safetensors") for name in ("undisturbed", "resumed")
    )
    for name, tensor in first.items():
        assert torch.allclose(tensor.float(), second[name].float(), atol=1e-3), name


def test_training_makes_it_better(corpus: Path, tmp_path: Path) -> None:
    model = tiny.bert(tmp_path / "bert")
    train(corpus, model, tmp_path / "checkpoint", "--epochs", "12")
    rows = [line.split(",") for line in (tmp_path / "checkpoint/curves.csv").read_text().split()]
    losses = [float(row[3]) for row in rows if row[0] == "code2vec" and row[2] == "labels"]
    assert losses[-1] < losses[0]


def test_the_figures_of_a_checkpoint_are_printed(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = tiny.checkpoint(tmp_path / "checkpoint", tiny.bert(tmp_path / "bert"))
    rows = [{"id": row, "code": source} for row, source in enumerate(tiny.SOURCES)]
    (tmp_path / "cosqa_corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "cosqa_dev.jsonl").write_text(json.dumps({"query": "sort", "relevant": [1]}))
    where = ["--checkpoint", str(checkpoint), "--corpus", str(corpus), "--cosqa", str(tmp_path)]
    assert main(["evaluate", *where]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {"CoSQA dev MRR", "label subtoken F1"} <= report["checkpoint"].keys()
    assert "CoSQA dev nDCG@10" in report["language model alone"]


def test_vectors_are_computed_once(tmp_path: Path) -> None:
    class Counting:
        dimensions, fingerprint = 2, "counting"

        def __init__(self) -> None:
            self.seen: list[str] = []

        def encode(self, texts: list[str]) -> Matrix:
            self.seen += texts
            return np.array([[len(text), 1] for text in texts], np.float32)

    encoder = Counting()
    VectorCache(encoder, tmp_path).add(["a", "bb", "a"], "texts")
    again = VectorCache(encoder, tmp_path)
    again.add(["bb", "ccc"], "texts")
    assert encoder.seen == ["a", "bb", "ccc"]
    assert again.get(["ccc", "a"]).tolist() == [[3, 1], [1, 1]]


@pytest.mark.parametrize(
    ("docstring", "query"),
    [
        ("Read a :class:`File` from disk.\n\nMore.", "Read a File from disk."),
        ("Read\n    it all.\n:param x: no", "Read it all."),
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
    own = [path for path in packages.standard_library().files if path.name == "csv.py"]
    assert len(own) == 1
    for foreign in ("pip/_vendor/x.py", "a/tests/x.py", "a/test_x.py", "a/x_pb2.py", "a/x.txt"):
        assert not packages._is_own_source(Path(foreign)), foreign
