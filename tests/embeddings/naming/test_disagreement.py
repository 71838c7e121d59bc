"""When a name disagrees with the code."""

from __future__ import annotations

import pytest

from embeddings.naming.disagreement import disagrees, variable_doubt


@pytest.mark.parametrize(
    ("name", "predicted", "expected"),
    [
        ("needs_object", [("is_language", 0.75)], True),
        ("needs_object", [("is_language", 0.55)], False),  # not sure
        ("needsObject", [("is_language", 0.75), ("object_language", 0.4)], False),
        ("needs_object", [("is_language", 0.75), ("object", 0.2)], True),  # not likely
        ("configure", [("load_config", 0.8)], False),
        ("aread", [("read_all", 0.8)], False),
        ("id", [("idle", 0.8)], True),
        ("__init__", [("load", 0.9)], False),
        ("_", [("load", 0.9)], False),
        ("load", [], False),
    ],
)
def test_a_name_disagrees(name: str, predicted: list[tuple[str, float]], expected: bool) -> None:
    assert disagrees(name, predicted) is expected


@pytest.mark.parametrize(
    ("name", "predicted", "expected"),
    [
        ("tmp", [("path", 0.8)], 0.8),
        ("i", [("index", 0.8)], 0),
        ("ctx", [("context", 0.8)], 0),
        ("ctx", [("path", 0.8), ("request_context", 0.4)], 0),
        ("ctx", [("path", 0.8), ("context", 0.2)], 0.8),  # not likely
        ("ctx", [("text", 0.8)], 0.8),
        ("_", [("index", 0.8)], 0),
    ],
)
def test_a_variable_may_have_an_abbreviated_name(
    name: str, predicted: list[tuple[str, float]], expected: float
) -> None:
    assert variable_doubt(name, predicted) == expected
