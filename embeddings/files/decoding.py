"""From a file's bytes to its text."""

from __future__ import annotations

import codecs
import io
import re
import tokenize

from embeddings.code.languages import FileType
from embeddings.code.languages.python import PYTHON
from embeddings.code.parsing import UnreadableSource

# UTF-32 comes first, since its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_SLOW_ENCODINGS = ("punycode", "idna")
"""Encodings of host names. Decoding takes time quadratic in the length."""

_COOKIE = b"# coding:"
"""What every encoding that a cookie may name reads alike."""

_HEAD = 8 * 1024
_CONTROL = bytes({*range(0x20), 0x7F} - {*b"\a\b\t\n\v\f\r\x1a\x1b"})
_MOST_CONTROL = 0.02
"""The share of control characters that a text may have, such as a stray one in a log."""

_NO_TEXT = (b"%PDF-", b"\x89PNG", b"GIF8", b"PK\x03\x04", b"\x1f\x8b", b"\x7fELF", b"\xff\xd8\xff")
"""How files begin that may have no NUL for a while."""

_UNASSIGNED = {0xDC00 + byte: byte for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
"""Bytes that mean nothing in Windows-1252: they become control characters, as in browsers."""

_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|([\x80-\xff])"
)
"""A character of several bytes in UTF-8, or a byte that is part of none (a group of its own)."""


def decode(data: bytes, file_type: FileType) -> str:
    """The text of a file, without a byte order mark and with "\\n" as line ends.

    The encoding is given by that mark or, in Python, by a coding cookie (PEP 263), and is UTF-8
    otherwise. Some text is not valid UTF-8. If it has more stray bytes than characters of several
    bytes, it is read as Windows-1252, which contains the printable characters of Latin-1; otherwise
    each stray byte becomes U+FFFD. Statistical detection knows more encodings, but guesses wrong in
    code, which is ASCII but for a few comments; the words of the code are found either way.

    Raises UnreadableSource if the file is binary.
    """
    text = _decoded(data, file_type)
    if "\0" in text:
        raise UnreadableSource("binary: contains NUL characters")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def stray_bytes(data: bytes, text: str) -> int:
    """How many bytes of a file became U+FFFD in its decoded `text`."""
    if not text.count("\ufffd"):
        return 0
    return max(0, text.count("\ufffd") - data.count("\ufffd".encode()))


def _decoded(data: bytes, file_type: FileType) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _repaired(data.decode(encoding, "replace").removeprefix("\ufeff"))
    if is_binary(data):
        raise UnreadableSource("binary: contains NUL bytes or other control characters")
    declared = _declared_encoding(data) if file_type is PYTHON else None
    for encoding in filter(None, (declared, "utf-8")):
        try:
            text = data.decode(encoding)
            text.encode("utf-8")
        except (UnicodeError, LookupError):
            continue
        if "\0" not in text:
            return text
    return _decoded_by_guess(data)


def is_binary(data: bytes) -> bool:
    """Whether a file without a byte order mark is not text, by its content."""
    head = data[:_HEAD]
    control = len(head) - len(head.translate(None, _CONTROL))
    return b"\0" in data or data.startswith(_NO_TEXT) or control > _MOST_CONTROL * len(head)


def _declared_encoding(data: bytes) -> str | None:
    """The encoding of a Python source by its cookie; None if it names none that can be used."""
    try:
        name, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        known = codecs.lookup(name).name
        is_ascii = known not in _SLOW_ENCODINGS and _COOKIE.decode(known) == _COOKIE.decode()
    except (SyntaxError, LookupError, UnicodeError):
        return None
    return known if is_ascii else None


def _decoded_by_guess(data: bytes) -> str:
    """The text of bytes of which some are not valid UTF-8, as `decode` says."""
    found = _SEQUENCE.findall(data)  # what the group matched: nothing for a character
    stray = sum(map(bool, found))
    if stray > len(found) - stray:
        return data.decode("cp1252", "surrogateescape").translate(_UNASSIGNED)
    return data.decode("utf-8", "replace")


def _repaired(text: str) -> str:
    """The text without lone surrogates, which have no UTF-8 form."""
    return text.encode("utf-8", "replace").decode("utf-8")
