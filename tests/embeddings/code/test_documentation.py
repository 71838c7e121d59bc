"""Which comments document a definition, and what they say."""

from __future__ import annotations

import pytest

from embeddings.code.definitions import extract
from embeddings.code.languages import by_name
from embeddings.types import Definition, Kind


def named(source: str, language: str, name: str) -> Definition:
    found = [d for d in extract(source, by_name(language)).definitions if d.name == name]
    return found[-1]


PYTHON = {
    "# Pours milk.\n# Slowly.\ndef pour(): pass": "Pours milk.\nSlowly.",
    "# Pours milk.\n@hot\ndef pour(): pass": "Pours milk.",
    "@hot\n# Pours milk.\n@cold\ndef pour(): pass": "Pours milk.",
    "@hot(\n    # Its argument.\n    1\n)\ndef pour(): pass": "",
    "# Pours milk.\n# noqa: E501\ndef pour(): pass": "Pours milk.",
    "# Pours milk (hot).\ndef pour(): pass": "Pours milk (hot).",
    "#: Pours milk.\nclass pour: pass": "Pours milk.",
    "# The docstring wins.\ndef pour():\n    'Pours.'": "Pours.",
    "# Far away.\n\ndef pour(): pass": "",
    "# milk = steam(cup)\ndef pour(): pass": "",
    "# return self.milk\ndef pour(): pass": "",
    "# ------\n# Drinks\n# ------\ndef pour(): pass": "",
    "# ==== Drinks ====\ndef pour(): pass": "",
    "# ==== Drinks ====\n# Pours milk.\ndef pour(): pass": "Pours milk.",
    "#!/usr/bin/env python\n# Pours milk.\ndef pour(): pass": "Pours milk.",
    "#!/usr/bin/env python\ndef pour(): pass": "",
    "# type: ignore\ndef pour(): pass": "",
    "# Copyright 2020 A.\ndef pour(): pass": "",
}


@pytest.mark.parametrize(("source", "docstring"), PYTHON.items())
def test_a_comment_above_a_python_definition_documents_it(source: str, docstring: str) -> None:
    assert named(source, "python", "pour").docstring == docstring


SCRIPT = {
    "/** Pours. */\n// eslint-disable-next-line\nfunction pour() {}": "Pours.",
    "/** Pours. */\n// @ts-expect-error\nexport const pour = () => 1;": "Pours.",
    "/* eslint no-undef: 0 */\nfunction pour() {}": "",
    "/* global milk, cup */\nfunction pour() {}": "",
    "/* global stock of milk */\nfunction pour() {}": "global stock of milk",
    "/** Of one. */\nfunction pour(a: 1): 1;\n/** Two. */\nfunction pour(a: 2) {}": "Of one.",
    "function pour(a: 1): 1;\n/** Of two. */\nfunction pour(a: 2) {}": "Of two.",
    "class A {\n@x()\n/** Pours. */\n@y()\npour() {}\n}": "Pours.",
    "class A {\n/** Pours. */\n@a\n@b\n// prettier-ignore\n@c\n@d()\npour() {}\n}": "Pours.",
    "@x()\n/** Pours. */\nexport class pour {}": "Pours.",
    "/** @fileoverview Drinks. */\n\nfunction pour() {}": "",
}


@pytest.mark.parametrize(("source", "docstring"), SCRIPT.items())
def test_a_comment_documents_through_what_speaks_to_tools(source: str, docstring: str) -> None:
    assert named(source, "typescript", "pour").docstring == docstring


def test_directives_stay_in_the_text_of_what_they_stand_above() -> None:
    pour = named("package p\n\n// Pours.\n//\n//nolint:all\nfunc pour() {}", "go", "pour")
    assert pour.text == "// Pours.\n//\n//nolint:all\nfunc pour() {}"


def test_methods_of_an_interface_have_their_documentation() -> None:
    source = "interface Till {\n    /** Counts coins. */\n    long coins();\n}"
    coins = named(source, "java", "coins")
    assert (coins.kind, coins.docstring) == (Kind.METHOD, "Counts coins.")
    assert coins.text == "/** Counts coins. */\nlong coins();"


@pytest.mark.parametrize("first", ["@Override", "@Override // NOSONAR", "@Override\n@Deprecated"])
def test_documentation_may_follow_annotations(first: str) -> None:
    source = f"class Till {{\n{first}\n/** Counts coins. */\npublic long coins() {{ }}\n}}"
    assert named(source, "java", "coins").docstring == "Counts coins."


@pytest.mark.parametrize(
    ("language", "source", "docstring"),
    [
        ("java", "/**\n * All tills.\n */\npackage a.b;\n", "All tills."),
        ("java", "/* Licensed to A. */\npackage a.b;\nclass A {}\n", None),
        ("java", "package a.b;\nclass A {}\nclass B {}\n", None),
        ("go", "// Package p is.\n//\n//go:build linux\npackage p\n", "Package p is."),
        ("javascript", "/**\n * @file All tills.\n */\n\nlet a = 1;\n", "@file All tills."),
        ("javascript", "// (c)\n\n/** @overview T. */\n\nlet a = 1;\n", "@overview T."),
        ("python", "'''All tills.'''\n", "All tills."),
    ],
)
def test_a_file_or_package_has_documentation(
    language: str, source: str, docstring: str | None
) -> None:
    definitions = extract(source, by_name(language)).definitions
    told = [d.docstring for d in definitions if d.kind == Kind.MODULE]
    assert told == ([] if docstring is None else [docstring])
