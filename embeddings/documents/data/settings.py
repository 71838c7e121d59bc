"""Settings in lines: TOML, INI and properties, by their tables and keys."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from embeddings.documents.data.keys import Key, closed, documented, units
from embeddings.documents.units import MAX_NAME, Lines
from embeddings.types import Definition


@dataclass(frozen=True, slots=True)
class Form:
    """`separators` stand between a key and its value; `quotes` enclose values of several lines.
    Where names are `dotted`, what comes before the last dot is the owner of a key."""

    comments: tuple[str, ...]
    separators: re.Pattern[str]
    quotes: tuple[str, ...] = ()
    dotted: bool = False


_EQUALS = re.compile(r"[ \t]*=")
_ANY = re.compile(r"[ \t]*[=:]")

FORMS = {
    "toml": Form(("#",), _EQUALS, ('"""', "'''"), dotted=True),
    "ini": Form(("#", ";"), _ANY),
    "properties": Form(("#", "!"), _ANY, dotted=True),
}

_TABLE = re.compile(r"[ \t]*(\[{1,2})([^\[\]\n]+)\]{1,2}[ \t]*(?:[#;].*)?$")
_KEY = re.compile(r"(?:export[ \t]+)?([\w$][\w.$/@-]*+|\"[^\"]*\"|'[^']*')")
_LEAST_SHARE = 0.5
"""Of the telling lines of a file without tables that are keys; other files are not in this form."""


def read(source: str, language: str) -> Iterator[Definition]:
    lines = Lines.split(source, language)
    return units(lines, keys(lines.texts, FORMS[language]))


def keys(texts: Sequence[str], form: Form) -> list[Key]:
    """Tables, and keys inside or outside them; none where a file seems to be in another form."""
    found = [*documented(_entries(texts, form), texts, form.comments)]
    told = sum(1 for text in texts if text.strip() and not text.lstrip().startswith(form.comments))
    is_other = all(key.level == 1 and not _TABLE.match(texts[key.line]) for key in found)
    if is_other and len(found) < told * _LEAST_SHARE:
        return []
    return closed(found, len(texts) - 1)


def _entries(texts: Sequence[str], form: Form) -> Iterator[Key]:
    level, quote = 1, ""
    for number, text in enumerate(texts):
        if quote:
            quote = "" if text.count(quote) % 2 else quote
        elif table := _TABLE.match(text):
            level = 2
            yield _key(number, 1, table[2].strip(), form)
        elif entry := _entry(text, form):
            name, value = entry
            yield _key(number, level, name, form)
            quote = next((mark for mark in form.quotes if value.count(mark) % 2), "")


def _entry(text: str, form: Form) -> tuple[str, str] | None:
    """The key and the value of a line. Where no quotes enclose values of several lines, an indented
    line continues the one before."""
    if text.startswith((" ", "\t")) and not form.quotes:
        return None
    text = text.strip()
    name = _KEY.match(text)
    separator = form.separators.match(text, name.end()) if name else None
    if name is None or separator is None:
        return None
    return name[1], text[separator.end() :]


def _key(line: int, level: int, name: str, form: Form) -> Key:
    is_dotted = form.dotted and not name.startswith(('"', "'"))
    owner, _, last = name.rpartition(".") if is_dotted else ("", "", name.strip("\"'"))
    return Key(line, level, last[:MAX_NAME], owner[:MAX_NAME])
