"""The values of the library: definitions, leaves and path-contexts, and the protocol of text
encoders. Imports nothing but numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
"""Rows of float32, one a text: (n, dimensions)."""


class Kind(StrEnum):
    """What a definition is in its language."""

    FUNCTION = "function"
    METHOD = "method"
    CLASS = "class"
    MODULE = "module"


class Runtime(StrEnum):
    """What computes a language model: torch, with all of its weights or with 8 or 4 bits of each
    (on a GPU); or onnxruntime, as they are or with 8 bits of each (on a CPU)."""

    TORCH = "torch"
    EIGHT_BIT = "8bit"
    FOUR_BIT = "4bit"
    ONNX = "onnx"
    ONNX_INT8 = "onnx-int8"


@dataclass(frozen=True, slots=True)
class Definition:
    """A function, method, class or module found in a source.

    Lines count from 1 and include both ends, bytes count from 0 in the UTF-8 form of the
    decoded source and exclude the end; decorators belong to the definition. `qualified_name`
    is dotted and relative to the file (`Session.request`); a module's names are empty, since
    the same content may lie under several paths. `text` is what an encoder reads: the dedented
    source of a function or method; signature, docstring and members' signatures of a class;
    docstring and outline of a module. It parses in the definition's own language.
    """

    kind: Kind
    language: str
    name: str
    qualified_name: str
    start_line: int
    end_line: int
    start_byte: int
    end_byte: int
    docstring: str
    text: str


class Leaf(NamedTuple):
    """A token of the syntax tree that a path can start or end at, with its span in the text, in
    bytes of its UTF-8 form. An identifier is as it is written, so that it can be split into
    subtokens; a string is its content, and a number is normalised."""

    token: str
    start_byte: int
    end_byte: int


class PathContext(NamedTuple):
    """Two leaves and the node kinds between them: up from the start leaf to the lowest common
    ancestor, `path[top]`, and down to the end leaf; both leaves' kinds are part of the path.
    Alon et al. 2019, definition 3. What tells paths apart is `(path, top)`.

    It and its leaves are tuples and not dataclasses because they are made by the million: a frozen
    dataclass takes four times as long to make."""

    start: Leaf
    path: tuple[str, ...]
    end: Leaf
    top: int


class TextEncoder(Protocol):
    """A language model that turns texts into vectors."""

    @property
    def dimensions(self) -> int: ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text could get another vector."""
        ...

    @property
    def for_queries(self) -> TextEncoder:
        """What reads descriptions into the same space: the same model, with a prompt of its own."""
        ...

    @property
    def for_names(self) -> TextEncoder:
        """What reads texts whose name is hidden, to predict it: the same model, and of each text
        the beginning alone, which says most of what there is to say for half of the cost."""
        ...

    def encode(self, texts: Sequence[str]) -> Matrix:
        """(n,) texts → (n, dimensions), rows of unit length."""
        ...

    def read(self, texts: Sequence[str]) -> tuple[Matrix, list[int]]:
        """The same, and how many tokens of each text lie behind its limit."""
        ...
