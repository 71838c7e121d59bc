"""The words of a text by the place where they stand: name, parameters, documentation, calls and so
on. A regular expression for each language's comments tells the places, instead of a syntax tree,
so that a text takes a tenth of a millisecond. Drafts of vectors are made of these words."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from embeddings.code.languages import Document, FileType, by_name
from embeddings.code.words import parts

LONGEST = 4_000
"""Characters of a text that are read. A language model reads about a quarter of them."""


class Place:
    """Where a word stands. BEFORE is what precedes a definition's name, SUMMARY the first paragraph
    of its documentation; ATTRIBUTE follows a dot, CALLED precedes a bracket, and RETURNED stands in
    a line that returns or raises. (Plain numbers, since members of an enum are far slower.)"""

    BEFORE: Final = 0
    NAME: Final = 1
    PARAMETER: Final = 2
    SUMMARY: Final = 3
    DOCUMENTATION: Final = 4
    COMMENT: Final = 5
    STRING: Final = 6
    CALLED: Final = 7
    ATTRIBUTE: Final = 8
    RETURNED: Final = 9
    OTHER: Final = 10


PLACES = 11
"""The number of places."""

Words = list[list[str]]
"""For each place the words there, as they are spelt."""

_DEFINING = frozenset(
    parts(
        """class def defp defmodule defmacro enum fn func fun function impl interface message method
        module namespace object package proc procedure protocol record resource service struct sub
        trait type union"""
    )
)
_LEAVING = frozenset(["return", "yield", "raise", "throw"])
_WORD = re.compile(r"[^\W_]\w*+")
_BRACKET = re.compile(r"[()]")
_END_OF_SUMMARY = re.compile(r"\n[^\w\n]*+\n|\n\W*+(?:param|returns?|type)\b|\.\s")
_LONG_STRING = r"[A-Za-z]{0,2}+(?:\"{3}(?s:.*?)(?:\"{3}|\Z)|'{3}(?s:.*?)(?:'{3}|\Z))"
_STRING = r""""(?:[^"\\\n]|\\.)*+"|'(?:[^'\\\n]|\\.)*+'|`(?:[^`\\]|\\.)*+`"""
_NAMED = r"(?P<mark>[.@]\s*+)?+(?P<word>[^\W\d]\w*+)(?P<call>\s*+\()?+"


def placed_words(text: str, language: str = "python") -> Words:
    """The words of the beginning of a text, a list for each of the PLACES. Documents are
    documentation as a whole. Raises KeyError for an unknown language."""
    entry, text = by_name(language), beginning(text)
    words: Words = [[] for _ in range(PLACES)]
    if isinstance(entry, Document):
        _document(text, words)
    else:
        _code(text, _scanner(entry), words)
    return words


def beginning(text: str, most: int = LONGEST) -> str:
    """The first lines of a text, with at most so many characters; of a longer line, these."""
    return text if len(text) <= most else text[: text.rfind("\n", 0, most) + 1 or most]


def _code(text: str, scanner: re.Pattern[str], words: Words) -> None:
    """Sorts the words of a definition. It is one long function because most of the time is spent
    here."""
    named = documented = defining = False
    parameters = leaving = -1
    for match in scanner.finditer(text):
        word = match["word"]
        if word is None:
            spelling, kind = match[0], match.lastgroup
            documents = kind != "text" and (not named or (kind == "long" and _opens(match, text)))
            if documents and not documented:
                documented = True
                _document(spelling, words)
            else:
                place = Place.COMMENT if kind == "comment" else Place.STRING
                place = Place.DOCUMENTATION if documents else place
                words[place] += _WORD.findall(spelling)
            continue
        mark, call, start = match["mark"], match["call"], match.start()
        if not named:
            if mark is None and (defining or call) and word not in _DEFINING:
                words[Place.NAME].append(word)
                named = True
                parameters = _end_of_brackets(text, match.end()) if call else -1
                continue
            defining = word in _DEFINING and not call
            words[Place.BEFORE].append(word)
        elif start < parameters:
            words[Place.PARAMETER].append(word)
        elif call:
            words[Place.CALLED].append(word)
        elif start < leaving:
            words[Place.RETURNED].append(word)
        elif word in _LEAVING:
            leaving = text.find("\n", start) % (len(text) + 1)
        else:
            words[Place.ATTRIBUTE if mark else Place.OTHER].append(word)


def _document(text: str, words: Words) -> None:
    """Divides documentation into its first paragraph and the rest."""
    first = _WORD.search(text)
    end = _END_OF_SUMMARY.search(text, first.start()) if first else None
    summary = len(text) if end is None else end.start()
    words[Place.SUMMARY] += _WORD.findall(text, 0, summary)
    words[Place.DOCUMENTATION] += _WORD.findall(text, summary)


def _opens(match: re.Match[str], text: str) -> bool:
    """Whether nothing stands before a match in its line."""
    start = match.start()
    return not text[text.rfind("\n", 0, start) + 1 : start].strip()


def _end_of_brackets(text: str, start: int) -> int:
    """Where the bracket closes that was opened before `start`."""
    depth = 1
    for match in _BRACKET.finditer(text, start):
        depth += 1 if match[0] == "(" else -1
        if not depth:
            return match.start()
    return len(text)


@cache
def _scanner(file_type: FileType) -> re.Pattern[str]:
    """Matches comments (neighbouring lines together), strings and words of a language."""
    lines = "|".join(map(re.escape, file_type.line_comments))
    comments = [rf"(?:(?:{lines})[^\n]*+(?:\n[ \t]*+(?={lines}))?+)++"] if lines else []
    comments += [
        rf"{re.escape(begin)}(?s:.*?)(?:{re.escape(end)}|\Z)"
        for begin, end in file_type.block_comments
    ]
    comment = "|".join(comments) or r"(?!)"
    return re.compile(
        rf"(?P<comment>{comment})|(?P<long>{_LONG_STRING})|(?P<text>{_STRING})|{_NAMED}"
    )
