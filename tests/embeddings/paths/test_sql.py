"""Path-contexts of SQL, whose definitions a scanner finds and a grammar parses."""

from __future__ import annotations

import subprocess
import sys

import pytest

from embeddings.code.definitions import extract
from embeddings.code.languages import Document, by_name, syntax_of
from embeddings.code.languages.sql import SQL
from embeddings.code.own_names import masked
from embeddings.code.parsing import parse
from embeddings.naming.mentions import mentioned
from embeddings.paths import contexts, table_in_document
from embeddings.types import Kind


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE [dbo].[Order Lines] ([Id] int, [Day] date);",
        "SELECT `a b`, c FROM `d-e`.f;",
        "SELECT a FROM {{ ref('b') }} WHERE c = '{{ d }}';",
        "CREATE TABLE ${schema}.a (b int);",
        "UPDATE a SET b = :b WHERE c = :OLD.c;",
        "DELETE FROM #open WHERE day < @day;",
        "SELECT sid FROM v$session, größe;",
        "SELECT a[b], a [1], '[c', \"[d\" FROM e; -- [f\n",
        "CREATE FUNCTION f() RETURNS int AS $body$ SELECT 1; $body$ LANGUAGE sql;",
        "SELECT a::text, b FROM c /* it's [d */;",
    ],
)
def test_names_of_every_dialect_parse(text: str) -> None:
    assert len(SQL.prepare(text.encode())) == len(text.encode())
    assert not parse(text.encode(), SQL).root_node.has_error


def test_only_what_is_no_name_elsewhere_is_prepared() -> None:
    text = b"SELECT a[b], '[c]', \"{{ d }}\", $1, e::text, $x$[f]$x$ -- :g `h`\n/* #i */"
    assert SQL.prepare(text) == text.replace(b"[f]", b"_f_")


def test_named_keywords_refine_operators_and_are_leaves_only_by_themselves() -> None:
    [operands] = contexts("SELECT a AND 2;", "sql")
    assert operands.path == ("identifier", "field", "binary_expression:and", "literal")
    found = contexts("CREATE TABLE a (b timestamp WITH TIME ZONE NOT NULL);", "sql")
    assert {context.end.token for context in found} == {"b", "timestamp with time zone"}


@pytest.mark.parametrize("written", ["walk", '"walk"', "[walk]", "`walk`"])
def test_the_own_name_is_hidden_however_it_is_quoted(written: str) -> None:
    text = f"CREATE TABLE a.{written} (b int REFERENCES walk (c));"
    tokens = {token for c in contexts(text, "sql") for token in (c.start.token, c.end.token)}
    assert tokens == {"a", "METHOD_NAME", "b", "int", "c"}
    assert masked(text, "sql") == "CREATE TABLE a.METHOD_NAME (b int REFERENCES METHOD_NAME (c));"
    assert "walk" not in mentioned(text, "sql")


def test_what_the_grammar_does_not_know_contributes_the_statements_that_it_knows() -> None:
    procedure = "CREATE PROCEDURE a @b int AS BEGIN DELETE FROM c WHERE d < @b; END"
    assert parse(procedure.encode(), SQL).root_node.has_error
    found = {(c.start.token, c.end.token) for c in contexts(procedure, "sql")}
    assert ("d", "@b") in found


def test_a_document_gives_what_the_texts_of_its_definitions_give() -> None:
    document = by_name("sql")
    assert isinstance(document, Document)
    source = "-- A.\nCREATE VIEW a AS SELECT b FROM c;\n\nUPDATE d SET e = f, a = g;\n"
    definitions, table = table_in_document(source, document, kinds=tuple(Kind))
    assert definitions == extract(source, document).definitions
    assert [each.kind for each in definitions] == [Kind.TYPE, Kind.BLOCK]
    assert table.rows() == [contexts(d.text, "sql", kind=d.kind) for d in definitions]
    assert all(table.rows())


def test_other_documents_have_no_contexts() -> None:
    markdown = by_name("markdown")
    assert isinstance(markdown, Document)
    assert syntax_of("markdown") is None
    definitions, table = table_in_document("# A\n\nb\n", markdown, kinds=tuple(Kind))
    assert table.rows() == [[] for _ in definitions] != []
    assert contexts("# A\n\nb\n", "markdown") == []


def test_reading_sql_loads_no_grammar() -> None:
    program = (
        "import sys\n"
        "from embeddings.code.definitions import extract\n"
        "from embeddings.code.languages import by_name\n"
        "assert extract('CREATE TABLE a (b int);', by_name('sql')).definitions\n"
        "assert 'tree_sitter_language_pack' not in sys.modules\n"
        "from embeddings.paths import contexts\n"
        "assert contexts('CREATE TABLE a (b int);', 'sql')\n"
        "assert 'tree_sitter_language_pack' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
