"""The type of a file by its path, and by its content where the path is not enough."""

from __future__ import annotations

import pytest

from embeddings.code.languages import DOCUMENTS, FILE_TYPES, TEXT, by_name
from embeddings.files.detection import interpreter, type_by_content, type_by_path


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("README.md", "markdown"),
        ("docs/index.rst", "restructuredtext"),
        ("man/till.1", "man"),
        ("LICENSE", "text"),
        ("notes.unheard-of", "text"),
        ("a.d.ts", "typescript"),
        ("a.pyi", "python"),
        (".github/workflows/ci.yml", "yaml"),
        ("Cargo.lock", "toml"),
        (".env.example", "properties"),
        ("App.vue", "vue"),
        ("Till.CSPROJ", "xml"),
        ("study.ipynb", "notebook"),
    ],
)
def test_the_path_tells_the_type(path: str, name: str) -> None:
    file_type = type_by_path(path)
    assert file_type is not None
    assert file_type.name == name


@pytest.mark.parametrize("path", ["logo.PNG", "lib/till.so", "a.tar.gz", "till.class"])
def test_binary_files_are_known_by_their_extension(path: str) -> None:
    assert type_by_path(path) is None


@pytest.mark.parametrize(
    ("line", "program"),
    [
        ("#!/bin/sh", "sh"),
        ("#! /usr/bin/python3.12 -u", "python"),
        ("#!/usr/bin/env node", "node"),
        ("#!/usr/bin/env -S python3 -u", "python"),
        ("#!/usr/bin/env -S DEBUG=1 deno run", "deno"),
        ("#!/opt/php8.3/bin/php8.3", "php"),
        ("#!/usr/bin/env", ""),
        ("#!", ""),
        ("# !/bin/sh", ""),
        ("print('#!/bin/sh')", ""),
    ],
)
def test_a_script_names_its_interpreter(line: str, program: str) -> None:
    assert interpreter(f"{line}\nbody\n") == program


@pytest.mark.parametrize(
    ("name", "source", "refined"),
    [
        ("text", "#!/usr/bin/env python3\nprint(1)\n", "python"),
        ("text", "#!/usr/bin/env unheard-of\n", "text"),
        ("text", '<?xml version="1.0"?>\n<a/>', "xml"),
        ("text", "<!DOCTYPE html>\n<p>", "html"),
        ("text", ".TH TILL 1\n.SH NAME\ntill", "man"),
        ("text", "Dear all,", "text"),
        ("typescript", '<?xml version="1.0"?>\n<!DOCTYPE TS>\n<TS/>', "xml"),
        ("typescript", "const till = <T,>(x: T) => x", "typescript"),
        ("markdown", "#!/bin/sh", "markdown"),
        ("objectivec", "#import <Till/Till.h>\n", "objectivec"),
        ("objectivec", "#include <vector>\n\nint open = 1;\n", "objectivec"),
        ("objectivec", "function y = till(x)\n  y = x;\nend\n", "text"),
        ("objectivec", "(* ::Package:: *)\ntill[x_] := x\n", "text"),
        ("c", "@interface Till : NSObject\n@end\n", "objectivec"),
        ("c", "#import <Till/Till.h>\nint open(void);\n", "objectivec"),
        ("c", "#include <till.h>\nint open(void);\n", "c"),
    ],
)
def test_the_content_refines_the_type(name: str, source: str, refined: str) -> None:
    assert type_by_content(by_name(name), source).name == refined


def test_names_fit_their_column_and_nobody_else_has_them() -> None:
    names = [file_type.name for file_type in FILE_TYPES]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 20
    assert TEXT in DOCUMENTS
