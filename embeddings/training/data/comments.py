"""Pairs of a comment inside a function and the lines below it: descriptions in people's own words,
and pieces of code that are smaller than functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent

from embeddings.training.corpus.functions import tokens

MIN_WORDS, MAX_WORDS = 3, 20
MIN_TOKENS, MAX_TOKENS = 10, 150
_COMMENT = re.compile(r"^(\s+)#\s*([A-Za-z].*?)\s*$")
# Code that is commented out, notes to oneself, and directives to tools.
_NO_SENTENCE = re.compile(
    r"[=(){}\[\]<>`\"\\|]|://|\b(todo|fixme|xxx|hack|note|noqa|pylint|pragma|nosec|type:)", re.I
)


def comment_pairs(code: str) -> Iterator[tuple[str, str]]:
    """Each comment that is a sentence on lines of its own, with the code below it up to the next
    comment, blank line or end of the block."""
    lines = code.split("\n")
    line = 0
    while line < len(lines):
        comment = _COMMENT.match(lines[line])
        if comment is None:
            line += 1
            continue
        indent, words = comment[1], [comment[2]]
        start = line + 1
        while start < len(lines) and (more := _COMMENT.match(lines[start])) and more[1] == indent:
            words.append(more[2])
            start += 1
        line = start
        while line < len(lines) and _is_below(lines[line], indent):
            line += 1
        block = dedent("\n".join(lines[start:line]))
        if _is_sentence(" ".join(words)) and MIN_TOKENS <= len(tokens(block)) <= MAX_TOKENS:
            yield " ".join(words).rstrip(".:"), block


def _is_below(line: str, indent: str) -> bool:
    """Whether a line still belongs to the code below a comment with this indentation."""
    return bool(line.strip()) and line.startswith(indent) and not line.startswith(f"{indent}#")


def _is_sentence(comment: str) -> bool:
    fits = MIN_WORDS <= len(comment.split()) <= MAX_WORDS
    return fits and comment.isascii() and not _NO_SENTENCE.search(comment)
