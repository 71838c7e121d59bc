"""The structure of a regular expression of RE2, as far as it says which characters follow each
other. https://github.com/google/re2/wiki/Syntax has the syntax."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

MAX_DEPTH = 50
MAX_MEMBERS = 8
"""Members of a class of characters that are told apart."""


class Unknown(ValueError):
    """The pattern has something that this module does not know."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """One character of these; each may be in any case."""

    characters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnyText:
    """A character that is not told, or any number of them."""


@dataclass(frozen=True, slots=True)
class Sequence:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repetition:
    """At least `least` times the part, and at most `most` times, or any number of times."""

    part: Node
    least: int
    most: int | None


Node: TypeAlias = OneOf | AnyText | Sequence | Alternatives | Repetition

NO_TEXT = Sequence(())

_TOKEN = re.compile(
    r"""
    (?P<quoted> \\Q (?P<text> (?: (?!\\E) . )*+ ) (?: \\E )?+ )
  | (?P<place> \\[AbBz] | [\^$] )
  | (?P<some> \\[dDsSwWC] | \\[pP] (?: \{ [^}]*+ \} | . ) | \. )
  | (?P<code> \\x (?: \{ (?P<long> [0-9A-Fa-f]++ ) \} | (?P<short> [0-9A-Fa-f]{2} ) ) )
  | \\ (?P<control> [afnrtv] )
  | \\ (?P<escaped> [^\w] )
  | (?P<set> \[ (?P<not> \^ )?+ (?P<members> \]?+ (?: \[:[^\]:]*+:\] | \\. | [^\]\\] )*+ ) \] )
  | (?P<open> \( (?: \?: | \?P?<\w++> | \?[imsU-]++: )?+ (?! \? ) )
  | (?P<flags> \( \? [imsU-]++ \) )
  | (?P<close> \) )
  | (?P<or> \| )
  | (?P<repeat> (?: [*+?] | \{ (?P<least> \d++ ) (?P<range> , (?P<most> \d*+ ) )?+ \} ) \??+ )
  | (?P<literal> [^\\()\[|*+?] )
    """,
    re.VERBOSE | re.DOTALL,
)
_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_NAMES = re.compile(r"<\w+>")
_WITHIN_LINES_WITHOUT_DOT = re.compile(
    r"""
    [^\\.\n] | [(] [^)\n]* [)]? | [*+?]+ | \{ [\d,]+ \} \??
  | \\ [AbBzdwStafrv] | \\ [^\w\n] | \[ (?: [ -Z_-~] | \\[dwS] | \\[^\w\s] )+ \]
    """,
    re.VERBOSE,
)
_WITHIN_LINES = re.compile(rf"\. | {_WITHIN_LINES_WITHOUT_DOT.pattern}", re.VERBOSE)
"""The tokens that match within a line, without and with the dot: not negated classes, nor those of
which only RE2 knows the members."""

_PLAIN_MEMBERS = re.compile(r"[^\\\[\]^-]+")


def parse(pattern: str) -> Node:
    """The structure of a pattern that RE2 accepts. Raises `Unknown`."""
    tokens = _tokens(pattern)
    node = _alternatives(tokens, depth=0)
    if next(tokens, None) is not None:
        raise Unknown
    return node


def crosses_lines(pattern: str) -> bool:
    """Whether a match may reach across the end of a line, as far as it can be told. Raises
    `Unknown`."""
    tokens = list(_tokens(pattern))
    flags = "".join(token[0] for token in tokens if token.lastgroup in ("open", "flags"))
    within = _WITHIN_LINES if "s" not in _NAMES.sub("", flags) else _WITHIN_LINES_WITHOUT_DOT
    return not all(within.fullmatch(token[0]) for token in tokens)


def _tokens(pattern: str) -> Iterator[re.Match[str]]:
    end = 0
    while end < len(pattern):
        token = _TOKEN.match(pattern, end)
        if token is None or token[0] == "{":
            raise Unknown  # an escape, or a brace that RE2 may take for a repetition
        yield token
        end = token.end()


def _alternatives(tokens: Iterator[re.Match[str]], depth: int) -> Node:
    """What comes up to the end of the group, or of the pattern."""
    if depth > MAX_DEPTH:
        raise Unknown
    branches: list[list[Node]] = [[]]
    for token in tokens:
        match token.lastgroup:
            case "close":
                if not depth:
                    raise Unknown
                break
            case "or":
                branches.append([])
            case "repeat":
                if not branches[-1]:
                    raise Unknown
                branches[-1].append(_repetition(branches[-1].pop(), token))
            case "open":
                branches[-1].append(_alternatives(tokens, depth + 1))
            case _:
                branches[-1] += _nodes(token)
    parts = tuple(Sequence(tuple(branch)) for branch in branches)
    return parts[0] if len(parts) == 1 else Alternatives(parts)


def _repetition(part: Node, token: re.Match[str]) -> Node:
    sign = token[0][0]
    if sign != "{":
        return Repetition(part, int(sign == "+"), 1 if sign == "?" else None)
    least = int(token["least"])
    most = token["most"] if token["range"] else token["least"]
    return Repetition(part, least, int(most) if most else None)


def _nodes(token: re.Match[str]) -> list[Node]:
    """The nodes of a token, of which the last one is what a repetition repeats."""
    match token.lastgroup:
        case "quoted":
            return [OneOf((character,)) for character in token["text"]]
        case "place":
            return [NO_TEXT]
        case "flags":
            return []
        case "code":
            return [OneOf((_character(token["long"] or token["short"]),))]
        case "control":
            return [OneOf((_CONTROLS[token["control"]],))]
        case "escaped" | "literal":
            return [OneOf((token[token.lastgroup],))]
        case "set":
            return [_set(token)]
    return [AnyText()]


def _character(digits: str) -> str:
    point = int(digits, 16)
    if point > 0x10FFFF or 0xD800 <= point < 0xE000:
        raise Unknown
    return chr(point)


def _set(token: re.Match[str]) -> Node:
    """A class of a few characters, or of any."""
    members = token["members"]
    if token["not"] or not _PLAIN_MEMBERS.fullmatch(members) or len(members) > MAX_MEMBERS:
        return AnyText()
    return OneOf(tuple(members))
