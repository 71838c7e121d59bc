from __future__ import annotations

import pytest

from embeddings.files.origins import Origin
from embeddings.files.path_rules import PathKind, all_kinds, classify, origins


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("src/shop/load.py", None),
        ("tests/load.py", PathKind.TEST),
        ("docs/examples/load.py", PathKind.EXAMPLE),
        ("examples/tests/load.py", PathKind.TEST),
        ("vendor/other/load_test.go", PathKind.VENDORED),
    ],
)
def test_the_first_kind_counts(path: str, kind: PathKind | None) -> None:
    assert classify(path) == kind


def test_a_path_may_be_of_several_kinds() -> None:
    assert all_kinds("vendor/docs/load_test.go") == (
        PathKind.VENDORED,
        PathKind.TEST,
        PathKind.DOCUMENTATION,
    )


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("node_modules/left-pad/index.js", (Origin.VENDORED,)),
        ("vendor/pkg/a.min.js", (Origin.VENDORED, Origin.MINIFIED)),
        ("shop/api_pb2.pyi", (Origin.GENERATED,)),
        ("web/app.min.js", (Origin.MINIFIED,)),
        ("web/app.min.css", (Origin.MINIFIED,)),
        ("src/generated/api.py", ()),
        ("tests/test_generated.py", ()),
        ("pkg/code_gen.go", ()),
        ("tests/load.py", ()),
        ("src/main/kotlin/org/shop/vendors/Load.kt", ()),
        ("vendors/src/main/kotlin/org/shop/Load.kt", (Origin.VENDORED,)),
    ],
)
def test_a_path_shows_vendored_files_and_those_that_tools_name(
    path: str, expected: tuple[Origin, ...]
) -> None:
    assert origins(path) == expected
