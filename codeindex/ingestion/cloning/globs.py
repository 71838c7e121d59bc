"""Patterns of branches and tags, as `git branch --list` takes them: `*`, `?` and `[…]`, where `*`
stands for slashes, too."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from codeindex.ingestion.cloning import remotes

MOST_PATTERNS = 20
"""Of the branches of a repository, and of its tags."""

LONGEST = 255
"""Characters of a pattern, and of a name."""

WILDCARD = re.compile(r"\*|\?|\[[^]\[]+\]")


def is_pattern(name: str) -> bool:
    """Whether a name is a pattern: git allows none of these characters in a name."""
    return any(character in name for character in "*?[")


def is_valid(pattern: str) -> bool:
    """Whether a pattern, or a name, can match what git allows as a name."""
    return 0 < len(pattern) <= LONGEST and remotes.is_branch_name(WILDCARD.sub("x", pattern))


def matches(name: str, patterns: Iterable[str]) -> bool:
    # git negates with `^` as well as with `!`
    return any(fnmatchcase(name, pattern.replace("[^", "[!")) for pattern in patterns)
