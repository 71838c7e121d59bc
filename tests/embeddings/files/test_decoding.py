"""Bytes become text whatever encoding they are in; only what is no text is refused."""

from __future__ import annotations

import pytest

from embeddings.code.languages import PYTHON, TEXT, by_name
from embeddings.code.parsing import UnreadableSource
from embeddings.files.decoding import decode, stray_bytes

GO = by_name("go")


@pytest.mark.parametrize(
    "data",
    [
        "é = 1\n".encode(),
        "\ufeffé = 1\n".encode(),
        "é = 1\n".encode("utf-16"),
        "\ufeffé = 1\n".encode("utf-16-be"),
        "é = 1\n".encode("utf-32"),
        "é = 1\r\n".encode("latin-1"),
        "# -*- coding: latin-1 -*-\né = 1\n".encode("latin-1"),
        "#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\r\né = 1\r".encode("cp1252"),
    ],
)
def test_sources_are_read_in_their_encoding(data: bytes) -> None:
    assert decode(data, PYTHON).splitlines()[-1] == "é = 1"
    assert "\r" not in decode(data, PYTHON)


def test_a_cookie_counts_in_python_alone() -> None:
    data = "# coding: cp1251\nя\n".encode("cp1251")
    assert decode(data, PYTHON).endswith("я\n")
    assert decode(data, GO).endswith("ÿ\n")


@pytest.mark.parametrize(
    "head",
    [
        b"# coding: nonsense\n",
        b"# coding: rot13\n",
        b"# coding: punycode\n",
        b"# coding: utf-16\n",
        b"# coding: raw_unicode_escape\nx = '\\ud800' '\\u0000'\n",
    ],
)
def test_a_cookie_that_does_not_fit_hides_no_file(head: bytes) -> None:
    assert decode(head + b"def till(): pass\n", PYTHON).endswith("def till(): pass\n")


def test_text_of_single_bytes_is_windows_1252() -> None:
    assert decode("// Größe – 5 €\n".encode("cp1252"), GO) == "// Größe – 5 €\n"
    assert decode(b"// caf\xe9 \x96 \x81\n", GO) == "// café – \x81\n"


def test_a_stray_byte_in_utf_8_is_replaced_and_counted() -> None:
    data = "// Grüße aus Köln\n".encode() + b"// \xff\nfunc till() {}\n"
    text = decode(data, GO)
    assert text == "// Grüße aus Köln\n// \ufffd\nfunc till() {}\n"
    assert stray_bytes(data, text) == 1
    written = "// the character \ufffd\n".encode()
    assert stray_bytes(written, decode(written, GO)) == 0


@pytest.mark.parametrize(
    "data",
    [b"GIF89a,;", b"a\0b", b"%PDF-1.7 \xe2\xe3", b"\x01\x02\x03text", b"\x7fELF", b"\x1f\x8b\x08"],
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableSource, match="binary"):
        decode(data, TEXT)


def test_a_control_character_in_a_log_is_text() -> None:
    log = b"\x1b[31mred\x1b[0m\n" * 100 + b"\x01 \x0c\n"
    assert decode(log, TEXT)
