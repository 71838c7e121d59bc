"""Functions of a corpus in any language: their code without documentation, and their queries."""

from __future__ import annotations

import pytest

from embeddings.training.corpus.functions import (
    SourceFunction,
    UnsuitableCode,
    definitions_of,
    function_in_text,
    normalised,
    training_function,
)
from embeddings.training.corpus.queries import query_from_docstring

BODY = "{ for (int i = 0; i < n; i++) { total += rows[i]; } return total; }"


def only(path: str, source: str) -> SourceFunction:
    (function,) = functions_in(path, source.encode())
    return function


def functions_in(path: str, data: bytes) -> list[SourceFunction]:
    return [each for each in definitions_of(path, data) if not each.is_class]


@pytest.mark.parametrize(
    ("path", "documentation", "code"),
    [
        ("a.go", "// Sum adds up the rows.\n", "func Sum(rows []int) int {\n\treturn add(rows)\n}"),
        ("a.c", "/**\n * \\brief Adds up the rows.\n */\n", f"int sum(int *rows, int n) {BODY}"),
        ("a.rs", "/// Adds up the rows.\n", "#[inline]\nfn sum(rows: &[i32]) -> i32 { add(rows) }"),
        ("a.rb", "# Adds up the rows.\n#\n# @return [Integer]\n", "def sum(rows)\n  rows.sum\nend"),
        ("a.lua", "--- Adds up the rows.\n", "function sum(rows)\n  return add(rows)\nend"),
        ("a.jl", '"""\n    sum(rows)\n\nAdds up the rows.\n"""\n', "function sum(rows)\n  1\nend"),
        ("a.R", "#' Adds up the rows.\n#' @export\n", "sum <- function(rows) add(rows)"),
        ("a.hs", "-- | Adds up the rows.\n", "sum :: [Int] -> Int\nsum rows = add rows"),
        ("a.sh", "# @description Adds up the rows.\n", 'sum() {\n  echo "$1"\n}'),
        ("a.pl", "=head2 sum\n\nAdds up the rows.\n\n=cut\n\n", "sub sum { return add(@_) }"),
        ("a.ps1", "<#\n.SYNOPSIS\nAdds up the rows.\n#>\n", "function Get-Sum { 1 }"),
        ("a.erl", "%% @doc Adds up the rows.\n", "sum(Rows) -> lists:sum(Rows)."),
        ("a.ml", "(** Adds up the rows. *)\n", "let sum rows = add rows 0"),
    ],
)
def test_the_comment_above_a_function_is_its_query_and_no_part_of_its_bare_code(
    path: str, documentation: str, code: str
) -> None:
    function = only(path, documentation + code)
    assert function.bare == code
    assert function.code.endswith(code)
    assert "the rows." in function.code
    assert query_from_docstring(function.docstring).endswith("dds up the rows.")
    assert function.parses


def test_documentation_inside_a_function_is_no_part_of_its_bare_code() -> None:
    clojure = '(defn sum\n  "Adds up the rows."\n  [rows]\n  (reduce + rows))'
    assert only("a.clj", clojure).bare == "(defn sum\n  [rows]\n  (reduce + rows))"
    elixir = 'defmodule A do\n  @doc """\n  Adds up.\n  """\n  def sum(rows), do: add(rows)\nend'
    assert only("a.ex", elixir).bare == "def sum(rows), do: add(rows)"
    powershell = "function Sum {\n  <#\n  .SYNOPSIS\n  Adds up.\n  #>\n  param($Rows)\n  1\n}"
    assert only("a.ps1", powershell).bare == "function Sum {\n  param($Rows)\n  1\n}"
    python = "@cache\n# Adds up.\ndef f(x):\n    return x"
    assert only("a.py", python).bare == "@cache\ndef f(x):\n    return x"


def test_a_python_docstring_is_cut_out_of_the_code() -> None:
    def bare(code: str) -> str:
        return function_in_text(code, "python").bare

    assert bare('def f(x):\n    """Says\n    much."""\n    return x') == "def f(x):\n    return x"
    assert bare('def f():\n    "says"') == "def f():\n    ..."
    assert bare('def f(): "says"; return 1') == "def f(): ...; return 1"
    assert bare("def f(x):\n    return x") == "def f(x):\n    return x"
    assert bare("# Says.\ndef f(x):\n    return x") == "def f(x):\n    return x"


def test_a_method_is_read_without_its_class() -> None:
    java = "/** Adds up. */\n@Override\npublic int sum(int[] rows) { return add(rows); }"
    function = function_in_text(java, "java")
    assert (function.name, function.docstring) == ("sum", "Adds up.")
    assert function.bare == java.partition("\n")[2]
    with pytest.raises(UnsuitableCode, match="not parsed"):
        function_in_text("public int sum(int[] rows { return", "java")


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("a.rs", f"mod tests {{ fn sums(rows: u8) {BODY} }}"),
        ("a.rs", f"#[test]\nfn sums(rows: u8) {BODY}"),
        ("A.java", f"class A {{ @Test void sums(int rows) {BODY} }}"),
        ("A.cs", f"class A {{ [Fact] void Sums(int rows) {BODY} }}"),
        ("a.swift", "func testSums() { let rows = [1, 2, 3]; check(rows.sum(), 6) }"),
    ],
)
def test_tests_are_left_out(path: str, source: str) -> None:
    with pytest.raises(UnsuitableCode, match="test"):
        training_function("project", only(path, source))


def test_the_methods_of_test_classes_are_not_read() -> None:
    php = "<?php class Sums extends TestCase { function sums() { return 1; } }"
    swift = "class Sums: XCTestCase { func sums() { check() } }"
    assert not functions_in("a.php", php.encode())
    assert not functions_in("a.swift", swift.encode())


def test_a_function_needs_a_body() -> None:
    assert not functions_in("a.h", b"/** Adds up the rows. */\nint sum(int *rows, int n);")
    assert not functions_in("a.ts", b"export function sum(rows: number[]): number;")


def test_what_is_no_code_or_generated_is_not_read() -> None:
    assert not functions_in("a.md", b"# Sums")
    assert not functions_in("a.png", b"\x89PNG")
    with pytest.raises(UnsuitableCode, match="file generated"):
        functions_in("a.go", b"// Code generated by sums. DO NOT EDIT.\npackage a\n")


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
        ("Reads a {@link File#of file} at once.<p>\nMore.", "Reads a File#of file at once."),
        ('<summary>\nReads a <see cref="T:File"/> once.\n</summary>', "Reads a File once."),
        ("@brief Reads the \\p file.\n@param file it", "Reads the file."),
        ("@param file it\n@description Reads the file.", "Reads the file."),
        ("Reads the <b>whole</b> file.\n@return it", "Reads the whole file."),
        ("Reads a [`File`] at [once](#once).\n\n# Errors\nNone.", "Reads a File at once."),
        ("Reads the file.\n- Parameter file: it", "Reads the file."),
        ("@dev Reads the file. See {File-read}.\n@return it", "Reads the file. See {File-read}."),
        ("`r badge('new')`\nReads the file.", "Reads the file."),
        ("Reads the file.\nReturntype : a text\nStatus : Stable", "Reads the file."),
        ("    read(file)\n\nReads the file.", "Reads the file."),
        (".DESCRIPTION\nReads the file.\n.PARAMETER File\nIt.", "Reads the file."),
        ("read_all\n\n  Arg [1]: a file\n  Description: Reads the file.", "Reads the file."),
        ("NAME\n\nFile - files\n\n=head2 read\n\nReads the file.", "Reads the file."),
        ("Reads it all. " + "And so on " * 30, "Reads it all."),
    ],
)
def test_a_query_is_what_a_docstring_says_first(docstring: str, query: str) -> None:
    assert query_from_docstring(docstring) == query


def test_layout_and_comments_do_not_make_a_copy_another_function() -> None:
    code = 'def f(x):\n    """Says."""\n    return x  # now'
    assert normalised(code) == normalised("def f( x ):\n  return x")
    assert normalised(code) != normalised("def g(x):\n    return x")
    assert normalised("f(); /* a\nb */ g(); // c", "java") == normalised("f(); g();", "java")
    assert normalised("#include <a.h>", "c") != normalised("", "c")
