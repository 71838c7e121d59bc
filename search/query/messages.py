"""Messages that people paste to find the code that says them. The strings that messages are made
from have placeholders for the values of the moment, or are joined with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from search.query.names import is_code

MAX_CHARACTERS = 30_000
"""Of a text, in which strings are looked for."""

MAX_STRINGS = 500
"""Of a text, which are compared with a message."""

MAX_WORDS = 60
"""Of a message."""

SENTENCE = 5
"""Words that may be a message without any sign of one."""

_HEAD = re.compile(
    r"""\s*+(?:
      \d{4}[-/]\d\d[-/]\d\d(?:[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?)? | \d\d:\d\d:\d\d[\d.,]*
    | Exception\ in\ thread\ "[^"]*" | Traceback\ \(most\ recent\ call\ last\):
    | (?:Caused\ by|Uncaught|Unhandled|[A-Za-z][\w.-]*+):(?=\s)
    | [\[(<]?(?:DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL|SEVERE|TRACE)[\])>]?:?(?=\s)
    | (?:Uncaught\ )?(?:[^\W\d][\w$]*(?:\.|::))*+\w*(?:Exception|Error|Warning|Failure|Fault):
    )""",
    re.VERBOSE,
)
"""What stands before a message: a time, a level, a program, an exception's class."""

_INNER_QUOTES = re.compile(r'\w\s+"[^"]+"\s+\w')
_QUESTION = re.compile(r"\s*+(?:how|what|when|where|which|who|why)\b", re.IGNORECASE)
_SIGN = re.compile(r"[:\"'`()\[\]{}“”‘’]")
_VALUE = re.compile(
    r"""(?<!\w)(?P<enclosed>"[^"]*+"|'[^']*+'|`[^`]*+`|“[^”]*+”|‘[^’]*+’
            |\([^()]*+\)|\[[^\[\]]*+\]|\{[^{}]*+\})
      | --?\w\S*+ | \S*+[/\\]\S*+ | [^\s\w]*\d\S*+""",
    re.VERBOSE,
)
"""Values of the moment: quoted, in brackets, options, paths and numbers."""

_STRING = re.compile(
    r'''
      (?:\A|\n)[ \t]*+[rRuU]?(?P<quotes>"""|\'\'\')(?:\\.|(?!(?P=quotes)).)*+(?:(?P=quotes)|\Z)
    | """(?P<three>(?:[^"\\]|\\.|"(?!""))*+)(?:"""|\Z)
    | "(?P<two>(?:[^"\\\n]|\\.)*+)"?
    | (?<!\w)[fFrRbBuU]{0,2}'(?P<one>(?:[^'\\\n]|\\.){0,500}+)'
    | `(?P<back>(?:[^`\\]|\\.){0,1000}+)`
    ''',
    re.VERBOSE | re.DOTALL,
)
"""The first alternative is documentation. A string that does not end is bounded, or ends with its
line or the text, so that the time grows with the length of the text alone."""

_PLACEHOLDER = re.compile(
    r"""%(?:\(\w+\)|\d+\$|\{\w+\}|<\w+>)?[-+\#0 ]*[\d.*]*[a-zA-Z@] | %\{\w+\} | %\d
      | [\#$]?\{\{?[^{}]*+\}\}? | \$\w+ | \\\([^()]*+\) | \\[nr]""",
    re.VERBOSE,
)
_JOINT = re.compile(
    r"""\s*+(?: (?:\+\+|\+|\.\.|\.|<<|&|<>|~|\|\|)?
      | (?P<by>\+\+|\+|\.\.|\.|<<|&|<>|~|\|\||,)\s*+[^;{}"'`]{1,100}?(?P=by))\s*+[fFrRbBuU]?""",
    re.VERBOSE,
)
"""What joins two strings to one: nothing, an operator, or an operator with a value."""

_GROUPS = ("three", "two", "one", "back")
_WORD = re.compile(r"\w+")
_BREAK = re.compile(r"\w*\0\w*|\n")
_LONGEST_VALUE = 3
"""Words in quotes or brackets; more are the message itself."""

Fragment = tuple[str, ...]
"""Words that stand together in a string, between values."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message's `words` in lower case, and the positions of those that are `fixed`, which are no
    values of the moment. `is_marked`: it has a head or some punctuation. `is_evident`: it has a
    head, or a quoted value within a sentence."""

    words: tuple[str, ...]
    fixed: frozenset[int]
    is_marked: bool
    is_evident: bool

    @property
    def fixed_words(self) -> tuple[str, ...]:
        return tuple(self.words[position] for position in sorted(self.fixed))

    @property
    def longest_run(self) -> tuple[str, ...]:
        """Of the fixed words that follow each other."""
        runs: list[tuple[str, ...]] = [()]
        for position, word in enumerate(self.words):
            runs.append((*runs[-1], word) if position in self.fixed else ())
        return max(runs, key=len)

    def share(self, text: str) -> float:
        """The largest share of the fixed words that strings of a text make, from 0 to 1: each
        string's words must stand together, and in the order of the text. 0 if it may be chance."""
        beginning = text[:MAX_CHARACTERS]
        if not self._has_two_words_of(beginning):
            return 0.0
        return max(map(self._share_of, _joined_strings(beginning)), default=0.0)

    def _has_two_words_of(self, text: str) -> bool:
        """Whether two words in a row are in a text, as they are in every text that says the
        message. This takes a third of the time that reading its strings does."""
        joined = " ".join(_WORD.findall(text.lower()))
        return any(f"{first} {second}" in joined for first, second in pairwise(self.words))

    def _share_of(self, fragments: Sequence[Fragment]) -> float:
        made, longest, start = set[int](), 0, 0
        for fragment in fragments:
            found = self._find(fragment, start)
            if found is not None:
                start = found + len(fragment)
                made.update(range(found, start))
                longest = max(longest, len(fragment))
        fixed = len(made & self.fixed)
        share = fixed / len(self.fixed)
        fewest, least = (2, 0.4) if self.is_marked else (4, 0.6)
        return share if fixed >= fewest and longest >= 2 and share >= least else 0.0

    def _find(self, fragment: Fragment, start: int) -> int | None:
        for position in range(start, len(self.words) - len(fragment) + 1):
            if self.words[position : position + len(fragment)] == fragment:
                return position
        return None


def find_message(text: str) -> Message | None:
    """The message that a query may be, without what stands before it. Of several lines, which are
    taken for code, the last one with a head counts."""
    lines = [line for line in text.splitlines() if "\n" not in text or _HEAD.match(line)]
    return next(filter(None, map(_message, reversed(lines))), None)


def _message(line: str) -> Message | None:
    start = 0
    while head := _HEAD.match(line, start):
        start = head.end()
    body = line[start:]
    values = [
        match.span()
        for match in _VALUE.finditer(body)
        if len(_WORD.findall(match["enclosed"] or "")) <= _LONGEST_VALUE
    ]
    words, fixed = list[str](), set[int]()
    for match in islice(_WORD.finditer(body), MAX_WORDS):
        is_value = any(begin <= match.start() < end for begin, end in values)
        if not is_value and not is_code(match[0]):
            fixed.add(len(words))
        words.append(match[0].lower())
    has_head = start > 0
    is_marked = has_head or bool(_SIGN.search(body))
    is_sentence = len(words) >= SENTENCE and not _QUESTION.match(body)
    if len(fixed) < 2 or not (is_marked or is_sentence):
        return None
    is_evident = has_head or (len(fixed) > 2 and bool(_INNER_QUOTES.search(body)))
    return Message(tuple(words), frozenset(fixed), is_marked, is_evident)


def _joined_strings(text: str) -> Iterator[list[Fragment]]:
    """The strings of a text as the fragments between their placeholders; those that are joined,
    together."""
    fragments: list[Fragment] = []
    end = None
    for match in islice(_STRING.finditer(text), MAX_STRINGS):
        if end is None or not _JOINT.fullmatch(text, end, match.start()):
            if fragments:
                yield fragments
            fragments = []
        fragments.extend(_fragments(next(filter(None, match.group(*_GROUPS)), "")))
        end = match.end()
    if fragments:
        yield fragments


def _fragments(string: str) -> Iterator[Fragment]:
    """Without words that a value is a part of: `%d file%s`."""
    for piece in _BREAK.split(_PLACEHOLDER.sub("\0", string)):
        if words := tuple(_WORD.findall(piece.lower())):
            yield words
