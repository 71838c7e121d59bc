"""The supported languages: a module each, with all rules that are specific to the language. Its
grammar, its definitions (as a tree-sitter query), and the roles of its leaves."""

from __future__ import annotations

from pathlib import PurePosixPath

from embeddings.code.languages.bash import BASH
from embeddings.code.languages.clojure import CLOJURE
from embeddings.code.languages.cmake import CMAKE
from embeddings.code.languages.css import CSS
from embeddings.code.languages.dockerfile import DOCKERFILE
from embeddings.code.languages.elixir import ELIXIR
from embeddings.code.languages.erlang import ERLANG
from embeddings.code.languages.go import GO
from embeddings.code.languages.grammars import compiled, keywords, query
from embeddings.code.languages.graphql import GRAPHQL
from embeddings.code.languages.haskell import HASKELL
from embeddings.code.languages.hcl import HCL
from embeddings.code.languages.java import JAVA
from embeddings.code.languages.javascript import JAVASCRIPT
from embeddings.code.languages.language import Document, FileType, Kinds, Language
from embeddings.code.languages.lua import LUA
from embeddings.code.languages.makefile import MAKEFILE
from embeddings.code.languages.php import PHP
from embeddings.code.languages.protobuf import PROTOBUF
from embeddings.code.languages.python import PYTHON
from embeddings.code.languages.r import R
from embeddings.code.languages.ruby import RUBY
from embeddings.code.languages.solidity import SOLIDITY
from embeddings.code.languages.typescript import TSX, TYPESCRIPT
from embeddings.code.languages.zig import ZIG

__all__ = [
    "LANGUAGES",
    "Document",
    "FileType",
    "Kinds",
    "Language",
    "by_name",
    "by_path",
    "compiled",
    "keywords",
    "query",
]

LANGUAGES: tuple[Language, ...] = (
    PYTHON,
    JAVA,
    JAVASCRIPT,
    TYPESCRIPT,
    TSX,
    GO,
    BASH,
    CLOJURE,
    CMAKE,
    CSS,
    DOCKERFILE,
    ELIXIR,
    ERLANG,
    GRAPHQL,
    HASKELL,
    HCL,
    LUA,
    MAKEFILE,
    PHP,
    PROTOBUF,
    R,
    RUBY,
    SOLIDITY,
    ZIG,
)
_BY_NAME = {language.name: language for language in LANGUAGES}
_BY_EXTENSION = {end: language for language in LANGUAGES for end in language.extensions}
_BY_FILENAME = {name: language for language in LANGUAGES for name in language.filenames}


def by_name(name: str) -> Language:
    """The entry called `name`; KeyError if there is none."""
    return _BY_NAME[name]


def by_path(path: str) -> Language | None:
    """The language of a file by its name, its extension, or its name without that, such as
    Dockerfile.test; None if it is unknown."""
    pure = PurePosixPath(path.lower())
    return (
        _BY_FILENAME.get(pure.name) or _BY_EXTENSION.get(pure.suffix) or _BY_FILENAME.get(pure.stem)
    )
