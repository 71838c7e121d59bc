"""Variables and parameters of a definition: their roles by hand, their occurrences by Python's own
`symtable` and `ast`, their path-contexts by those of the whole definition."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator
from pathlib import Path

import pytest

from embeddings.code.definitions import extract
from embeddings.code.languages import by_path
from embeddings.naming.scopes import Role
from embeddings.naming.variables import HIDDEN, Variable, most_common_names, variables
from embeddings.paths import CODE, contexts

PROJECT = Path(__file__).parents[3]

SAMPLE = '''
def load(path: Path, mode="r", *rest: int, strict: bool = False, **options):
    """Reads path."""
    total: int = 0
    first, (second, *others) = rest
    with open(path) as file, path.lock(mode=mode):
        for number, line in enumerate(file):
            total += len(line)
    lines = await read(file)
    empty = []
    try:
        size = total / strict
    except (OSError, ValueError) as error:
        raise Wrong(path.total) from error
    if (found := lines.get(second)):
        squares = {x: [y for y in x] for x in others if x}
    return sorted(squares, key=lambda item: item + first), f"{total} {path}", empty, found
'''


def text_of(source: str, name: str) -> str:
    file_type = by_path("a.py")
    assert file_type is not None
    found = [each for each in extract(source, file_type).definitions if each.name == name]
    return found[0].text


def named(text: str, language: str = "python") -> dict[str, Variable]:
    return {each.name: each for each in variables(text, language)}


def test_each_variable_has_the_role_of_the_place_that_binds_it() -> None:
    assert {each.name: each.role for each in variables(text_of(SAMPLE, "load"))} == {
        "path": Role.PARAMETER, "mode": Role.PARAMETER, "rest": Role.VARIADIC,
        "strict": Role.PARAMETER, "options": Role.KEYWORDS, "total": Role.LITERAL,
        "first": Role.UNPACKED, "second": Role.UNPACKED, "others": Role.UNPACKED,
        "file": Role.RESOURCE, "number": Role.LOOP, "line": Role.LOOP, "lines": Role.CALLED,
        "empty": Role.LITERAL, "size": Role.ASSIGNED, "error": Role.EXCEPTION,
        "found": Role.CALLED, "squares": Role.LITERAL, "x": Role.COMPREHENSION,
        "y": Role.COMPREHENSION, "item": Role.LAMBDA,
    }  # fmt: skip


def test_an_annotation_is_kept_as_written() -> None:
    found = named(text_of(SAMPLE, "load"))
    annotations = {name: each.annotation for name, each in found.items() if each.annotation}
    assert annotations == {"path": "Path", "rest": "int", "strict": "bool", "total": "int"}


def test_occurrences_are_those_of_the_variable() -> None:
    text = text_of(SAMPLE, "load")
    found = named(text)
    lines = {name: _lines(text, each) for name, each in found.items()}
    assert lines["path"] == [1, 5, 5, 13, 16]  # and not in the docstring
    assert lines["total"] == [3, 7, 11, 16]  # and not the attribute
    assert lines["mode"] == [1, 5]  # and not the keyword


def _lines(text: str, variable: Variable) -> list[int]:
    data = text.encode()
    return [data[:start].count(b"\n") + 1 for start, _ in variable.occurrences]


def test_contexts_are_those_of_the_definition_that_touch_an_occurrence() -> None:
    text = "def f(a, b):\n    c = a + b\n    return c.a + f(a)\n"
    found, every = named(text), contexts(text, max_contexts=None)
    for variable in found.values():
        spans = set(variable.occurrences)
        expected = [
            each
            for each in every
            if (each.start.start_byte, each.start.end_byte) in spans
            or (each.end.start_byte, each.end.end_byte) in spans
        ]
        assert [each.path for each in variable.contexts] == [each.path for each in expected]
        for own, other in zip(variable.contexts, expected, strict=True):
            for leaf, before in ((own.start, other.start), (own.end, other.end)):
                is_own = (before.start_byte, before.end_byte) in spans
                assert leaf.token == (HIDDEN if is_own else before.token)
    assert HIDDEN in {each.start.token for each in found["a"].contexts}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f(x):\n    def g(x=x):\n        return x\n    return g\n", {"x": 2}),
        ("def f(x):\n    def g():\n        return x\n    return g\n", {"x": 2}),
        ("def f(x):\n    return [x for x in x]\n", {"x": 2, "x ": 2}),
        ("def f(x):\n    return lambda x: x\n", {"x": 1, "x ": 2}),
        ("def f(x):\n    class A:\n        x = x\n        y = x\n    return x\n", {"x": 2}),
        ("def f():\n    global x\n    x = 1\n", {}),
        ("def f(self, x):\n    self.x = x\n", {"x": 2}),
        ("def f(x):\n    return [y := x for _ in x], y\n", {"x": 3, "y": 2}),
        ("x = 1\n", {}),
        ("def f(:\n", {}),
        ("", {}),
    ],
)
def test_scopes_are_those_of_the_language(source: str, expected: dict[str, int]) -> None:
    found = [(each.name, len(each.occurrences)) for each in variables(source)]
    assert sorted(found) == sorted((name.strip(), count) for name, count in expected.items())


def _own_functions() -> Iterator[str]:
    """Functions of this project that have no function or class inside."""
    file_type = by_path("a.py")
    assert file_type is not None
    for path in sorted((PROJECT / "embeddings").rglob("*.py"))[::7]:
        for each in extract(path.read_text(), file_type).definitions:
            if each.kind in CODE and each.text.count("def ") == 1 and "class " not in each.text:
                yield each.text


def test_all_occurrences_in_functions_of_this_project_are_found() -> None:
    """By the oracle: the names that `symtable` calls local, where `ast` has them; a name that a
    comprehension or lambda binds, too, counts together."""
    texts = list(_own_functions())
    assert len(texts) > 100
    for text in texts:
        found: dict[str, int] = {}
        for variable in variables(text):
            found[variable.name] = found.get(variable.name, 0) + len(variable.occurrences)
        assert found == _by_oracle(text), text


def _by_oracle(text: str) -> dict[str, int]:
    (module,) = symtable.symtable(text, "f", "exec").get_children()
    names = set[str]()
    left = [module]
    while left:
        table = left.pop()
        if table.get_type() == "function":
            assert isinstance(table, symtable.Function)
            names |= {name for name in table.get_locals() if not name.startswith(".")}
        left += table.get_children()
    names -= {"self", "cls", "_"} | _imported(text)
    found: dict[str, int] = {}
    for node in ast.walk(ast.parse(text)):
        own = {
            ast.Name: lambda: [node.id],  # noqa: B023
            ast.arg: lambda: [node.arg],  # noqa: B023
            ast.ExceptHandler: lambda: [node.name] if node.name else [],  # noqa: B023
            ast.MatchAs: lambda: [node.name] if node.name else [],  # noqa: B023
        }.get(type(node), list)()
        for name in own:
            if name in names:
                found[name] = found.get(name, 0) + 1
    return found


def _imported(text: str) -> set[str]:
    imports = (n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Import | ast.ImportFrom))
    return {(each.asname or each.name).partition(".")[0] for n in imports for each in n.names}


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        (
            "javascript",
            "function f(a, b) {\n  const c = a.b + b;\n  return c;\n}\n",
            {"a": Role.PARAMETER, "b": Role.PARAMETER, "c": Role.ASSIGNED},
        ),
        (
            "go",
            "func f(a int) int {\n\tb := a\n\treturn b\n}\n",
            {"a": Role.PARAMETER, "b": Role.ASSIGNED},
        ),
    ],
)
def test_other_languages_have_what_their_entries_capture(
    language: str, text: str, expected: dict[str, Role]
) -> None:
    found = named(text, language)
    assert {name: each.role for name, each in found.items()} == expected
    assert all(each.contexts for each in found.values())


def test_documents_and_long_texts_have_none() -> None:
    assert variables("a: 1\n", "yaml") == []
    assert variables("def f(a):\n" + "    a = 1\n" * 3_000) == []


def test_the_most_common_name_of_each_role() -> None:
    texts = ["def f(path): ...", "def g(path): ...", "def h(name):\n    for i in name: ..."]
    known = [each for text in texts for each in variables(text)]
    assert most_common_names(known) == {Role.PARAMETER: "path", Role.LOOP: "i"}
