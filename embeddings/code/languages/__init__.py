"""The known types of files. A programming language has a module with all rules that are specific to
it: its grammar, its definitions (as a tree-sitter query), and the roles of its leaves. `documents`
holds the types of files that no grammar reads; one may still have a grammar for its definitions."""

from __future__ import annotations

from pathlib import PurePosixPath

from embeddings.code.languages.bash import BASH
from embeddings.code.languages.c import C
from embeddings.code.languages.clojure import CLOJURE
from embeddings.code.languages.cmake import CMAKE
from embeddings.code.languages.cpp import CPP
from embeddings.code.languages.csharp import CSHARP
from embeddings.code.languages.dart import DART
from embeddings.code.languages.dockerfile import DOCKERFILE
from embeddings.code.languages.documents import DOCUMENTS, TEXT
from embeddings.code.languages.elixir import ELIXIR
from embeddings.code.languages.erlang import ERLANG
from embeddings.code.languages.go import GO
from embeddings.code.languages.grammars import compiled, keywords, query
from embeddings.code.languages.graphql import GRAPHQL
from embeddings.code.languages.haskell import HASKELL
from embeddings.code.languages.hcl import HCL
from embeddings.code.languages.java import JAVA
from embeddings.code.languages.javascript import JAVASCRIPT
from embeddings.code.languages.julia import JULIA
from embeddings.code.languages.kotlin import KOTLIN
from embeddings.code.languages.language import Document, FileType, Kinds, Language
from embeddings.code.languages.lua import LUA
from embeddings.code.languages.makefile import MAKEFILE
from embeddings.code.languages.nix import NIX
from embeddings.code.languages.objectivec import OBJECTIVE_C
from embeddings.code.languages.ocaml import OCAML, OCAML_INTERFACE
from embeddings.code.languages.perl import PERL
from embeddings.code.languages.php import PHP
from embeddings.code.languages.powershell import POWERSHELL
from embeddings.code.languages.protobuf import PROTOBUF
from embeddings.code.languages.python import PYTHON
from embeddings.code.languages.r import R
from embeddings.code.languages.ruby import RUBY
from embeddings.code.languages.rust import RUST
from embeddings.code.languages.scala import SCALA
from embeddings.code.languages.solidity import SOLIDITY
from embeddings.code.languages.swift import SWIFT
from embeddings.code.languages.typescript import TSX, TYPESCRIPT
from embeddings.code.languages.zig import ZIG

__all__ = [
    "DOCUMENTS",
    "FILE_TYPES",
    "LANGUAGES",
    "TEXT",
    "Document",
    "FileType",
    "Kinds",
    "Language",
    "by_name",
    "by_path",
    "compiled",
    "keywords",
    "language_by_path",
    "query",
    "syntax_of",
]

LANGUAGES: tuple[Language, ...] = (
    PYTHON,
    JAVA,
    JAVASCRIPT,
    TYPESCRIPT,
    TSX,
    GO,
    BASH,
    C,
    CLOJURE,
    CMAKE,
    CPP,
    CSHARP,
    DART,
    DOCKERFILE,
    ELIXIR,
    ERLANG,
    GRAPHQL,
    HASKELL,
    HCL,
    JULIA,
    KOTLIN,
    LUA,
    MAKEFILE,
    NIX,
    OBJECTIVE_C,
    OCAML,
    OCAML_INTERFACE,
    PERL,
    PHP,
    POWERSHELL,
    PROTOBUF,
    R,
    RUBY,
    RUST,
    SCALA,
    SOLIDITY,
    SWIFT,
    ZIG,
)
FILE_TYPES: tuple[FileType, ...] = (*LANGUAGES, *DOCUMENTS)

_BY_NAME = {file_type.name: file_type for file_type in FILE_TYPES}
# Where two types claim the same files, those with a grammar come first.
_BY_EXTENSION = {end: each for each in reversed(FILE_TYPES) for end in each.extensions}
_BY_FILENAME = {name: each for each in reversed(FILE_TYPES) for name in each.filenames}


def by_name(name: str) -> FileType:
    """The entry called `name`; KeyError if there is none."""
    return _BY_NAME[name]


def syntax_of(name: str) -> Language | None:
    """How the texts of definitions in files of the type `name` are parsed; None if they are not.
    KeyError if there is no such type."""
    file_type = by_name(name)
    if isinstance(file_type, Document):
        return file_type.syntax
    assert isinstance(file_type, Language)
    return file_type


def by_path(path: str) -> FileType | None:
    """The type of a file by its name, its extension, or its name without that, such as
    Dockerfile.test; None if it is unknown."""
    pure = PurePosixPath(path.lower())
    return (
        _BY_FILENAME.get(pure.name) or _BY_EXTENSION.get(pure.suffix) or _BY_FILENAME.get(pure.stem)
    )


def language_by_path(path: str) -> Language | None:
    """The programming language of a file by its name or extension; None for other files."""
    file_type = by_path(path)
    return file_type if isinstance(file_type, Language) else None
