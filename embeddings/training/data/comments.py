"""What comments inside functions say of the lines below them: questions in the words of people, and
smaller pieces of code than functions that answer them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent

from embeddings.training.corpus.functions import tokens

MIN_WORDS, MAX_WORDS = 3, 20
MIN_TOKENS, MAX_TOKENS = 10, 150
_COMMENT = re.compile(r"^(\s+)#\s*([A-Za-z].*?)\s*$")
# Code that is commented out, notes to oneself, and orders to tools.
_NO_SENTENCE = re.compile(
    r"[=(){}\[\]<>`\"\\|]|://|\b(todo|fixme|xxx|hack|note|noqa|pylint|pragma|nosec|type:)", re.I
)


def pairs(code: str) -> Iterator[tuple[str, str]]:
    """Each comment on lines of its own that is a sentence, with the lines of code below it up to
    the next comment, blank line or end of its block."""
    lines = code.split("\n")
    line = 0
    while line < len(lines):
        comment = _COMMENT.match(lines[line])
        if comment is None:
            line += 1
            continue
        indent, said = comment[1], [comment[2]]
        start = line + 1
        while start < len(lines) and (more := _COMMENT.match(lines[start])) and more[1] == indent:
            said.append(more[2])
            start += 1
        line = start
        while line < len(lines) and _goes_on(lines[line], indent):
            line += 1
        block = dedent("\n".join(lines[start:line]))
        if _is_sentence(" ".join(said)) and MIN_TOKENS <= len(tokens(block)) <= MAX_TOKENS:
            yield " ".join(said).rstrip(".:"), block


def _goes_on(line: str, indent: str) -> bool:
    return bool(line.strip()) and line.startswith(indent) and not line.startswith(f"{indent}#")


def _is_sentence(said: str) -> bool:
    fits = MIN_WORDS <= len(said.split()) <= MAX_WORDS
    return fits and said.isascii() and not _NO_SENTENCE.search(said)
