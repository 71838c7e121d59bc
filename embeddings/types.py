"""The values of the library: definitions, leaves and path-contexts, and the protocol of text
encoders. Imports nothing but numpy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import NamedTuple, Protocol
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
"""(n, dimensions), float32: one row per text."""


READING_VERSION = 4
"""Version of what is found in a file. Files that an older version has read are read again; texts
that stay the same keep their vectors."""


class Kind(StrEnum):
    """What a definition is in its language. A block is code outside other definitions, or a window
    of a long one; documents consist of sections, and notebooks of cells."""

    FUNCTION = "function"
    METHOD = "method"
    CLASS = "class"
    INTERFACE = "interface"
    TRAIT = "trait"
    ENUM = "enum"
    TYPE = "type"
    MACRO = "macro"
    PROPERTY = "property"
    CONSTANT = "constant"
    BLOCK = "block"
    SECTION = "section"
    CELL = "cell"
    FILE = "file"
    MODULE = "module"


NAMELESS = frozenset({Kind.BLOCK, Kind.MODULE})
"""Kinds whose texts do not contain the name that the definition is known by."""


class Runtime(StrEnum):
    """What runs a language model: torch, in full precision or quantised to 8 or 4 bits (on a GPU),
    or onnxruntime, in full precision or quantised to 8 bits (on a CPU)."""

    TORCH = "torch"
    EIGHT_BIT = "8bit"
    FOUR_BIT = "4bit"
    ONNX = "onnx"
    ONNX_INT8 = "onnx-int8"


@dataclass(frozen=True, slots=True)
class Definition:
    """A function, method, class or module in a source file.

    Lines count from 1 and include both ends. Bytes count from 0 in the UTF-8 form of the decoded
    source and exclude the end. Decorators belong to the definition. `qualified_name` is dotted and
    relative to the file (`Session.request`); a module's names are empty, since the same content may
    have several paths. `text` is what an encoder reads: the dedented source of a function or
    method; signature, docstring and members' signatures of a class; docstring and outline of a
    module. It is valid source in the definition's language.
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


class UseKind(IntEnum):
    """How a name is used: called, imported, as a type, or mentioned in another way."""

    MENTION = 0
    CALL = 1
    IMPORT = 2
    TYPE = 3


class Receiver(IntEnum):
    """What a name is a member of where it is used: of nothing that is written there, of the object
    itself (`self`, `this`), or of something else."""

    NONE = 0
    ITSELF = 1
    OTHER = 2


class Use(NamedTuple):
    """A use of a name on a line, which counts from 1. `hint` is that of the last word of another
    receiver's name (`hints`); 0 if it has none."""

    line: int
    kind: UseKind
    receiver: Receiver
    hint: int = 0

    @classmethod
    def unpacked(cls, number: int) -> Use:
        kind, receiver = _WAYS[number & 15]
        return cls(number >> 12, kind, receiver, number >> 4 & 255)


_WAYS = tuple((kind, receiver) for receiver in Receiver for kind in UseKind)
"""Looked up, since a member of an enumeration takes as long to find as all the rest."""

MOST_LINES = 1 << 19
"""Lines of which uses can be packed."""


def packed_use(line: int, kind: int, receiver: int, hint: int = 0) -> int:
    """A use as a number below 2³¹; uses on later lines have larger ones."""
    return line << 12 | hint << 4 | receiver << 2 | kind


def shifted(use: int, lines: int) -> int:
    """A packed use so many lines below."""
    return use + (lines << 12)


@lru_cache(1 << 14)
def hints(name: str) -> tuple[int, ...]:
    """A number from 1 to 255 for each word of a name, by its first three letters: those of a
    variable, `resp`, and of its class, `Response`, are the same."""
    return tuple(crc32(word[:3].lower().encode()) % 255 + 1 for word in _WORDS.findall(name))


_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True, slots=True)
class NamesUsed:
    """The names that a source uses: `uses` holds the packed uses of each of the `names`, in order,
    and `ends` where those of each end. `is_cut`: whether the source has more than are kept."""

    names: list[str]
    ends: list[int]
    uses: list[int]
    is_cut: bool = False


class Leaf(NamedTuple):
    """A token of the syntax tree at which a path can start or end, with its span in bytes of the
    text's UTF-8 form. An identifier is kept as written, so that it can be split into subtokens; a
    string is reduced to its content, and a number is normalised."""

    token: str
    start_byte: int
    end_byte: int


class PathContext(NamedTuple):
    """Two leaves and the node kinds between them: up from the start leaf to the lowest common
    ancestor, `path[top]`, and down to the end leaf; both leaves' kinds are part of the path
    (Alon et al. 2019, definition 3). A path is identified by `(path, top)`.

    Contexts and leaves are tuples, since they are created by the million, and a frozen dataclass
    takes four times as long to create."""

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
        """The encoder of descriptions into the same space: the same model with its query prompt."""
        ...

    @property
    def for_names(self) -> TextEncoder:
        """The encoder of texts with a hidden name, which is to be predicted: the same model,
        reading only the beginning of each text, which is nearly as good at half of the cost."""
        ...

    def encode(self, texts: Sequence[str]) -> Matrix:
        """(n,) texts → (n, dimensions), rows of unit length."""
        ...

    def encode_with_unread(self, texts: Sequence[str]) -> tuple[Matrix, list[int]]:
        """As `encode`, and the number of tokens of each text that are beyond the limit."""
        ...
