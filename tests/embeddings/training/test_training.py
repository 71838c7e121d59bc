"""The training command from a folder of packages to a checkpoint that encodes, and its going on
after a kill."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from embeddings import checkpoints, load_encoder
from embeddings.naming.network import LabelSource
from embeddings.text import adapters
from embeddings.text.language_model import TUNED_WEIGHTS, load_model
from embeddings.training import measures, results_table
from embeddings.training.__main__ import main
from embeddings.training.corpus import corpora
from embeddings.training.corpus.functions import Function, function_in_text
from embeddings.training.data import comments
from embeddings.training.data.training_pairs import docstring_pair, first_clause, keywords
from embeddings.training.data.vectors import VectorCache
from embeddings.training.stages.code import Objective
from embeddings.training.stages.loop import CURVES, Run
from embeddings.types import Matrix
from tests.embeddings import tiny

CLASS = "class Recorder(Base):\n    def record(self, row): ..."


def train(corpus: Path, model: Path, out: Path, *options: str) -> None:
    chosen = ["--epochs", "2", "--fusion-epochs", "2", "--name-epochs", "2", "--max-tokens", "32"]
    chosen += options
    where = ["--corpus", str(corpus), "--llm", str(model), "--out", str(out)]
    assert main(["train", *where, *chosen]) == 0


@pytest.mark.parametrize("labels", LabelSource)
def test_training_ends_with_a_checkpoint_that_encodes(
    labels: LabelSource, corpus: Path, tmp_path: Path
) -> None:
    model = tiny.bert(tmp_path / "bert")
    train(corpus, model, tmp_path / "checkpoint", "--query", "nbow", "--labels", labels)
    encoder = load_encoder(tmp_path / "checkpoint")
    encoded = encoder.encode(tiny.SOURCES)
    assert encoded.vectors.shape == (3, encoder.dimensions)
    assert all(encoded.names)
    assert not list((tmp_path / "checkpoint").glob("*.pt"))
    curves = (tmp_path / "checkpoint" / "curves.csv").read_text()
    assert "code2vec,2,validation label f1" in curves
    assert "fusion,2,search" in curves
    assert ("names,2,validation label f1" in curves) == (labels is not LabelSource.CODE)


def test_code2vec_may_be_trained_without_paths(corpus: Path, tmp_path: Path) -> None:
    model, first, second = (tmp_path / name for name in ("bert", "first", "second"))
    train(corpus, tiny.bert(model), first, "--without-paths")
    train(corpus, model, second, "--code2vec", str(first), "--fusion", "concatenation")
    for folder in (first, second):
        assert "code2vec.paths.weight" not in load_file(folder / "model.safetensors")
        assert not checkpoints.load(folder).lexicon.paths.words
        encoder = load_encoder(folder)
        assert encoder.encode(tiny.SOURCES).vectors.shape == (3, encoder.dimensions)
        why = encoder.explain(tiny.SOURCES[0], "read a file")
        assert sum(context.attention for context in why.contexts) == pytest.approx(1, abs=1e-5)
        assert why.shares is not None


@pytest.mark.parametrize("objective", Objective)
def test_code2vec_is_trained_for_what_is_asked(
    objective: Objective, corpus: Path, tmp_path: Path
) -> None:
    train(corpus, tiny.bert(tmp_path / "bert"), tmp_path / "out", "--objective", objective)
    with (tmp_path / "out" / CURVES).open() as file:
        figures = {row["figure"] for row in csv.DictReader(file) if row["stage"] == "code2vec"}
    assert ("labels" in figures) == (objective is not Objective.SEARCH)
    assert ("search" in figures) == (objective is not Objective.LABELS)


@pytest.mark.parametrize("joint", [True, False])
def test_code2vec_learns_on_with_the_fusion_if_that_is_asked(
    joint: bool, corpus: Path, tmp_path: Path
) -> None:
    model, first, second = (tmp_path / name for name in ("bert", "first", "second"))
    train(corpus, tiny.bert(model), first, "--labels", "words")
    borrowed = ["--labels", "words", "--code2vec", str(first), *(["--joint"] if joint else [])]
    train(corpus, model, second, *borrowed)
    weights = (load_file(folder / "model.safetensors") for folder in (first, second))
    before, after = (state["code2vec.layer.weight"] for state in weights)
    assert torch.equal(before, after) != joint


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


def test_figures_are_recorded_and_make_a_table(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bert = tiny.bert(tmp_path / "bert")
    checkpoint = tiny.checkpoint(tmp_path / "checkpoint", bert)
    rows = [{"id": row, "code": source} for row, source in enumerate(tiny.SOURCES)]
    (tmp_path / "cosqa_corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "cosqa_dev.jsonl").write_text(json.dumps({"query": "sort", "relevant": [1]}))
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "files.py").write_text("\n\n".join(tiny.SOURCES))
    queries = [{"query": "read a file", "relevant": ["files.py"], "secondary": []}]
    questions = tmp_path / "questions.json"
    questions.write_text(json.dumps({"shop": {"root": ".", "queries": queries}}))
    where = ["--corpus", str(corpus), "--cosqa", str(tmp_path)]
    where += ["--questions", str(questions), "--repositories", str(tmp_path)]
    records, document = tmp_path / "records", tmp_path / "validation.md"
    for seed in (1, 2):
        named = ["--name", "fused", "--seed", str(seed), "--record", str(records / f"{seed}.json")]
        assert main(["evaluate", "--checkpoint", str(checkpoint), *where, *named]) == 0
    alone = ["--llm", str(bert), "--name", "text", "--record", str(records / "text.json")]
    assert main(["evaluate", *where, *alone]) == 0
    assert "repository questions, nDCG@10: 1.000" in capsys.readouterr().out
    compared = ["--named", "0", "--name", "again", "--record", str(records / "again.json")]
    compared += ["--runtime", "torch", "--against", f"the same={checkpoint}"]
    assert main(["evaluate", "--checkpoint", str(checkpoint), *where, *compared]) == 0
    again = measures.Record.load(records / "again.json")
    assert again.kind.endswith(", torch")
    gains = again.gains["the same"]
    assert {(gain.value, gain.low, gain.high) for gain in gains.values()} == {(0.0, 0.0, 0.0)}
    assert not [column for column in gains if column.startswith("names")]
    document.write_text(f"Above.\n{results_table.BEGIN}\nold\n{results_table.END}\nBelow.\n")
    for _ in range(2):  # writing it again changes nothing
        assert main(["validate", "--records", str(records), "--out", str(document)]) == 0
        first, *_, last = document.read_text().splitlines()
        assert (first, last) == ("Above.", "Below.")
        assert document.read_text().count("| fused, 2 seeds | ") == 1
        assert document.read_text().count("| again less the same | 0.000") == 1
    assert "old" not in document.read_text()


def test_names_of_classes_are_measured_apart_and_however_they_are_spelt(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bert = tiny.bert(tmp_path / "bert")
    checkpoint = tiny.checkpoint(tmp_path / "checkpoint", bert)
    measured = ["evaluate", "--checkpoint", str(checkpoint), "--corpus", str(corpus)]
    assert main(measured) == 0
    assert "names of classes" not in capsys.readouterr().out
    (best, *_) = load_encoder(checkpoint).predict_names([CLASS])[0]
    name = "".join(part.capitalize() for part in best[0].split("_"))
    row = Function("p", "test", name, CLASS, CLASS, "", is_class=True)
    (corpus / corpora.CLASSES).write_text(json.dumps(asdict(row)) + "\n")
    assert main(measured) == 0
    assert "names of classes, exact: 1.000" in capsys.readouterr().out


def test_a_tuned_language_model_finds_more_and_comes_with_the_checkpoint(
    corpus: Path, tmp_path: Path
) -> None:
    model, tuned, out = tiny.bert(tmp_path / "bert"), tmp_path / "tuned", tmp_path / "out"
    where = ["--corpus", str(corpus), "--max-tokens", "32"]
    questions = [{"question": f"how to sort by {word}", "code": word} for word in tiny.WORDS]
    (tmp_path / "asked.jsonl").write_text("\n".join(map(json.dumps, questions)))
    where += ["--asked", str(tmp_path / "asked.jsonl")]
    assert main(["tune", *where, "--llm", str(model), "--epochs", "2", "--out", str(tuned)]) == 0
    with (tuned / CURVES).open() as file:
        losses = [float(row["value"]) for row in csv.DictReader(file) if row["figure"] == "search"]
    assert losses[-1] < losses[0]
    before, after = load_model(str(model)), load_model(str(tuned))
    assert after.weights_fingerprint != before.weights_fingerprint
    words = [model.network.get_input_embeddings().weight for model in (before, after)]
    assert torch.equal(*words)
    train(corpus, tuned, out)
    assert load_file(out / "tuned.safetensors").keys() == load_file(tuned / TUNED_WEIGHTS).keys()
    shutil.rmtree(tuned)
    source = tiny.SOURCES[0]
    assert load_encoder(out).encode_definitions([source]).shape == (1, 32)
    assert load_encoder(out, llm=str(model), text_only=True).encode_queries(["a"]).shape == (1, 32)


@pytest.mark.parametrize("again", [[], ["--lora", "2"]], ids=["whole weights", "adapters"])
def test_adapters_alone_are_trained_and_kept_and_tuned_further(
    again: list[str], corpus: Path, tmp_path: Path
) -> None:
    model, tuned, further = tiny.bert(tmp_path / "bert"), tmp_path / "tuned", tmp_path / "further"
    where = ["tune", "--corpus", str(corpus), "--max-tokens", "32", "--epochs", "1", "--share", "1"]
    assert main([*where, "--llm", str(model), "--lora", "2", "--out", str(tuned)]) == 0
    adapters = load_file(tuned / TUNED_WEIGHTS)
    assert {name.rpartition(".")[2] for name in adapters} == {"down", "up"}
    assert {min(weight.shape) for weight in adapters.values()} == {2}
    assert not torch.equal(*(query_weights(tuned_model) for tuned_model in (model, tuned)))
    assert main([*where, "--llm", str(tuned), *again, "--out", str(further)]) == 0
    assert not torch.equal(*(query_weights(tuned_model) for tuned_model in (tuned, further)))
    moved = (query_weights(further) - query_weights(tuned)).abs().max()
    assert moved < 2 * (query_weights(tuned) - query_weights(model)).abs().max()


def test_tuning_reads_so_many_tokens_and_learns_at_the_rate_that_is_asked_for(
    corpus: Path, tmp_path: Path
) -> None:
    model = tiny.bert(tmp_path / "bert")
    where = ["tune", "--corpus", str(corpus), "--llm", str(model), "--epochs", "1", "--share", "1"]
    options = [["32"], ["32"], ["4"], ["32", "--rate", "0.0001"]]
    for number, given in enumerate(options):
        out = str(tmp_path / str(number))
        assert main([*where, "--lora", "2", "--out", out, "--max-tokens", *given]) == 0
    usual, again, shorter, slower = (query_weights(tmp_path / str(number)) for number in range(4))
    assert torch.allclose(usual, again)
    assert not torch.allclose(usual, shorter)
    first = query_weights(model)
    assert (slower - first).norm() < 0.75 * (usual - first).norm()


def test_adapters_compute_what_they_become_and_weights_need_no_gradient(tmp_path: Path) -> None:
    model = load_model(str(tiny.bert(tmp_path / "bert")))
    text, other = "def read(path): return open(path)", "sort a list"
    before = model.encode([text])
    adapters.add(model.network, 2)
    assert np.array_equal(model.encode([text]), before)
    own = [weight for weight in model.network.parameters() if weight.requires_grad]
    assert {min(weight.shape) for weight in own} == {2}
    optimiser = torch.optim.Adam(own, lr=0.1)
    for _ in range(3):
        optimiser.zero_grad()
        first, second = model.forward(model.tokens([text, other]))
        (first @ second).backward()
        optimiser.step()
    apart = model.encode([text])
    learnt = adapters.merge(model.network)
    assert not [name for name, _ in model.network.named_modules() if "adapter" in name]
    assert np.abs(model.encode([text]) - apart).max() < 1e-5 < np.abs(apart - before).max()
    fresh = load_model(str(tmp_path / "bert"))
    adapters.load(fresh.network, learnt)
    assert np.array_equal(fresh.encode([text]), model.encode([text]))


def query_weights(folder: Path) -> torch.Tensor:
    """Of the first layer's attention."""
    network = load_model(str(folder)).network
    return network.get_parameter("encoder.layer.0.attention.self.query.weight").detach()


def test_questions_may_be_left_to_the_published_model(corpus: Path, tmp_path: Path) -> None:
    model, tuned, out = tiny.bert(tmp_path / "bert"), tmp_path / "tuned", tmp_path / "out"
    where = ["--corpus", str(corpus), "--max-tokens", "32", "--llm", str(model)]
    assert main(["tune", *where, "--epochs", "1", "--locked", "--out", str(tuned)]) == 0
    before, after = load_model(str(model)), load_model(str(tuned))
    question, code = ["sort a list"], ["def f(a): return a"]
    assert np.array_equal(after.for_queries.encode(question), before.encode(question))
    assert not np.array_equal(after.encode(code), before.encode(code))
    train(corpus, tuned, out)
    assert json.loads((out / "tuned.json").read_text())["asks_published"]


def test_a_comment_is_a_question_and_the_lines_below_it_the_answer() -> None:
    code = (
        "def f(paths):\n"
        "    # Read each of the files,\n"
        "    # one after the other.\n"
        "    for path in paths:\n"
        "        with open(path) as file:\n"
        "            yield file.read()\n"
        "\n"
        "    # TODO sort them by their size\n"
        "    result = sorted(paths, key=lambda path: path.size)\n"
        "    # old = load(paths)\n"
        "    result = sorted(paths, key=lambda path: path.age)\n"
        "    # Tell the caller at once\n"
        "    return 1\n"
    )
    ((comment, lines),) = comments.comment_pairs(code)
    assert comment == "Read each of the files, one after the other"
    assert lines.splitlines()[0] == "for path in paths:"
    assert lines.splitlines()[-1] == "        yield file.read()"


def test_questions_are_what_people_could_type() -> None:
    docstring = "Return the size of the given file, in bytes."
    assert keywords(docstring) == "size file, bytes"
    assert first_clause(docstring) == "Return the size of the given file"
    code = f'def size(path):\n    """{docstring}"""\n    return os.stat(path).size\n'
    function = Function(
        "shop", "train", "size", code, function_in_text(code, "python").bare, docstring
    )
    random = np.random.default_rng(0)
    for query, text in (docstring_pair(function, random) for _ in range(50)):
        assert query != "size" or "def METHOD_NAME(path)" in text
        assert query != docstring or docstring not in text


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
    assert again.cached(["ccc", "a"]).tolist() == [[3, 1], [1, 1]]
