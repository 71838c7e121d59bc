"""Definitions: what is found in a source, where it lies, and the text by which it is known."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.code.definitions import extract, text_hash
from embeddings.code.languages import PYTHON
from embeddings.files.decoding import decode
from embeddings.types import Definition, Kind

SOURCE = '''\
"""Reads things.

  At once."""
import os

LIMIT: int = \\
    3


@cache
def read(path):
    \'\'\'Reads a file,
    whole.
      Or \\
fails.\'\'\'
    def opened():
        return open(path)
    return opened().read()


class Reader(Base):  # a comment
    """Reads on and on."""

    size: int
    mark = """
    many lines
    """

    @property
    def name(self,
             case="lower") -> str:  # why
        # what
        \'Its name.\'
        class Cased(str): pass
        return lambda: self._name

    if os.name == "nt":
        async def wait(self): await x


if True:
    try:
        def fallback(): ...
    except ImportError:
        pass
'''


def found(source: str) -> dict[str, Definition]:
    """The definitions by their qualified names, blocks left out."""
    return {d.qualified_name: d for d in declared(textwrap.dedent(source))}


def declared(source: str) -> list[Definition]:
    return [d for d in extract(source, PYTHON).definitions if d.kind != Kind.BLOCK]


def test_definitions_are_found_wherever_they_lie_with_their_kinds():
    assert [(d.kind, d.qualified_name) for d in extract(SOURCE, PYTHON).definitions] == [
        (Kind.MODULE, ""),
        (Kind.BLOCK, ""),
        (Kind.CONSTANT, "LIMIT"),
        (Kind.FUNCTION, "read"),
        (Kind.FUNCTION, "read.opened"),
        (Kind.CLASS, "Reader"),
        (Kind.BLOCK, "Reader"),
        (Kind.CONSTANT, "Reader.size"),
        (Kind.CONSTANT, "Reader.mark"),
        (Kind.METHOD, "Reader.name"),
        (Kind.CLASS, "Reader.name.Cased"),
        (Kind.BLOCK, "Reader"),
        (Kind.METHOD, "Reader.wait"),
        (Kind.BLOCK, ""),
        (Kind.FUNCTION, "fallback"),
        (Kind.BLOCK, ""),
    ]


def test_spans_hold_decorators_and_end_with_the_last_line():
    lines, data = SOURCE.splitlines(), SOURCE.encode()
    for definition in extract(SOURCE, PYTHON).definitions[1:]:
        spanned = data[definition.start_byte : definition.end_byte].decode().lstrip()
        assert lines[definition.start_line - 1].lstrip().startswith(spanned.split("\n")[0])
        assert lines[definition.end_line - 1].endswith(spanned.split("\n")[-1])
    read = found(SOURCE)["read"]
    assert (read.start_line, read.end_line) == (10, 18)
    assert found(SOURCE)[""].end_line == len(lines)


def test_docstrings_are_those_of_python():
    ours = {d.start_line: d.docstring for d in declared(SOURCE)}
    tree = ast.parse(SOURCE)
    assert ours.pop(1) == ast.get_docstring(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = node.decorator_list[0] if node.decorator_list else node
            assert ours[first.lineno] == (ast.get_docstring(node) or "")


@pytest.mark.parametrize(
    ("statement", "docstring"),
    [
        (r"'caf\u00e9 \x41'", "café A"),
        (r"r'raw \n'", r"raw \n"),
        (r"'NUL \x00 stays, \ud800 too'", r"NUL \x00 stays, \ud800 too"),
        ("'one ' 'two'", "one two"),
        ("b'bytes'", ""),
        ("f'text'", ""),
        ("yield 'text'", ""),
        ("'text' + x", ""),
    ],
)
def test_what_a_docstring_says(statement, docstring):
    assert found(f"def f():\n    {statement}")["f"].docstring == docstring


def test_a_method_is_its_dedented_lines():
    assert found(SOURCE)["Reader.name"].text == textwrap.dedent("""\
        @property
        def name(self,
                 case="lower") -> str:  # why
            # what
            'Its name.'
            class Cased(str): pass
            return lambda: self._name""")


def test_a_class_is_its_signature_docstring_and_its_members_signatures():
    assert found(SOURCE)["Reader"].text == textwrap.dedent('''\
        class Reader(Base):
            """Reads on and on."""
            size: int
            mark = ...
            @property
            def name(self,
                     case="lower") -> str: ...
            async def wait(self): ...''')


def test_a_module_is_its_docstring_and_outline():
    assert found(SOURCE)[""].text == textwrap.dedent('''\
        """Reads things.

          At once."""
        LIMIT: int = ...
        @cache
        def read(path): ...
        class Reader(Base): ...
        def fallback(): ...''')


def test_texts_of_the_standard_library_parse_by_themselves():
    for path in sorted(Path(ast.__file__).parent.glob("[a-m]*.py")):
        for definition in declared(decode(path.read_bytes(), PYTHON)):
            ast.parse(definition.text)
            assert extract(definition.text, PYTHON).errors == 0


def test_a_file_without_anything_to_say_is_no_module():
    assert extract("", PYTHON).definitions == []
    assert declared("import os\nprint(1)\n") == []


def test_a_module_of_one_member_is_that_member_unless_it_is_documented():
    alone = "import os\ndef read(path): pass\n"
    assert list(found(alone)) == ["read"]
    assert list(found('"""Reads."""\n' + alone)) == ["", "read"]
    assert list(found("LIMIT = 1\n" + alone)) == ["", "LIMIT", "read"]


def test_what_does_not_parse_is_given_and_counted():
    extraction = extract(
        "def good(): pass\nclass A:\n  def bad(self: return ((\n  def fine(self): pass\n", PYTHON
    )
    names = {d.qualified_name for d in extraction.definitions}
    assert extraction.errors > 0
    assert names == {"good", "A", "A.bad", "A.fine"}


def test_an_overlong_text_is_cut_at_the_end_of_a_line():
    long = "def long():\n" + "    x = 1\n" * 20_000
    definition = found(long)["long"]
    assert definition.end_line == 20_001
    assert 90_000 < len(definition.text) <= 100_000
    assert definition.text.endswith("\n    x = 1")


def test_deep_nesting_multiplies_nothing():
    deep = "".join("    " * i + f"def f{i}():\n" for i in range(300)) + "    " * 300 + "pass\n"
    assert len(declared(deep)) < 50


@given(st.text())
def test_any_text_is_taken(source):
    extract(source, PYTHON)


def test_the_text_hash_depends_on_language_kind_and_text_alone():
    read = found(SOURCE)["read"]
    elsewhere = replace(read, qualified_name="x.read", start_line=90, docstring="other")
    assert text_hash(elsewhere) == text_hash(read)
    for change in ({"text": read.text + " "}, {"kind": Kind.METHOD}, {"language": "go"}):
        assert text_hash(replace(read, **change)) != text_hash(read)
