"""SQL of any dialect: what its statements create, queries and subqueries with names, and the rest
in blocks. It is a scanner of tokens, since a grammar knows one dialect. Statements end at
semicolons, at `GO` and `/` on lines of their own, and at the delimiters of MySQL's client."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from embeddings.code.docstrings import Comments
from embeddings.documents.parts import Part, comments_in, units
from embeddings.documents.units import MAX_NAME, Lines
from embeddings.types import Definition, Kind

LONGEST_HEAD = 40
"""Tokens from `CREATE` to the name of what is created, at most."""

DEEPEST = 10
"""Procedures inside procedures of a package."""

_PLAIN = rb"""
    (?P<batch> ^[ \t]*+ (?: GO (?:[ \t]++\d++)?+ | / ) [ \t]*+ ;?+ [ \t]*+ $ )
  | (?P<delimiter> ^[ \t]*+ DELIMITER [ \t]++ (?P<end>\S++) [^\n]*+ )
  | (?P<comment> -- [^\n]*+ | /\* (?: [^*] | \*(?!/) )*+ (?:\*/)?+ )
  | (?P<string> ' (?: [^'\\] | '' | \\' (?! [ \t]*+ (?: [,;)\n] | \Z ) ) | \\ )*+ '?+ )
  | (?P<literal> N?+Q' (?: \[ (?:(?!\]').)*+ | \{ (?:(?!\}').)*+ | \( (?:(?!\)').)*+
      | < (?:(?!>').)*+ | (?P<mark>[^\s\w[({<]) (?:(?!(?P=mark)').)*+ ) .?+ '?+ )
  | (?P<quoted> " (?: [^"] | "" )*+ "?+ | ` [^`\n]*+ `?+ | \[ [^\]\n]*+ \]?+
      | \$\{ [^}\n]*+ \}?+ | \{\{ [^}\n]*+ \}*+ )
  | (?P<word> (?: [^\W\d] | [\x80-\xff] ) [\w\x80-\xff$\#]*+ | [@\#]++ \w++ @?+ )
  | (?P<number> \d [\w.]*+ )
  | (?P<sign> [<>=+|!%~^?{}*]++ | [^\w\s] )
"""
_DOLLAR = rb"""
    (?P<dollar> (?<![\w$]) \$ (?P<tag>\w*+) \$ (?: (?! \$(?P=tag)\$ ) . )*+ (?: \$(?P=tag)\$ )?+ )
  |"""
_FLAGS = re.VERBOSE | re.MULTILINE | re.DOTALL | re.IGNORECASE
_BATCH = re.compile(rb"^[ \t]*+(?:GO|/)[ \t]*+;?+[ \t]*+$", re.MULTILINE | re.IGNORECASE)
_TOKEN, _DOLLAR_OR_TOKEN = re.compile(_PLAIN, _FLAGS), re.compile(_DOLLAR + _PLAIN, _FLAGS)

_ROUTINES = frozenset({"FUNCTION", "PROCEDURE", "PROC", "TRIGGER", "EVENT", "PACKAGE"})
_KINDS = {
    **dict.fromkeys(("TABLE", "VIEW", "TYPE", "DOMAIN"), Kind.TYPE),
    **dict.fromkeys((*_ROUTINES, "AGGREGATE", "OPERATOR", "RULE"), Kind.FUNCTION),
    **dict.fromkeys(
        """INDEX SEQUENCE SCHEMA DATABASE ROLE USER LOGIN EXTENSION POLICY SYNONYM TABLESPACE
        LANGUAGE SERVER PUBLICATION SUBSCRIPTION COLLATION STATISTICS STAGE STREAM TASK PIPE
        WAREHOUSE MODEL QUEUE""".split(),  # noqa: SIM905
        Kind.CONSTANT,
    ),
    "MACRO": Kind.MACRO,
    "PACKAGE": Kind.CLASS,
}
_NOT_THE_NAME = frozenset(
    {"IF", "NOT", "EXISTS", "CONCURRENTLY", "BODY", "CLASS", "FAMILY", "TRIGGER"}
)
_NO_NAME = frozenset({"ON", "AS", "FOR", "MAPPING"})
_ALTERED = frozenset({"FUNCTION", "PROCEDURE", "PROC", "TRIGGER", "VIEW"})
_ENDED = frozenset({"IF", "LOOP", "WHILE", "REPEAT", "FOR"})
"""What `END` may end beside a block."""

_NO_BLOCK = frozenset({"TRAN", "TRANSACTION", "WORK", "DISTRIBUTED", "DIALOG", "CONVERSATION"})
"""What may begin beside a block."""

_FIRST = frozenset({b"CREATE", b"ALTER", b"DROP", b"GRANT", b"REVOKE", b"USE", b"COMMENT"})
"""Words that begin a statement at the start of a line, even if the last one has no semicolon."""

_ROUTINE = re.compile(
    rb"(?:CREATE|ALTER)\s++(?:OR\s++\w++\s++)?+(?:DEFINER\s*+=\s*+\S++\s++)?+"
    rb"(?:FUNCTION|PROC|PROCEDURE|TRIGGER|EVENT|PACKAGE|VIEW)\b",
    re.IGNORECASE,
)
_NAMED = re.compile(rb"--[ \t]*+:?name:?[ \t]++([\w./-]++)", re.IGNORECASE)
_TRAILING = re.compile(rb"[ \t]*+--[^\n]*+")


_SILENT = re.compile(r"\s*(?:GO|DELIMITER\s.*|BEGIN|END(?:\s+[a-z_]+)?)\s*;?\s*", re.IGNORECASE)
"""Lines that say nothing by themselves."""


class _Token(NamedTuple):
    """A token with, if it is a word, that in upper case."""

    kind: str
    text: bytes
    start: int
    word: str

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def name(self) -> str:
        """What a word or a quoted name spells; nothing for other tokens."""
        if self.kind not in ("word", "quoted"):
            return ""
        text = self.text.decode("utf-8", "replace")
        return (text.strip('"`[]${} ') if self.kind == "quoted" else text)[:MAX_NAME]


@dataclass(slots=True)
class _Statement:
    """The tokens of a statement. `subject` is the kind of what it creates, in its own word; `depth`
    counts the open blocks (`BEGIN … END`) of a routine."""

    tokens: list[_Token] = field(default_factory=list)
    end: int = 0
    subject: str = ""
    parentheses: int = 0
    depth: int = 0
    has_code: bool = False
    has_body: bool = False

    def add(self, token: _Token) -> None:
        previous = self.tokens[-1].word if self.tokens else ""
        self.tokens.append(token)
        self.end = token.end
        if not self.subject and len(self.tokens) <= LONGEST_HEAD:
            self.subject = _subject(self.tokens[0].word, token.word)
        elif self.subject == "TYPE" and (previous, token.word) == ("TYPE", "BODY"):
            self.subject = "PACKAGE"
        self.parentheses = max(0, self.parentheses + _turn(token))
        self.depth = _depth(self.depth, token.word, previous)
        if token.word in ("AS", "IS", "BEGIN") and not self.parentheses:
            if self.subject == "PACKAGE" and not self.has_code:
                self.depth = 1
            self.has_code = True
        self.has_body |= (
            (token.word == "END" and not self.depth)
            or token.kind == "dollar"
            or (previous == "AS" and (token.kind in ("string", "quoted") or token.text == b"("))
            or (token.word == "EXECUTE" and self.subject == "TRIGGER")
        )

    def ends_with(self, is_batched: bool) -> bool:
        """Whether a semicolon ends it. Those in the declarations and in the body of a routine do
        not, and none does in a file of batches, where a routine is the last in its batch."""
        if self.subject not in _ROUTINES or not self.has_code:
            return True
        return self.has_body and not self.depth and not is_batched


def read(source: str, language: str) -> Iterator[Definition]:
    data = source.encode("utf-8", "replace")
    tokens = [*_tokens(data)]
    spans = [(token.start, token.end) for token in tokens if token.kind == "comment"]
    comments = comments_in(data, spans, language)
    lines = Lines.split(source, language, _SILENT)
    return units(_parts(tokens, data, comments), lines, data, comments)


def _tokens(data: bytes) -> Iterator[_Token]:
    """The tokens of a source. Bodies between dollars are of Postgres, which knows no batches. A
    delimiter of MySQL's client has the kind `end`, as a semicolon has
    while there is none; it may look like the quotes around bodies in Postgres."""
    position, delimiter = 0, b""
    usual = _TOKEN if _BATCH.search(data) else _DOLLAR_OR_TOKEN
    while match := (_TOKEN if delimiter else usual).search(data, position):
        kind, text = str(match.lastgroup), match[0]
        position = match.end()
        if kind == "sign" and delimiter and data.startswith(delimiter, match.start()):
            kind, text = "end", delimiter
            position = match.start() + len(delimiter)
        elif kind == "sign" and text == b";" and not delimiter:
            kind = "semicolon"
        elif kind == "delimiter":
            delimiter = b"" if match["end"] == b";" else match["end"]
        word = text.decode("utf-8", "replace").upper() if kind == "word" else ""
        yield _Token(kind, text, match.start(), word)


def _statements(tokens: Sequence[_Token], data: bytes) -> Iterator[_Statement]:
    is_batched = any(token.kind == "batch" for token in tokens)
    statement, end = _Statement(), 0
    for token in tokens:
        if _begins_statement(token, statement, data[end : token.start], data):
            yield statement
            statement = _Statement()
        is_semicolon = token.kind == "semicolon" and statement.ends_with(is_batched)
        if is_semicolon or token.kind in ("batch", "delimiter", "end"):
            statement.end = token.end if is_semicolon else statement.end
            yield statement
            statement = _Statement()
        elif token.kind != "comment":
            statement.add(token)
        end = token.end
    yield statement


def _begins_statement(token: _Token, last: _Statement, between: bytes, data: bytes) -> bool:
    """Whether a word at the start of a line begins a statement, although the last one has not
    ended. Inside a routine it must begin a routine, and not be indented."""
    if b"\n" not in between or last.parentheses or token.text.upper() not in _FIRST:
        return False
    is_indented = not between.endswith(b"\n")
    if last.subject in _ROUTINES and last.has_code:
        return not is_indented and bool(_ROUTINE.match(data, token.start))
    return bool(last.tokens)


def _subject(first: str, word: str) -> str:
    """The kind of what a statement creates if this is its `word` for that."""
    known = _KINDS if first == "CREATE" else _ALTERED if first == "ALTER" else ()
    return word if word in known else ""


def _turn(token: _Token) -> int:
    return {b"(": 1, b")": -1}.get(token.text, 0)


def _depth(depth: int, word: str, previous: str) -> int:
    """How many blocks are open after a word."""
    if previous == "END" and word in _ENDED:
        return depth + 1
    if word == "END":
        return max(0, depth - 1)
    if previous == "BEGIN" and word in _NO_BLOCK:
        return depth - 1
    return depth + (word == "BEGIN" or (word == "CASE" and previous != "END"))


def _parts(tokens: Sequence[_Token], data: bytes, comments: Comments) -> Iterator[Part]:
    for statement in _statements(tokens, data):
        if not statement.tokens:
            continue
        start, end = statement.tokens[0].start, statement.end
        end = trailing.end() if (trailing := _TRAILING.match(data, end)) else end
        name = _created(statement)
        members = _inside(statement, name)
        if name:
            is_divided = members and statement.subject == "PACKAGE"
            shown = _trimmed(data, start, members[0].start) if is_divided else end
            yield _part(_kind(statement), name, start, end, shown)
        elif query := _named_query(start, data, comments):
            name = (query,)
            yield _part(Kind.FUNCTION, name, start, end, end)
        yield from members
        if statement.subject not in _ROUTINES:
            yield from _subqueries(statement, name)


def _part(
    kind: Kind, names: tuple[str, ...], start: int, end: int, shown: int, covers: bool = True
) -> Part:
    return Part(kind, names[-1], ".".join(names), start, end, shown, covers)


def _inside(statement: _Statement, names: tuple[str, ...]) -> list[Part]:
    """The members of a package or type in source order."""
    if statement.subject not in ("PACKAGE", "TYPE"):
        return []
    return sorted(_members(statement, names), key=lambda part: part.start)


def _kind(statement: _Statement) -> Kind:
    is_enum = any(token.word == "ENUM" for token in statement.tokens[:LONGEST_HEAD])
    return Kind.ENUM if is_enum and statement.subject == "TYPE" else _KINDS[statement.subject]


def _created(statement: _Statement) -> tuple[str, ...]:
    """The names of what a statement creates or alters to a new form; none if it does neither."""
    tokens = statement.tokens[:LONGEST_HEAD]
    if not statement.subject or (tokens[0].word == "ALTER" and not statement.has_code):
        return ()
    subject = "TYPE" if statement.subject == "PACKAGE" else statement.subject
    at = next(i for i, token in enumerate(tokens) if token.word in (subject, statement.subject))
    return _name(tokens[at + 1 :])


def _name(tokens: Sequence[_Token]) -> tuple[str, ...]:
    """The dotted name that tokens begin with, after words such as IF NOT EXISTS."""
    names: list[str] = []
    for token, following in zip(tokens, [*tokens, None][1:], strict=True):
        if not names and (token.word in _NOT_THE_NAME or token.text in (b":", b"&")):
            continue
        if token.text != b".":
            if token.word in _NO_NAME or not token.name:
                return ()
            names.append(token.name)
            if following is None or following.text != b".":
                return tuple(names)
    return ()


@dataclass(slots=True)
class _Member:
    """A procedure or function of a package or type, while its end is sought. Those declared in
    front of its own body lie inside it."""

    names: tuple[str, ...]
    start: int
    depth: int
    parentheses: int
    has_code: bool = False
    has_body: bool = False

    def ends_with(self, token: _Token, depth: int, parentheses: int) -> bool:
        """Whether it ends before or with a token: a semicolon, or the comma or parenthesis after a
        declaration in a type."""
        if parentheses < self.parentheses:
            return True
        if token.kind != "semicolon" and (token.text != b"," or self.has_code):
            return False
        is_over = depth == self.depth and (self.has_body or not self.has_code)
        return is_over and parentheses == self.parentheses


def _members(statement: _Statement, names: tuple[str, ...]) -> Iterator[Part]:
    """The procedures and functions of a package or type, declared or with their bodies."""
    depth, parentheses, previous = 0, 0, ""
    members: list[_Member] = []
    for number, token in enumerate(statement.tokens):
        word = token.word
        depth, parentheses = _depth(depth, word, previous), parentheses + _turn(token)
        while members and members[-1].ends_with(token, depth, parentheses):
            member = members.pop()
            end = token.end if token.kind == "semicolon" else token.start
            yield _part(Kind.METHOD, member.names, member.start, end, end)
            if token.kind == "semicolon":
                break
        if word in ("PROCEDURE", "FUNCTION") and previous != "END":
            around = members[-1].names if members else names
            if (own := _name(statement.tokens[number + 1 : number + 4])) and len(members) < DEEPEST:
                members.append(_Member((*around, *own), token.start, depth, parentheses))
        elif word in ("AS", "IS") and not depth:
            depth = 1
        elif members:
            members[-1].has_code |= word in ("AS", "IS")
            members[-1].has_body |= word == "BEGIN"
        previous = word


def _subqueries(statement: _Statement, name: tuple[str, ...]) -> Iterator[Part]:
    """The queries that a statement names before it uses them: `WITH … AS (…), … AS (…)`."""
    tokens, closing = statement.tokens, _closing(statement.tokens)
    words = [token.word for token in tokens]
    for start in (at + 1 for at, word in enumerate(words) if word == "WITH"):
        at: int | None = start + (words[start : start + 1] == ["RECURSIVE"])
        while at is not None and at < len(tokens) and tokens[at].name:
            first = at
            at = closing.get(at + 1, at) + 1  # the names of its columns
            if words[at : at + 1] != ["AS"]:
                break
            at += 1 + sum(word in ("NOT", "MATERIALIZED") for word in words[at + 1 : at + 3])
            if at not in closing:
                break
            at = closing[at]
            names = (*name, tokens[first].name)
            end = tokens[at].end
            yield _part(Kind.BLOCK, names, tokens[first].start, end, end, covers=False)
            has_more = at + 1 < len(tokens) and tokens[at + 1].text == b","
            at = at + 2 if has_more else None


def _closing(tokens: Sequence[_Token]) -> dict[int, int]:
    """Of each parenthesis that is closed: the place of the closing one among the tokens."""
    opened: list[int] = []
    closing = {}
    for place, token in enumerate(tokens):
        if token.text == b"(":
            opened.append(place)
        elif token.text == b")" and opened:
            closing[opened.pop()] = place
    return closing


def _named_query(start: int, data: bytes, comments: Comments) -> str:
    """The name of a query that the comment above it tells: `-- name: get_author`."""
    span = comments.above(start)
    named = _NAMED.search(data, *span) if span else None
    return named[1].decode("utf-8", "replace")[:MAX_NAME] if named else ""


def _trimmed(data: bytes, start: int, end: int) -> int:
    """The end of a span without the white space at its end."""
    return start + len(data[start:end].rstrip())
