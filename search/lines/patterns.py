"""What lines are searched for: exact text, or a regular expression of RE2, which takes time linear
in what it reads, whatever a stranger asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

import re2

from search.lines import required, syntax
from search.lines.required import Required
from search.query.filters import BadQuery

MAX_INSTRUCTIONS = 2_000
"""Of RE2's program for a pattern. A byte takes up to 10 ns for each, where no automaton fits into
memory."""

Matcher: TypeAlias = Any
"""A compiled pattern of RE2, which has no types."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Exact `text`, or with `is_regex` a regular expression. `case`: letters match in the same case
    only; `word`: matches begin and end where words do."""

    text: str
    is_regex: bool = False
    case: bool = False
    word: bool = False

    @property
    def required(self) -> Required:
        """What every text contains in which it matches."""
        return required.by_pattern(self.text) if self.is_regex else required.by_literal(self.text)

    @property
    def crosses_lines(self) -> bool:
        """Whether a match may reach across the end of a line, as far as it can be told."""
        try:
            return syntax.crosses_lines(self.text) if self.is_regex else "\n" in self.text
        except syntax.Unknown:
            return True

    def compiled(self) -> Matcher:
        """Matches in UTF-8. `^` and `$` are the ends of lines. Raises `BadQuery`."""
        if not self.is_regex:
            return _compiled(self._literal(), self.case)
        matcher = _compiled(f"(?m){self.text}", self.case)
        # Only now, since a parenthesis too many would close the group.
        return _compiled(rf"(?m)\b(?:{self.text})\b", self.case) if self.word else matcher

    def _literal(self) -> str:
        """Words are bounded only where the text has one at that end."""
        begin = r"\b" if self.word and re.match(r"\w", self.text, re.ASCII) else ""
        end = r"\b" if self.word and re.search(r"\w\Z", self.text, re.ASCII) else ""
        return f"{begin}{re2.escape(self.text)}{end}"


def _compiled(pattern: str, case: bool) -> Matcher:
    options = re2.Options()
    options.case_sensitive, options.log_errors, options.never_capture = case, False, True
    try:
        matcher = re2.compile(pattern, options)
    except re2.error as error:
        raise BadQuery(_reason(error)) from error
    finally:
        re2.purge()  # its cache would keep the memory of 128 strangers' patterns
    if max(matcher.programsize, matcher.reverseprogramsize) > MAX_INSTRUCTIONS:
        raise BadQuery("The regular expression is too large: repeat less, or less often.")
    return matcher


def _reason(error: Exception) -> str:
    (message,) = error.args
    text = message.decode(errors="replace") if isinstance(message, bytes) else str(message)
    return (
        f"The regular expression is not one of RE2: {text}. RE2 has no lookaround and no"
        " backreferences, and repeats at most 1,000 times."
    )
