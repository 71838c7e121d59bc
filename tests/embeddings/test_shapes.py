"""Code of the same shape differs in names, literals, comments and layout alone."""

from __future__ import annotations

import pytest

from embeddings.paths.shapes import shapes

LOAD = '''
def load(path, mode="r"):
    """Reads a file."""
    with open(path, mode) as file:  # closes it
        return [line for line in file if line != 3]
'''


def digest(text: str, language: str = "python") -> str:
    (shape,) = shapes([text], language)
    assert shape is not None
    return shape.digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("load", "read_all"), ("path", "name"), ('"r"', "'rb'"), ("3", "42"),
        ('    """Reads a file."""\n', ""), ("  # closes it", ""), ("path, mode", "path ,  mode"),
        ("line", "each"), ("with", "async with"),
    ],
)  # fmt: skip
def test_what_does_not_change_the_shape(old: str, new: str) -> None:
    assert digest(LOAD.replace(old, new)) == digest(LOAD)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("!=", "=="), ("open(path", "open(mode"), ("return [", "yield ["),
        ("if line", "if not line"), ("return", "return not"),
    ],
)  # fmt: skip
def test_what_changes_it(old: str, new: str) -> None:
    assert digest(LOAD.replace(old, new)) != digest(LOAD)


def test_other_languages_have_shapes_and_documents_have_none() -> None:
    go = "func Add(a int, b int) int {\n\treturn a + b\n}\n"
    renamed = "func Sum(x int, y int) int { return x + y }\n"
    assert digest(go, "go") == digest(renamed, "go")
    assert shapes(["# A heading\n"], "markdown") == [None]


def test_the_number_of_leaves_tells_the_size() -> None:
    small, large = shapes(["def f(): return 1", LOAD], "python")
    assert small is not None
    assert large is not None
    assert small.leaves < large.leaves < 40
