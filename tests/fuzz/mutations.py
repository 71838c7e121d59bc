"""Small changes of sources, as typing, merging, cutting off and malice make them."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

PIECE = re.compile(rb"\w+|\s+|[^\w\s]")

ODD = [
    b"\0", b"\r", b"\r\n", b"\t", b"\f", b"\v", b"\x1a", b"\x7f", b"\x80", b"\xff", b"\xc3(",
    b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b"\\", b"\\\n", b"'", b'"', b"`",
    b"'''", b'"""', b"/*", b"*/", b"//", b"#", b"${", b"<-", b"=>", b"...", b"@", b"?.", b"<!--",
    *(c.encode() for c in "\u00a0\u200b\u200e\u2028\u2029\u202e\u3000\u0301\ufeff\ufffdİßſ漢𝔘🙂"),
]  # fmt: skip

INDENTS = [b"\t", b"  ", b"    ", b"\f", b"\xc2\xa0" * 4, b"\xe3\x80\x80", b""]

NESTED = [
    b"(", b"[", b"{", b"<", b"((", b"[[", b"{{", b"a(", b"-", b"!", b"not ", b"await ", b"if a:\n",
    b"async (", b"chan ", b"<-", b"*", b"lambda: ", b"() => ", b"a ? ", b"f'{", b"`${",
    b"class A {", b"func() {", b"new A() {", b"if (a) ", b"a.b", b"a[", b"A<", b"<a>",
    b"else if (a) {} ",
]  # fmt: skip

DEEPEST = 2_000
LONGEST_WORD = 20_000


def mutated(source: bytes, other: bytes, random: Random) -> bytes:
    """One to six changes of a source; `other` is what may be spliced in."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        change = random.choice(CHANGES)
        source = change(source, other, random)
    return source


def fragment(source: bytes, size: int, random: Random) -> bytes:
    """At most so many bytes of whole lines, or of one line."""
    if len(source) <= size:
        return source
    start = source.rfind(b"\n", 0, random.randrange(len(source))) + 1
    part = source[start : start + size]
    end = part.rfind(b"\n") + 1
    return part[: end or size]


def _lines(source: bytes, other: bytes, random: Random) -> bytes:
    return b"".join(_shuffled(source.splitlines(keepends=True), random))


def _pieces(source: bytes, other: bytes, random: Random) -> bytes:
    return b"".join(_shuffled(PIECE.findall(source), random))


def _shuffled(parts: list[bytes], random: Random) -> list[bytes]:
    """A run of parts is deleted, repeated, or swapped with another part."""
    if not parts:
        return parts
    start = random.randrange(len(parts))
    end = start + random.choice((1, 1, 2, 5))
    match random.randrange(3):
        case 0:
            return parts[:start] + parts[end:]
        case 1:
            return parts[:end] + parts[start:end] + parts[end:]
    to = random.randrange(len(parts))
    parts[start], parts[to] = parts[to], parts[start]
    return parts


def _cut_off(source: bytes, other: bytes, random: Random) -> bytes:
    place = random.randrange(len(source) + 1)
    return source[:place] if random.random() < 0.7 else source[place:]


def _odd_bytes(source: bytes, other: bytes, random: Random) -> bytes:
    return _with(source, random.choice(ODD) * random.choice((1, 1, 1, 2, 50)), random)


def _nested(source: bytes, other: bytes, random: Random) -> bytes:
    """Mostly a few, seldom very many."""
    depth = round(DEEPEST ** random.random())
    return _with(source, random.choice(NESTED) * depth, random)


def _brackets(source: bytes, other: bytes, random: Random) -> bytes:
    return _with(
        source, bytes(random.choices(b"()[]{}<>\"'`\n", k=random.randrange(1, 40))), random
    )


def _long_word(source: bytes, other: bytes, random: Random) -> bytes:
    letter = random.choice((b"a", b"_", b"9", "é".encode(), "漢".encode()))
    return _with(source, letter * round(LONGEST_WORD ** random.random()), random)


def _spliced(source: bytes, other: bytes, random: Random) -> bytes:
    here, there = random.randrange(len(source) + 1), random.randrange(len(other) + 1)
    return source[:here] + other[there:]


def _repeated(source: bytes, other: bytes, random: Random) -> bytes:
    """A fragment many times over."""
    start = random.randrange(len(source) + 1)
    part = source[start : start + random.choice((3, 30, 300))]
    return source[:start] + part * random.choice((2, 10, 100)) + source[start:]


def _indented(source: bytes, other: bytes, random: Random) -> bytes:
    """Lines with another indentation."""
    indent = random.choice(INDENTS)
    lines = source.splitlines(keepends=True)
    for row in random.sample(range(len(lines)), min(len(lines), random.choice((1, 3, 10)))):
        lines[row] = indent + lines[row].lstrip(b" \t")
    return b"".join(lines)


def _emptied(source: bytes, other: bytes, random: Random) -> bytes:
    """What stands between a line that opens something and one further down becomes a comment, or
    nothing."""
    lines = source.splitlines(keepends=True)
    opening = [row for row, line in enumerate(lines) if line.rstrip()[-1:] in (b":", b"{", b"(")]
    if not opening:
        return source
    start = random.choice(opening) + 1
    end = start + random.choice((1, 2, 5, 20))
    instead = random.choice(
        (b"", b"    # left out\n", b"    // left out\n", b"\xc2\xa0\xc2\xa0a\n")
    )
    return b"".join([*lines[:start], instead, *lines[end:]])


def _with(source: bytes, inserted: bytes, random: Random) -> bytes:
    place = random.randrange(len(source) + 1)
    return source[:place] + inserted + source[place:]


CHANGES: list[Callable[[bytes, bytes, Random], bytes]] = [
    _lines, _pieces, _pieces, _cut_off, _odd_bytes, _nested, _brackets, _long_word, _spliced,
    _repeated, _indented, _emptied,
]  # fmt: skip
