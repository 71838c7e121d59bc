from __future__ import annotations

import pytest

from embeddings.files import names


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("src/routing.py", "routing"),
        ("src/routing/mod.rs", "routing"),
        ("routing/__init__.py", "routing"),
        ("src/routing/Index.tsx", "routing"),
        ("src/routing/index.d.ts", "routing"),
        ("src/routing.test.ts", "routing.test"),
        ("__init__.py", "__init__"),
        ("main.go", "main"),
        ("Makefile", "Makefile"),
        (".gitignore", ".gitignore"),
        ("src/libs.rs", "libs"),
    ],
)
def test_a_file_is_called_by_its_name_or_its_folder(path: str, name: str) -> None:
    assert names.name(path) == name


def test_a_name_has_the_words_that_search_finds_it_by() -> None:
    assert {"http", "client", "httpclient"} <= set(names.words("lib/HttpClient.java"))
    assert "lib" not in names.words("lib/HttpClient.java")
