"""`python -m embeddings.paths`: what it writes is what the library finds, in forms that other
tools read."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from embeddings.code.definitions import extract
from embeddings.code.languages import LANGUAGES, by_path
from embeddings.code.languages.sql import SQL
from embeddings.code.tokens import NAME_PLACEHOLDER, normalised
from embeddings.code.words import parts
from embeddings.files.decoding import decode
from embeddings.paths import contexts
from embeddings.paths.__main__ import main
from embeddings.paths.mining import type_with_paths
from embeddings.types import Definition, PathContext
from tests.embeddings import samples

WITH_PATHS = [*LANGUAGES, SQL]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with the samples of all languages, and with what is none."""
    folder = tmp_path / "tree"
    for language in WITH_PATHS:
        source = samples.source_of(language)
        (folder / language.name).mkdir(parents=True)
        shutil.copy(source, folder / language.name / source.name)
    (folder / "notes.txt").write_text("Nothing to see.")
    (folder / "broken.py").write_bytes(b"x = '\0'\n")
    (folder / ".git").mkdir()
    (folder / ".git" / "hidden.py").write_text("def hidden(): return 1\n")
    (folder / "loop").symlink_to(folder)
    return folder


def functions_in(folder: Path) -> list[Definition]:
    found = []
    for path in sorted(folder.rglob("*.*")):
        language = type_with_paths(path)
        if language and path.name not in ("broken.py", "hidden.py"):
            found += extract(decode(path.read_bytes(), language), language).definitions
    return [definition for definition in found if definition.kind in ("function", "method")]


def test_json_lines_hold_every_function_with_its_contexts(tree: Path, tmp_path: Path):
    main([str(tree), "--output", str(tmp_path / "out.jsonl"), "--jobs", "2", "--quiet"])
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").open(encoding="utf-8")]
    expected = {(d.language, d.qualified_name, d.start_line): d for d in functions_in(tree)}
    assert len(lines) == len(expected)
    for line in lines:
        definition = expected[line["language"], line["qualified_name"], line["start_line"]]
        assert by_path(line["path"]).name == definition.language
        assert (line["kind"], line["name"]) == (definition.kind, definition.name)
        assert line["end_line"] == definition.end_line
        assert line["contexts"] == [
            [context.start.token, in_words(context), context.end.token]
            for context in contexts(definition.text, definition.language)
        ]


def test_code2vec_reads_back(tree: Path, tmp_path: Path):
    """Reads the folder as astminer's and code2vec's users do, with nothing of ours."""
    out = tmp_path / "out"
    main(
        [str(tree), "--format", "code2vec", "--output", str(out), "--max-contexts", "0", "--quiet"]
    )
    tokens, paths = vocabulary(out / "tokens.csv"), vocabulary(out / "paths.csv")
    node_types = vocabulary(out / "node_types.csv")
    read = []
    for line in (out / "path_contexts.c2s").read_text("utf-8").splitlines():
        label, *triples = line.split(" ")
        for triple in triples:
            start, path, end = triple.split(",")
            steps = [node_types[number] for number in paths[path].split(" ")]
            read.append((label, tokens[start], steps, tokens[end]))
    assert sorted(read) == sorted(
        (as_label(definition.name), as_word(c.start.token), directed(c), as_word(c.end.token))
        for definition in functions_in(tree)
        for c in contexts(definition.text, definition.language, max_contexts=None)
    )


def test_output_is_the_same_from_one_process_and_from_several(tree: Path, tmp_path: Path):
    for jobs in ("1", "3"):
        options = ["--format", "code2vec", "--output", str(tmp_path / jobs), "--jobs", jobs]
        main([str(tree), *options, "--quiet"])
    for name in ("path_contexts.c2s", "tokens.csv", "paths.csv", "node_types.csv"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "3" / name).read_bytes()


def test_files_that_say_nothing_are_counted_with_the_reason(tree: Path, capsys):
    main([str(tree)])
    printed = capsys.readouterr()
    assert f"{len(WITH_PATHS)} files" in printed.err
    assert "skipped 1: in an unsupported language" in printed.err
    assert "skipped 1: binary" in printed.err
    assert "hidden" not in printed.out


def test_languages_kinds_bounds_and_names_are_chosen(tree: Path, capsys):
    main([str(tree), "--languages", "go", "--kinds", "type", "--quiet", "--keep-names"])
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["name"] for each in found] == ["Queue", "alias"]
    assert found[0]["contexts"][0][0] == "Queue"
    main([str(tree), "--max-length", "2", "--max-width", "1", "--max-contexts", "1", "--quiet"])
    for line in capsys.readouterr().out.splitlines():
        few = json.loads(line)["contexts"]
        assert len(few) <= 1
        assert all(len(path.split(" ")) == 3 for _, path, _ in few)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "No such file or folder: nowhere"),
        ([".", "--format", "code2vec"], "--output"),
        ([".", "--jobs", "0"], "--jobs"),
        ([".", "--max-length", "1000"], "--max-length"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(arguments: list[str], message: str):
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def vocabulary(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8", newline="") as file:
        (header, *_), *rows = csv.reader(file)
    assert header == "id"
    return dict(rows)


def in_words(context: PathContext) -> str:
    kinds = list(context.path)
    kinds[context.top] = f"[{kinds[context.top]}]"
    return " ".join(kinds)


def directed(context: PathContext) -> list[str]:
    return [
        f"{kind} {'UP' if place < context.top else 'DOWN' if place > context.top else 'TOP'}"
        for place, kind in enumerate(context.path)
    ]


def as_word(token: str) -> str:
    return token if token == NAME_PLACEHOLDER else normalised(token)


def as_label(name: str) -> str:
    return "|".join(filter(str.isalnum, parts(name))) or normalised(name)


@pytest.mark.parametrize(
    ("token", "word"),
    [
        ("readFile_2", "readfile"),
        ("_", "_"),
        ("0xff", "xff"),
        ("42", "42"),
        ("", "BLANK"),
        ("one, 'two'", "onetwo"),
        ("é", "BLANK"),
        (", ", "BLANK"),
    ],
)
def test_tokens_are_normalised_as_code2vec_does(token: str, word: str):
    assert normalised(token) == word
