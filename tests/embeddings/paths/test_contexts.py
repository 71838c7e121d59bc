"""Path-contexts: what the definition in `embeddings.paths` says, on small sources by example and on
many by comparison with the brute-force oracle."""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap
import time
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.code.definitions import extract
from embeddings.code.languages import PYTHON
from embeddings.code.own_names import masked
from embeddings.paths import contexts, table_in, table_of
from embeddings.types import Kind, PathContext
from tests.embeddings import oracle


def counted(text: str, max_length: int = 8, max_width: int = 2) -> Counter:
    """All contexts of a text as the oracle gives them."""
    everything = contexts(
        text, hide_name=False, max_length=max_length, max_width=max_width, max_contexts=None
    )
    return Counter(
        (
            (context.start.start_byte, context.start.end_byte),
            context.path,
            context.top,
            (context.end.start_byte, context.end.end_byte),
        )
        for context in everything
    )


def triples(text: str, **bounds) -> list[tuple]:
    return [(c.start.token, c.path, c.end.token) for c in contexts(text, **bounds)]


def standard_library_functions(count: int) -> list[str]:
    sources = sorted(Path(ast.__file__).parent.glob("*.py"))
    texts = [
        definition.text
        for path in sources
        for definition in extract(path.read_text("utf-8", "replace"), PYTHON).definitions
        if len(definition.text) < 2_000
    ]
    return texts[:: max(1, len(texts) // count)][:count]


expressions = st.recursive(
    st.sampled_from(["x", "y", "1", "'s'", "''", "f'a{x}, {y!r}'", "...", "None", "()", "[]"]),
    lambda inner: st.one_of(
        st.builds("({} + {})".format, inner, inner),
        st.builds("({} < {} <= {})".format, inner, inner, inner),
        st.builds("f({}, k={})".format, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("not {}".format, inner),
        st.builds("{}.name".format, inner),
    ),
    max_leaves=8,
)
statements = st.recursive(
    st.one_of(
        st.builds("x = {}".format, expressions),
        st.builds("{}".format, expressions),
        st.builds("x += {}  # why".format, expressions),
        st.sampled_from(["pass", "return", "return  # nothing", "'text'", "import os.path"]),
    ),
    lambda inner: st.builds(
        lambda head, body: head + ":\n" + textwrap.indent("\n".join(body), "    "),
        st.sampled_from(["if x", "def g(a, *b)", "class A(B)", "while not x", "for i in y"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=10,
)
programs = st.lists(statements, max_size=4).map("\n".join)


@settings(max_examples=200)
@given(program=programs, max_length=st.integers(0, 12), max_width=st.integers(0, 4))
def test_the_contexts_of_any_program_are_those_of_the_definition(program, max_length, max_width):
    root = oracle.parsed(program.encode())
    assert counted(program, max_length, max_width) == oracle.counted(root, max_length, max_width)


def test_the_contexts_of_hundreds_of_real_functions_are_those_of_the_definition():
    texts = standard_library_functions(400)
    assert len(texts) == 400
    for text in texts:
        assert counted(text) == oracle.counted(oracle.parsed(text.encode()), 8, 2)


def test_many_texts_at_once_give_what_each_gives():
    texts = ["", *standard_library_functions(100), "...", MANY]
    assert table_of(texts).rows() == [contexts(text) for text in texts]
    assert table_of([]).rows() == []


def test_a_source_gives_what_the_texts_of_its_definitions_give():
    source = Path(ast.__file__).read_text("utf-8")
    _, found_there, table = table_in(source, PYTHON, kinds=tuple(Kind))
    definitions = [d for d in extract(source, PYTHON).definitions if d.kind != Kind.BLOCK]
    assert [each.name for each in found_there] == [each.name for each in definitions]
    for definition, found in zip(definitions, table.rows(), strict=True):
        alone = contexts(definition.text, kind=definition.kind)
        assert [_without_spans(context) for context in found] == [*map(_without_spans, alone)]


def _without_spans(context: PathContext) -> tuple:
    return context.start.token, context.path, context.top, context.end.token


def test_a_sum_has_one_context_whose_top_is_the_operator():
    [context] = contexts("a + b")
    assert (context.start.token, context.end.token) == ("a", "b")
    assert context.path == ("identifier", "binary_operator:+", "identifier")
    assert context.path[context.top] == "binary_operator:+"


def test_operators_tell_paths_apart():
    assert triples("a + b") != triples("a - b")
    assert triples("a is not b")[0][1][1] == "comparison_operator:is_not"
    assert triples("a < b <= c < d")[0][1][1] == "comparison_operator:<:<="


def test_both_bounds_are_inclusive():
    assert len(contexts("f(a)", max_length=3)) == 1
    assert contexts("f(a)", max_length=2) == []
    assert len(contexts("[a, b, c, d]", max_width=2)) == 5
    assert len(contexts("[a, b, c, d]", max_width=3)) == 6


def test_a_string_is_one_leaf_with_its_content_and_an_f_string_holds_its_expressions():
    assert {t[2] for t in triples(r"x = 'one\n  two'")} == {"one two"}
    assert [t[2] for t in triples('f"at {place}{0x_FF}"')] == ["place", "0xff", "0xff"]
    assert len(triples("x = " + repr("word " * 10_000))[0][2]) <= 64


def test_docstrings_and_comments_are_no_leaves():
    bare = triples("def f(a):\n    return a")
    assert triples('def f(a):\n    # why\n    """Says a."""\n    return a  # so') == bare
    assert triples('def f(a):\n    "Says" " a."\n    return a') == bare
    assert triples("def f(a):\n    b'no docstring'\n    return a") != bare


def test_the_own_name_is_hidden_wherever_it_is_an_identifier():
    text = "@cache\ndef walk(tree):\n    'walk on'\n    self.walk(walk, 'walk walks', walker)"
    tokens = {token for start, _, end in triples(text) for token in (start, end)}
    assert tokens == {"cache", "METHOD_NAME", "tree", "self", "METHOD_NAME walks", "walker"}
    assert any("walk" in triple for triple in triples(text, hide_name=False))


def test_a_text_of_several_definitions_hides_no_name():
    text = "def f(): g()\ndef g(): f()"
    assert triples(text) == triples(text, hide_name=False)
    assert triples("def f(): f(1)", kind="module") == triples("def f(): f(1)", hide_name=False)


def test_masking_the_text_hides_the_name_as_the_contexts_do():
    for text in standard_library_functions(150):
        hidden = triples(text, max_contexts=None)
        assert hidden == triples(masked(text), hide_name=False, max_contexts=None)


def test_masking_changes_the_name_and_nothing_else():
    text = "def f(f):\n    '''f, f's and \\f'''\n    return f'{f(1e5)}' + rf'f' + self.f  # f é\n"
    assert masked(text) == (
        "def METHOD_NAME(METHOD_NAME):\n    '''METHOD_NAME, METHOD_NAME's and \\f'''\n"
        "    return f'{METHOD_NAME(1e5)}' + rf'METHOD_NAME' + self.METHOD_NAME  # METHOD_NAME é\n"
    )
    assert masked(masked(text)) == masked(text)
    assert masked("x = 1\n") == "METHOD_NAME = 1\n"
    assert masked("print(x)\n") == "print(x)\n"


MANY = "def f(a, b):\n" + "    x = g(a, b) + [a, b]\n" * 100


def test_a_sample_is_taken_where_there_are_too_many():
    everything = contexts(MANY, max_contexts=None)
    sample = contexts(MANY)
    assert len(everything) > 1_000
    assert len(sample) == 200
    assert not Counter(sample) - Counter(everything)
    assert contexts(MANY, max_contexts=len(everything)) == everything


def test_the_same_text_gives_the_same_sample_in_every_process():
    program = (
        "import sys; from embeddings.paths import contexts;"
        f"print(*[(c.start.start_byte, c.end.end_byte) for c in contexts({MANY!r})], sep='')"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    ours = "".join(str((c.start.start_byte, c.end.end_byte)) for c in contexts(MANY)) + "\n"
    assert printed == {ours}


def test_samples_are_uniform_over_all_contexts():
    texts = [f"f({i}, [a, b], c + d, e(g))  # {i}" for i in range(3_000)]
    population = len(contexts(texts[0], max_contexts=None))
    size = 5
    assert population > 2 * size
    seen = Counter(
        (c.start.token.isdigit() or c.start.token, c.path, c.end.token.isdigit() or c.end.token)
        for text in texts
        for c in contexts(text, max_contexts=size)
    )
    expected = len(texts) * size / population
    assert len(seen) == population
    chi_squared = sum((count - expected) ** 2 / expected for count in seen.values())
    assert chi_squared < 2 * population


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 10_000 + "y" + ")" * 10_000,
        "x = " + "[" * 10_000,
        "x = '" + "z" * 5_000_000 + "'",
        "x = 0x" + "f" * 1_000_000,
        "x" * 1_000_000,
        "a" + " + a" * 50_000,
        "\ud800 = '\udfff'",
        "",
        "\0\0\0",
        "\f\r\r\n",
        ")))) def class ((( '''",
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_no_text_is_too_strange(text):
    started = time.perf_counter()
    contexts(text)
    masked(text)
    assert time.perf_counter() - started < 10


def test_twenty_thousand_leaves_take_little_time_and_memory():
    text = "def f(a, b):\n" + "    x = f(a, b)\n" * 5_000
    contexts(text)
    tracemalloc.start()
    assert len(contexts(text)) == 200
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100e6
    fastest = min(_seconds(text) for _ in range(3))
    assert fastest < 1


def _seconds(text: str) -> float:
    started = time.perf_counter()
    contexts(text)
    return time.perf_counter() - started


def test_paths_load_neither_torch_nor_transformers():
    program = (
        "import sys, embeddings.paths; assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
