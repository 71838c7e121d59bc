"""SQL of several dialects."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from embeddings.code.definitions import extract
from embeddings.code.languages import by_name, by_path
from embeddings.types import Definition, Kind

POSTGRES = """\
-- Who buys.
CREATE TABLE IF NOT EXISTS shop.customers (
  id serial PRIMARY KEY, -- a key
  "full name" text DEFAULT 'O''Brien;'
);

/* What is still owed. */
CREATE MATERIALIZED VIEW debts AS SELECT sum(price) FROM orders;
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE FUNCTION pay(amount int) RETURNS int AS $$
BEGIN
  CREATE TABLE inside (a int);
  RETURN amount;
END;
$$ LANGUAGE plpgsql; -- pays
CREATE TRIGGER audited AFTER INSERT ON orders REFERENCING NEW TABLE AS added
  FOR EACH ROW EXECUTE FUNCTION audit();
CREATE UNIQUE INDEX CONCURRENTLY by_day ON orders (day);
CREATE INDEX ON orders (price);
"""

MYSQL = """\
DELIMITER $$
CREATE DEFINER=`root`@`localhost` PROCEDURE `close_orders`(IN day INT)
BEGIN
  IF day > 1 THEN SELECT 'it\\'s late'; END IF;
  DELETE FROM orders;
END$$
DELIMITER ;
CREATE FUNCTION half(x INT) RETURNS INT DETERMINISTIC RETURN CAST(x / 2 AS SIGNED);
INSERT INTO orders VALUES (1);
"""

TRANSACT = """\
CREATE TABLE [dbo].[Orders] ([Id] int)
GO
ALTER PROCEDURE [dbo].[GetOrders] @id int AS
BEGIN TRY
  BEGIN TRAN;
  CREATE TABLE #found (id int);
  COMMIT;
END TRY
BEGIN CATCH
  THROW;
END CATCH
GO
ALTER TABLE [dbo].[Orders] ADD [Day] date
GO
"""

ORACLE = """\
CREATE OR REPLACE PACKAGE BODY billing AS
  rate CONSTANT NUMBER := 2;

  -- Sends a bill.
  PROCEDURE send(customer NUMBER) IS
    FUNCTION doubled(x NUMBER) RETURN NUMBER IS BEGIN RETURN x * rate; END;
  BEGIN
    FOR i IN 1 .. 2 LOOP log(q'[it's]'); END LOOP;
  END send;

  FUNCTION total RETURN NUMBER;
END billing;
/
CREATE TYPE BODY money AS
  MEMBER FUNCTION text RETURN VARCHAR2 IS BEGIN RETURN $$plsql_unit; END;
END;
/
"""


def test_what_postgres_creates_is_found_with_its_documentation():
    assert found(POSTGRES) == [
        (Kind.TYPE, "shop.customers", "Who buys.", 2, 5),
        (Kind.TYPE, "debts", "What is still owed.", 8, 8),
        (Kind.ENUM, "mood", "", 9, 9),
        (Kind.FUNCTION, "pay", "", 10, 15),
        (Kind.FUNCTION, "audited", "", 16, 17),
        (Kind.CONSTANT, "by_day", "", 18, 18),
    ]
    [pay] = [unit for unit in units(POSTGRES) if unit.name == "pay"]
    assert pay.text.startswith("CREATE FUNCTION pay(")
    assert pay.text.endswith("$$ LANGUAGE plpgsql; -- pays")


def test_mysql_changes_its_delimiter():
    assert found(MYSQL) == [
        (Kind.FUNCTION, "close_orders", "", 2, 6),
        (Kind.FUNCTION, "half", "", 8, 8),
    ]
    assert [unit.text for unit in blocks(MYSQL)] == ["INSERT INTO orders VALUES (1);"]


def test_batches_of_transact_sql_end_with_go():
    assert found(TRANSACT) == [
        (Kind.TYPE, "dbo.Orders", "", 1, 1),
        (Kind.FUNCTION, "dbo.GetOrders", "", 3, 11),
    ]
    assert [unit.text for unit in blocks(TRANSACT)] == ["ALTER TABLE [dbo].[Orders] ADD [Day] date"]


def test_packages_and_types_of_oracle_hold_their_members():
    assert found(ORACLE) == [
        (Kind.CLASS, "billing", "", 1, 12),
        (Kind.METHOD, "billing.send", "Sends a bill.", 5, 9),
        (Kind.METHOD, "billing.send.doubled", "", 6, 6),
        (Kind.METHOD, "billing.total", "", 11, 11),
        (Kind.CLASS, "money", "", 14, 16),
        (Kind.METHOD, "money.text", "", 15, 15),
    ]


def test_queries_have_the_names_that_comments_and_with_give_them():
    source = """\
-- name: GetBook :one
SELECT * FROM books WHERE id = $1;

WITH RECURSIVE tree(id) AS (SELECT 1), old AS MATERIALIZED (SELECT (2)) SELECT * FROM tree;
"""
    assert found(source) == [
        (Kind.FUNCTION, "GetBook", "name: GetBook :one", 2, 2),
    ]
    assert [(unit.name, unit.text) for unit in blocks(source)] == [
        ("", "WITH RECURSIVE tree(id) AS (SELECT 1), old AS MATERIALIZED (SELECT (2))"
             " SELECT * FROM tree;"),
        ("tree", "tree(id) AS (SELECT 1)"),
        ("old", "old AS MATERIALIZED (SELECT (2))"),
    ]  # fmt: skip


def test_statements_on_one_line_are_told_apart_and_none_is_lost():
    source = (
        "CREATE TABLE ${schema}.a (x int); INSERT INTO a VALUES (1); CREATE VIEW b AS SELECT 1;"
    )
    assert [unit.qualified_name for unit in units(source) if unit.name] == ["schema.a", "b"]
    assert [unit.text for unit in blocks(source)] == [source]


def test_a_statement_without_its_end_ends_before_the_next():
    source = "CREATE TABLE a (x int)\nCREATE TABLE b (x int)\nALTER TABLE a ADD y int\n"
    assert [unit.name for unit in units(source)] == ["a", "b", ""]


def test_a_long_line_of_statements_takes_no_more_room_than_itself():
    source = "CREATE TABLE a (x int);" * 5_000
    found = units(source)
    assert sum(len(unit.text) for unit in found) < 3 * len(source)


def test_packages_have_their_own_extensions():
    assert by_path("billing.pkb") is by_path("schema.SQL") is by_name("sql")


WORDS = "CREATE TABLE PROCEDURE PACKAGE BODY a.b AS BEGIN END IF CASE WITH SELECT 1 é"
MARKS = "( ) ; , ' \" ` [ ] $$ $x$ /* */ -- // {{ }} ${ q'[ \\"
PIECES = [*WORDS.split(), *MARKS.split(), "\n", "\nGO\n", "\n/\n", "\nDELIMITER //\n"]


@given(st.lists(st.sampled_from(PIECES), max_size=60))
def test_every_word_of_any_text_is_found(pieces: list[str]):
    source = " ".join(pieces)
    texts = "\n".join(unit.text for unit in units(source))
    missing = {word for word in ("a.b", "1", "é") if word in source}
    assert not [word for word in missing if word not in texts]


def found(source: str) -> list[tuple]:
    """The definitions of a source, as kind, qualified name, documentation and lines."""
    return [
        (unit.kind, unit.qualified_name, unit.docstring, unit.start_line, unit.end_line)
        for unit in units(source)
        if unit.kind != Kind.BLOCK
    ]


def blocks(source: str) -> list[Definition]:
    return [unit for unit in units(source) if unit.kind == Kind.BLOCK]


def units(source: str) -> list[Definition]:
    return extract(source, by_name("sql")).definitions
