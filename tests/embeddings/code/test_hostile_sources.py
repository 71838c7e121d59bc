"""Whatever stands in a file, reading it ends soon, raises nothing but its one exception, and gives
definitions that lie in the file."""

from __future__ import annotations

import inspect
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.code.definitions import Extraction, extract
from embeddings.code.docstrings import clean_docstring
from embeddings.code.languages import JAVA, LANGUAGES, PYTHON, FileType, by_name
from embeddings.code.own_names import masked
from embeddings.code.parsing import UnreadableSource, parse
from embeddings.code.syntax import MAX_NAME
from embeddings.files.decoding import decode
from embeddings.naming.mentions import mentioned
from embeddings.paths import contexts
from embeddings.types import Kind
from tests.embeddings.samples import source_of

SOON = 15
"""Seconds of processor time: what is linear takes at most a few, and what was quadratic took half a
minute and more."""

HEADS = [
    "def steam(milk):",
    "def steam(milk):\n        # later",
    "def steam(milk):\n\u00a0\u00a0\u00a0\u00a0return milk",
    "@hot\n    def steam(milk): # later\n        # much later",
    "class Steam:\n        # later",
    "async def steam(milk):\n        # later\n        # much later",
]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize(
    "around", ['"""Drinks."""\n\nX = 1\n\n', 'class Bar:\n    """Drinks."""\n\n']
)
def test_an_empty_body_ends_and_leaves_what_is_around_it(around: str, head: str) -> None:
    inside = "    " if around.startswith("class") else ""
    body = f"{inside}{head}\n\n{inside}def pour(cup):\n{inside}    return cup\n"
    found = extract(around + body, PYTHON).definitions
    outer = next(one for one in found if one.kind in ("class", "module"))
    assert "pour" in {one.name for one in found}
    assert "def pour(cup): ..." in outer.text


def test_a_definition_without_a_body_is_one_to_the_end_of_its_head() -> None:
    source = '"""Drinks."""\n\ndef steam(milk):\n    # later\n\ndef pour(cup):\n    return cup\n'
    found = extract(source, PYTHON).definitions
    module, steam, pour = (one for one in found if one.kind != Kind.BLOCK)
    assert (steam.name, steam.start_line, steam.end_line) == ("steam", 3, 3)
    assert pour.text == "def pour(cup):\n    return cup"
    assert module.text == '"""Drinks."""\ndef steam(milk): ...\ndef pour(cup): ...'


def repeated(unit: str, size: int = 150_000) -> str:
    return unit * (size // len(unit))


HOSTILE = [
    *((language.name, repeated(unit)) for language in LANGUAGES for unit in ("(", "[\n", "- ")),
    *(("sql", repeated(unit)) for unit in ("(", "[a", "{{", "$a$", "`", "SELECT ", "CASE WHEN ")),
    *(("sql", "CREATE VIEW a AS SELECT " + repeated(unit)) for unit in ("a.", "\\'", "(a,")),
    ("python", repeated("@a\n# f(1)\n") + "def f(: pass\n"),
    ("python", repeated("# a\n") + "def f(x): pass\n"),
    ("python", "#" + repeated("=") + "a\ndef f(): pass\n"),
    ("python", "x = (\n" + repeated("def f(x):\n    return x\n\n")),
    ("java", "class A {" + repeated("  int a(int b) { return b }\n") + "}"),
    ("javascript", repeated("// eslint-x\n") + "function f() {}\n"),
    ("typescript", "class A {" + repeated("@a() // b\n") + "m() {} }"),
    ("go", "package a\n\nvar x = " + repeated("go <-")),
    ("go", repeated("go chan ")),
    ("javascript", repeated("async (")),
    ("javascript", repeated("{a:")),
    ("javascript", "x = " + "f(function(){" * 10_000 + "})" * 10_000),
    ("java", repeated("({")),
    ("java", repeated("a<")),
    ("java", "class A {\n/** a" + " " * 150_000 + "x */\nvoid f(){}\n}"),
    ("java", "class A {" + repeated("/** a */void f(){}") + "}"),
    ("elixir", repeated('@doc "a"\n', 75_000)),
    ("haskell", repeated("f x = x\n", 75_000)),
    ("perl", repeated("package A;\n", 75_000)),
    ("ruby", "attr_reader " + repeated(":a, ", 75_000) + ":b\n"),
    ("python", "def f():\n    '''" + "\n" * 150_000 + "'''\n"),
    ("python", "class " + "A" * 75_000 + ":\n" + repeated("  def f(s): 0\n", 75_000)),
    ("python", "def f():\n    return '" + repeated("\\N{", 45_000) + "'\n"),
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_file_ends_soon(number: int) -> None:
    name, source = HOSTILE[number]
    began = time.process_time()
    found = read(source.encode(), by_name(name))
    assert time.process_time() - began < SOON
    assert sum(len(one.qualified_name) for one in found.definitions) < 50 * len(source)


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_text_ends_soon_where_no_process_can_be_killed(number: int) -> None:
    name, source = HOSTILE[number]
    text, began = source[:50_000], time.process_time()
    contexts(text, name)
    assert isinstance(masked(text, name), str)
    assert isinstance(mentioned(text, name), dict)
    assert time.process_time() - began < SOON


def test_what_cannot_be_read_says_why_in_words_that_are_the_same_for_files_alike() -> None:
    for source, language, reason in (
        ("(" * 50_000, PYTHON, "too many unclosed brackets"),
        ("x = " + "-" * 100_000 + "1", PYTHON, "nested too deeply"),
        ("!" * 60_000, JAVA, "too many syntax errors"),
    ):
        with pytest.raises(UnreadableSource) as refusal:
            extract(source, language)
        assert str(refusal.value) == reason


@pytest.mark.parametrize("beside", [False, True])
def test_a_grammar_that_never_ends_is_left(beside: bool) -> None:
    """Two hundred bytes, on which the scanner of TSX goes round for ever."""
    source = '<a b="[[{)><["\'[){<[]{<<("}\n]`){"<`]}>}}{([{(c'

    def read() -> None:
        with pytest.raises(UnreadableSource):
            parse(source.encode(), by_name("tsx"), seconds=0.2)

    if not beside:
        return read()
    with ThreadPoolExecutor(1) as other:
        other.submit(read).result(timeout=60)


def test_parsing_has_a_limit_of_processor_time() -> None:
    with pytest.raises(UnreadableSource, match="takes too long to parse"):
        parse(repeated("a\\\n").encode(), PYTHON, seconds=0.1)


def test_a_long_name_is_cut() -> None:
    (found,) = extract(f"def {'a' * 6_000}(): pass\n", PYTHON).definitions
    assert found.name == "a" * MAX_NAME


def test_an_interrupt_ends_parsing_without_a_crash() -> None:
    """tree-sitter calls back into Python, where a signal's exception would crash the process."""
    program = (
        "import _thread, signal, threading\n"
        # A run in the background may have been told to ignore it.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from embeddings.code.languages import JAVASCRIPT\n"
        "from embeddings.code.parsing import parse\n"
        "parse(b'', JAVASCRIPT)\n"
        "threading.Timer(0.01, _thread.interrupt_main).start()\n"
        "try:\n"
        "    parse((b'\"' * 1000 + b'\\n') * 100, JAVASCRIPT)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr


@given(st.text("a \t\n\f\u00a0"))
def test_docstrings_are_cleaned_as_inspect_does(text: str) -> None:
    assert clean_docstring(text) == inspect.cleandoc(text)


PIECES = ["(", "[", "{", ")", "]", "}", "<", '"', "'", "`", "\n", "\n    ", "\\", "#", "//", "/*"]
PIECES += [
    "*/",
    "def f():\n",
    "class A:\n",
    "=>",
    "@",
    "\u00a0",
    "é",
    "\r",
    ":",
    ";",
    "\x0c",
    "f'{",
]


def mutated(source: str, chance: random.Random) -> str:
    """The source after a few changes as people and transmission errors make them."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(source) + 1)
        end = min(len(source), start + chance.choice([0, 1, 5, 40, 400]))
        part = chance.choice(["", chance.choice(PIECES), source[start:end] * 2, source[start:end]])
        source = source[:start] + part + source[end:]
    return source


@pytest.mark.parametrize(
    "language", [*LANGUAGES, by_name("sql")], ids=lambda language: language.name
)
def test_definitions_of_mutated_sources_lie_in_the_file(language: FileType) -> None:
    sample, chance = source_of(language).read_text("utf-8"), random.Random(language.name)
    for _ in range(50):
        read(mutated(sample, chance).encode(), language)


def read(data: bytes, language: FileType) -> Extraction:
    """What is found in a file; nothing where it is refused."""
    try:
        text = decode(data, language)
        found = extract(text, language)
    except UnreadableSource:
        return Extraction([], 0)
    size, lines = len(text.encode()), text.count("\n") + 1
    for one in found.definitions:
        assert 0 <= one.start_byte <= one.end_byte <= size
        assert 1 <= one.start_line <= one.end_line <= lines
    return found
