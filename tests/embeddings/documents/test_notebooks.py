"""Notebooks are read, shown and found by their cells."""

from __future__ import annotations

import json

import pytest

from embeddings.code.languages import by_name
from embeddings.files.detection import as_read
from tests.embeddings.documents.reading import found, outline

NOTEBOOK = by_name("notebook")


def script(notebook: object) -> str:
    return as_read(NOTEBOOK, json.dumps(notebook))[1]


CELLS = [
    {"cell_type": "markdown", "source": ["## Load the sales\n", "\n", "From the till."]},
    {
        "cell_type": "code",
        "source": ["%matplotlib inline\n", "def load(path):\n", "    return path\n"],
        "outputs": [{"data": {"image/png": "iVBORw0KGgo"}}],
    },
    {"cell_type": "raw", "source": "left alone"},
    {"cell_type": "code", "source": []},
]


def test_a_notebook_is_shown_as_a_script_without_outputs() -> None:
    assert script({"cells": CELLS, "metadata": {}}) == (
        "# %% [markdown]\n## Load the sales\n\nFrom the till.\n\n"
        "# %% [python]\n%matplotlib inline\ndef load(path):\n    return path\n\n"
        "# %% [raw]\nleft alone\n\n# %% [python]\n"
    )


def test_cells_are_found_and_the_functions_in_them() -> None:
    source = script({"cells": CELLS, "metadata": {}})
    assert outline(source, "notebook") == [
        ("cell", "Load the sales", 2, 4),
        ("cell", "Load the sales", 7, 9),
        ("function", "load", 8, 9),
        ("cell", "Load the sales", 12, 12),
    ]
    markdown, code, function, raw = found(source, "notebook")
    assert (markdown.name, code.name) == ("Load the sales", "")
    assert [unit.language for unit in (markdown, code, raw)] == ["markdown", "python", "text"]
    assert source.encode()[function.start_byte : function.end_byte].startswith(b"def load")


@pytest.mark.parametrize(
    "metadata",
    [{"language_info": {"name": "Go"}}, {"kernelspec": {"language": "go"}}],
)
def test_the_kernel_tells_the_language(metadata: object) -> None:
    cell = {"cell_type": "code", "source": "func till() {}"}
    source = script({"cells": [cell], "metadata": metadata})
    assert [(unit.kind, unit.language) for unit in found(source, "notebook")] == [
        ("cell", "go"),
        ("function", "go"),
    ]


def test_an_old_notebook_has_its_cells_in_worksheets() -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": "Sales"},
        {"cell_type": "code", "input": "x = 1"},
    ]
    assert script({"worksheets": [{"cells": cells}]}) == (
        "# %% [markdown]\n## Sales\n\n# %% [python]\nx = 1\n"
    )


@pytest.mark.parametrize(
    "source",
    [
        "{",
        "[]",
        "null",
        '{"cells": 1}',
        '{"cells": [1]}',
        '{"cells": []}',
        "[" * 100_000,
        "1" * 9_000,
    ],
)
def test_what_is_no_notebook_is_text(source: str) -> None:
    assert as_read(NOTEBOOK, source)[1] == source
    found(source, "notebook")
