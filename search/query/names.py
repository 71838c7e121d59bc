"""The names of definitions in a query, as people copy them: from code, with the receiver and the
arguments of a call; from a stack trace or a profile, with the place in a file; from a chat, with
its marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from embeddings.code import languages

MAX_NAMES = 8
MAX_PARTS = 5
"""Of a name, its last ones."""

LONGEST_NAME = 200
"""Characters of one part."""

SHORTEST_IN_TEXT = 3
"""Characters of a name among other words, unless it is marked as code."""

_LOCATION = re.compile(
    r"""
      \bFile\ "[^"\n]*+",\ line\ \d++(?:,\ in\b)?  # Python
    | \bin\ [^\s:]*+(?::[\\/][^\s:]*+)?:line\ \d++  # C#
    | (?<!\S)\S+\.\w++\(\d++\):  # PHP
    # file.rb:12:in and (Gson.java:932)
    | [(@]?(?<![\w./\\<>$+-])[\w./\\<>$+-]+(?<=[\w>]):\d++(?::\d++)?(?::in\b)?+\)?
    # lines, offsets and the numbers of frames
    | \bline\ \d++ | [+@]?\b0x[\da-fA-F]++ | ^\s*(?:\#\d++|\d++:)\s
    """,
    re.VERBOSE | re.MULTILINE,
)
_URL = re.compile(r"\b[a-z][a-z+]++://\S++")
_FILE = re.compile(r"(?<![\w./\\-])(?:[\w.-]*[/\\])+[\w.-]*\.(?P<extension>\w++)(?![\w.:(#]|->)")
_GO_RECEIVER = re.compile(r"\(\*?(?:[\w.~-]+/)*([^\W\d][\w.]*)\)(?=\.)")
_PYTHON_IMPORT = re.compile(r"^\s*+from\s++([\w.]++)\s++import\s++(\w++)\s*+$")
_IMPORT_PATH = re.compile(r"(?<![\w./~-])(?:[\w.~-]+/)+(?=\w+\.[^\W\d])")
_RUST_SELF = re.compile(r"<([^<>]*?)\ as\ [^<>]*>(?=::)")
_ALIAS = re.compile(r"\[as [^\]]*\]")
_INNER_BRACKETS = re.compile(r"\([^()]*+\)|<[^<>()]*+>|\[[^\[\]]*+\]|\{[^{}]*+\}")
_MACHINE_MADE = re.compile(
    r"\.(?:func\d+|h[\da-f]{16}|\d+)(?:\.\d+)*+(?!\w)|\blambda\$(?=\w)|(?<=\w)/\d+(?![\w./])",
    re.ASCII,
)
"""Closures and numbers, hashes, and how many arguments there are."""

_SEPARATOR = re.compile(
    r"(?<=\w)(?:::|->|\?\.|!\.|\#|\\+|\$(?=[A-Z\d])|:(?=\w+\()|\.{2,}|\.(?=:))++\.*+(?=[\w$])"
)
_CHAIN = re.compile(r"(?<![\w$.])\$?[^\W\d][\w$]*+(?:\.\$?[^\W\d][\w$]*+)*+")
_WORD = re.compile(r"\w")
_CODE = re.compile(r"[a-z][A-Z]|[A-Z]{2,}[a-z]{2}|[^\W_]_+[^\W_]|__|[^\W\d_]\d|\d[^\W\d_]|\w\.\w")
_NESTED = 8
"""Brackets within brackets that are removed with what they hold."""

_VARIABLES = frozenset({"self", "this", "$this", "cls", "super", "Self", "Elixir"})
_DECLARING = frozenset(
    {"class", "def", "enum", "fn", "fun", "func", "function", "interface", "struct", "trait"}
)
_AROUND = _DECLARING | frozenset(
    {"async", "at", "auto", "await", "bool", "char", "const", "double", "final", "float", "from",
     "import", "in", "int", "long", "new", "noexcept", "override", "private", "protected", "pub",
     "public", "raise", "return", "static", "throw", "unsigned", "use", "using", "void"}
)  # fmt: skip
"""What stands around a name in a declaration, a call or a stack trace."""


@dataclass(frozen=True, slots=True)
class Name:
    """What may be the name of a definition: its `parts`, the outermost first (`Session.request` →
    Session, request). `is_whole`: the query is this name, whatever marks, arguments and places
    surround it. `is_code`: it is written as only code is."""

    parts: tuple[str, ...]
    is_whole: bool = False
    is_code: bool = False


def find_names(text: str) -> tuple[Name, ...]:
    """The name that a query is; otherwise those of its words that only code has, at most MAX_NAMES.
    Of several lines, which are taken for code, those of a stack trace have names."""
    if "\n" in text:
        frames = (line for line in text.splitlines() if _LOCATION.search(line))
        names = [replace(name, is_whole=False) for line in frames for name in _names_in(line)]
    else:
        names = _names_in(text)
    return tuple(dict.fromkeys(names))[:MAX_NAMES]


def is_code(word: str) -> bool:
    """Whether a word is written as identifiers are and English is not: with capitals inside,
    underscores, digits or dots."""
    return bool(_CODE.search(word))


def _names_in(line: str) -> list[Name]:
    is_placed = bool(_LOCATION.search(line))
    text = _without_places(line)
    whole = _whole_name(text, is_placed=is_placed)
    return [whole] if whole else list(_names_among_words(text))


def _without_places(text: str) -> str:
    """A text in which names are chains with dots, without files, lines and what machines add."""
    for pattern in (_URL, _LOCATION, _ALIAS, _FILE):
        text = pattern.sub(_blank, text)
    text = _PYTHON_IMPORT.sub(r"\1.\2", text)
    text = _RUST_SELF.sub(r"\1", _GO_RECEIVER.sub(r"\1", text))
    return _with_dots(_IMPORT_PATH.sub("", text))


def _with_dots(text: str) -> str:
    return _MACHINE_MADE.sub("", _SEPARATOR.sub(".", text))


def _blank(match: re.Match[str]) -> str:
    """Keeps what looks like a file's path but is none: `and/or.then`."""
    extension = match.groupdict().get("extension")
    is_path = extension is None or languages.by_path(f"file.{extension}") is not None
    return " " if is_path else match[0]


def _whole_name(text: str, *, is_placed: bool) -> Name | None:
    bare = _without_brackets(text)
    words = [match[0] for match in _CHAIN.finditer(bare)]
    if _WORD.search(_CHAIN.sub(" ", bare)):
        return None
    around = {word for word in words if word in _AROUND} if len(words) > 1 else set()
    names = [word for word in words if word not in around]
    if len(names) != 1:
        return None
    (name,) = names
    is_called = bool(re.search(rf"{re.escape(name)}\s*+[(<]", text))
    if around and not (around & _DECLARING or is_placed or is_called or is_code(name)):
        return None
    return _name(name, is_whole=True, is_code=is_code(name) or is_called)


def _without_brackets(text: str) -> str:
    """The text without arguments and type parameters. A lone separator may remain."""
    for _ in range(_NESTED):
        shorter = _INNER_BRACKETS.sub("", text)
        if shorter == text:
            break
        text = shorter
    return _with_dots(text)


def _names_among_words(text: str) -> Iterator[Name]:
    for match in _CHAIN.finditer(text):
        is_marked = text[: match.start()].endswith("`") or text[match.end() :].startswith("(")
        if is_marked or is_code(match[0]):
            name = _name(match[0], is_code=True)
            if name and (is_marked or len(name.parts[-1]) >= SHORTEST_IN_TEXT):
                yield name


def _name(chain: str, *, is_whole: bool = False, is_code: bool = False) -> Name | None:
    parts = [part for part in chain.split(".") if part]
    while len(parts) > 1 and parts[0] in _VARIABLES:
        parts = parts[1:]
    if any(len(part) > LONGEST_NAME for part in parts):
        return None
    return Name(tuple(parts[-MAX_PARTS:]), is_whole, is_code)
