from __future__ import annotations

import pytest

from embeddings.code.path_rules import PathKind, all_kinds, classify, never_indexed


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
    ("path", "kind"),
    [
        ("node_modules/left-pad/index.js", PathKind.VENDORED),
        ("shop/api_pb2.pyi", PathKind.GENERATED),
        ("web/app.min.js", PathKind.GENERATED),
        ("src/generated/api.py", None),
        ("tests/test_generated.py", None),
        ("pkg/code_gen.go", None),
        ("tests/load.py", None),
    ],
)
def test_only_vendored_files_and_those_that_tools_name_are_never_indexed(
    path: str, kind: PathKind | None
) -> None:
    assert never_indexed(path) == kind
