"""Each language on its sample, and what holds in all of them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embeddings.code import languages as entries
from embeddings.code.candidates import last_part
from embeddings.code.definitions import extract
from embeddings.code.languages import LANGUAGES, PYTHON, Language, by_name, by_path
from embeddings.code.languages.grammars import packed
from embeddings.code.languages.language import kinds
from embeddings.code.languages.sql import SQL
from embeddings.code.own_names import masked, parse_text
from embeddings.paths import contexts, table_in
from embeddings.types import NAMELESS, Definition, Kind, PathContext
from tests.embeddings import oracle, samples

languages = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
with_paths = pytest.mark.parametrize(
    "language", [*LANGUAGES, SQL], ids=lambda language: language.name
)


@with_paths
def test_the_definitions_of_the_sample_are_as_written(language: Language):
    source = samples.source_of(language)
    written = (source.parent / "definitions.txt").read_text("utf-8")
    assert samples.written_definitions(source) == written


@with_paths
def test_the_contexts_of_the_sample_are_as_written(language: Language):
    source = samples.source_of(language)
    written = (source.parent / "contexts.txt").read_text("utf-8")
    assert samples.written_contexts(source) == written


@languages
def test_the_uses_of_the_sample_are_as_written(language: Language):
    source = samples.source_of(language)
    assert samples.written_uses(source) == (source.parent / "uses.txt").read_text("utf-8")


@languages
def test_every_text_parses_and_tells_its_own_name(language: Language):
    seen = set()
    for definition in _declared(samples.source_of(language).read_text("utf-8"), language):
        parsed = parse_text(definition.text, language)
        # A block may be the beginning or the end of something.
        assert definition.kind == Kind.BLOCK or not parsed.root.has_error
        # Of several names that a statement declares, its text tells the first.
        if definition.kind not in NAMELESS and definition.start_byte not in seen:
            assert parsed.own_name is not None
            assert last_part(parsed.own_name, language) == definition.name
        seen.add(definition.start_byte)


@with_paths
def test_the_contexts_of_the_sample_are_those_of_the_definition(language: Language):
    for definition in samples.definitions_in(samples.source_of(language)):
        parsed = parse_text(definition.text, language)
        found = contexts(definition.text, language.name, hide_name=False, max_contexts=None)
        assert Counter(
            (_span(c.start, parsed.start), c.path, c.top, _span(c.end, parsed.start)) for c in found
        ) == oracle.counted(oracle.twin(parsed.root, parsed.source, language), 8, 2, language)


@languages
def test_a_source_gives_what_the_texts_of_its_definitions_give(language: Language):
    source = samples.source_of(language).read_text("utf-8")
    _, found_there, table = table_in(source, language, kinds=tuple(Kind))
    definitions = _declared(source, language)
    assert [each.qualified_name for each in found_there] == [d.qualified_name for d in definitions]
    for definition, found in zip(definitions, table.rows(), strict=True):
        alone = contexts(definition.text, language.name, kind=definition.kind)
        assert [*map(_without_spans, found)] == [*map(_without_spans, alone)]


@with_paths
def test_masking_leaves_no_trace_of_the_name(language: Language):
    for definition in samples.definitions_in(samples.source_of(language)):
        text = masked(definition.text, language.name, kind=definition.kind)
        if definition.kind in NAMELESS:
            assert text == definition.text
        else:
            assert _own_name_contexts(definition, text) == _own_name_contexts(
                definition, definition.text
            )
            assert masked(text, language.name) == text


@settings(max_examples=25)
@with_paths
@given(text=st.text(alphabet=st.sampled_from("(){}[]<>=;:,.'\"`/*#\n fxé1$@\\-+")))
def test_any_text_is_taken(language: Language, text: str):
    extract(text, by_name(language.name))
    contexts(text, language.name)
    masked(text, language.name)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/b.py", "python"),
        ("SETUP.PY", "python"),
        ("A.java", "java"),
        ("a.test.mjs", "javascript"),
        ("a.jsx", "javascript"),
        ("a.d.ts", "typescript"),
        ("a.tsx", "tsx"),
        ("a.go", "go"),
        ("a.h", "c"),
        ("a.hpp", "cpp"),
        ("a/Makefile", "makefile"),
        ("Dockerfile.test", "dockerfile"),
        ("CMakeLists.txt", "cmake"),
    ],
)
def test_the_extension_tells_the_language(path: str, name: str):
    assert by_path(path) is by_name(name)


@pytest.mark.parametrize("path", ["a.py/README", ".py", "LICENSE", "a.unknown", ""])
def test_other_files_are_in_no_known_language(path: str):
    assert by_path(path) is None


def test_an_unknown_name_is_an_error():
    with pytest.raises(KeyError):
        by_name("cobol")


GO = "package p\n\n{}\nfunc f() {{}}\n"
DOCUMENTED = {
    "// f does.\n// More.": "f does.\nMore.",
    "/* f does.\n   More. */": "f does.\nMore.",
    "/** f does.\n *\n *  - this\n */": "f does.\n\n- this",
    "// Far away.\n": "",
    "//go:noinline": "",
    "x := 1 // of x": "",
    "// f does.\n//go:noinline": "f does.",
    "// f does.\n//\n//nolint:gocyclo // long": "f does.",
    "//export f": "",
    "// functions lists them.": "functions lists them.",
    "/* no */\n// f does.": "f does.",
}


@pytest.mark.parametrize(("comment", "docstring"), DOCUMENTED.items())
def test_documentation_is_the_comment_on_the_lines_above(comment: str, docstring: str):
    [function] = [d for d in _declared(GO.format(comment), by_name("go")) if d.name == "f"]
    assert function.docstring == docstring


def test_a_licence_documents_no_module():
    code = "\npackage p\nfunc f() {}\nfunc g() {}"
    for comment, docstring in {"// Copyright 2020 A.": "", "// P is.": "P is."}.items():
        module = extract(comment + code, by_name("go")).definitions[0]
        assert (module.kind, module.docstring) == (Kind.MODULE, docstring)


def test_one_file_holds_what_others_do_not_disturb():
    assert extract("def f(: pass\n\ndef g(): pass\n", PYTHON).errors > 0
    broken = "class A { void f() { int = ; } void g() { } }"
    definitions = _declared(broken, by_name("java"))
    assert [d.qualified_name for d in definitions] == ["A", "A.f", "A.g"]
    texts = [d.text for d in definitions]
    assert texts[0] == "class A {\n    void f() {}\n    void g() {}\n}"
    assert texts[1] == "void f() { int = ; }"


def _declared(source: str, language: Language) -> list[Definition]:
    """The definitions of a source, blocks without a title left out."""
    return [d for d in extract(source, language).definitions if d.name or d.kind != Kind.BLOCK]


def _own_name_contexts(definition: Definition, text: str) -> list[tuple]:
    return [*map(_without_spans, contexts(text, definition.language, max_contexts=None))]


def _without_spans(context: PathContext) -> tuple:
    return context.start.token, context.path, context.top, context.end.token


def _span(leaf, start: int) -> tuple[int, int]:
    return leaf.start_byte + start, leaf.end_byte + start


def test_another_language_is_as_short_as_the_guide_says():
    guide = (Path(__file__).parents[3] / "CONTRIBUTING.md").read_text("utf-8")
    (entry,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    assert entry.count("\n") < 40
    names = {**vars(entries), "kinds": kinds, "packed": packed}
    exec(entry, names)
    source = """
//// Queues of jobs.

/// A queue of jobs.
pub type Queue(job) {
  Queue(jobs: List(job))
}

/// Adds a job.
pub fn push(queue: Queue(job), job: job) -> Queue(job) {
  Queue([job, ..queue.jobs])
}

// Their sum.
@deprecated("use list.sum")
fn total(of: List(Int)) -> Int {
  list.fold(of, 0, int.add)
}
"""
    assert [
        (definition.kind, definition.qualified_name, definition.docstring)
        for definition in extract(source, names["GLEAM"]).definitions
        if definition.kind != Kind.BLOCK
    ] == [
        (Kind.MODULE, "", "Queues of jobs."),
        (Kind.TYPE, "Queue", "A queue of jobs."),
        (Kind.FUNCTION, "push", "Adds a job."),
        (Kind.FUNCTION, "total", "Their sum."),
    ]
    _, _, table = table_in(source, names["GLEAM"])
    assert [len(row) > 5 for row in table.rows()] == [True, True]


def test_comments_from_inside_document_the_file_and_no_definition():
    source = "// Copyright of nobody.\n//! Of the file.\n//! All of it.\n\nfn f() {}\n\nfn g() {}\n"
    documented = {d.kind: d.docstring for d in extract(source, by_name("rust")).definitions}
    assert documented == {
        Kind.MODULE: "Of the file.\nAll of it.",
        Kind.BLOCK: "",
        Kind.FUNCTION: "",
    }


def test_a_comment_above_belongs_to_what_follows_where_indentation_ends_a_definition():
    source = "object A:\n  def f = 1\n\n// Of g.\ndef g = 2\n"
    found = {d.name: d for d in extract(source, by_name("scala")).definitions}
    assert (found["A"].end_line, found["f"].end_line) == (2, 2)
    assert found["g"].docstring == "Of g."


def test_variables_of_functions_are_no_constants():
    source = "static int kept;\nint f(void) {\n    int local = 1;\n    return local;\n}\n"
    assert [d.name for d in extract(source, by_name("c")).definitions if d.name] == ["kept", "f"]


def test_a_type_and_its_other_name_are_one_definition_if_they_are_the_same():
    source = "typedef struct a { int b; } a;\ntypedef struct c_s { int d; } c_t;\n"
    names = [d.qualified_name for d in extract(source, by_name("c")).definitions if d.name]
    assert names == ["a", "c_t", "c_t.c_s"]


def test_a_namespace_without_braces_reaches_to_the_end_of_its_file():
    source = "namespace Shop.Stock;\n\nclass Shelf { }\n\nclass Book { }\n"
    names = [d.qualified_name for d in extract(source, by_name("csharp")).definitions if d.name]
    assert names == ["Shop.Stock.Shelf", "Shop.Stock.Book"]


def test_names_that_kotlins_grammar_takes_for_keywords_break_no_class():
    statements = "    val a = b()\n    in1.c()\n    set = d\n"
    source = f"class A {{\n  fun f() {{\n{statements}  }}\n  fun g() = e < f\n}}\n"
    extraction = extract(source, by_name("kotlin"))
    assert extraction.errors == 0
    assert [d.qualified_name for d in extraction.definitions] == ["A", "A.f", "A.g"]
