"""What search stores of a text, and asks for."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies

from embeddings.code.words import LONGEST_WORD, analyse, folded, identifiers, occurrences, parts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("readCSVFile", "readcsvfile readcsv read csvfile csv file"),
        ("HTTPServer", "httpserver http server"),
        ("parse_date", "parsedate parse date"),
        ("__init__", "init"),
        ("utf8", "utf8 utf 8"),
        ("utf-8", "utf 8"),
        ("sha256", "sha256 sha 256"),
        ("return 404", "return 404"),
        ("HTTP_404_NOT_FOUND", "http404notfound http 404 not found"),
        ("86_400 86400", "86400"),
        ("0xFF 0b1_0 0o644", "0xff 0b10 0o644"),
        ("3.14", "3 14"),
        ("1e5", "1e5 1e 1 e5 e 5"),
        ("100px 2fa", "100px 100 px 2fa 2 fa"),
        ("/?q=2", "q 2"),
        ("été", "été ét é té t"),
        ("_ __ -> {}", ""),
        ("税", "税"),
        ("查找ID", "查找 id"),
        ("获取_用户名", "获取 用户 户名"),
        ("ファイルを読む", "ファ ァイ イル ルを を読 読む"),
    ],
)
def test_identifiers_count_whole_and_in_parts_and_numbers_whole(text: str, expected: str) -> None:
    assert analyse(text) == tuple(expected.split())


def test_overlong_words_are_left_out() -> None:
    long = "x" * LONGEST_WORD
    assert analyse(f"{long} {long}y {long}y_z") == (long, "z")


@given(strategies.text())
def test_every_word_of_a_text_occurs_in_it(text: str) -> None:
    found = list(occurrences(text))
    assert {word for word, _, _ in found} == set(analyse(text))
    for word, start, end in found:
        written = text[start:end].lower()
        assert word in (written, written.replace("_", ""))


@given(strategies.lists(strategies.from_regex(r"[a-z]{1,9}|\d{1,9}", fullmatch=True), min_size=1))
def test_each_word_of_an_identifier_is_found(words: list[str]) -> None:
    identifier = "_".join(words)
    assert {*analyse(" ".join(words))} - {*analyse(f"x_{identifier}")} == set()


@given(strategies.text())
def test_whole_identifiers_are_words_in_any_spelling(text: str) -> None:
    assert {*map(folded, identifiers(text))} <= set(analyse(text.lower()))


@pytest.mark.parametrize(
    ("identifiers", "words"),
    [
        ("mergeUserIDs parseURLs", "ids id urls url"),
        ("GraphQLSchema GitHubWebhook PostgreSQL", "graphql github postgresql"),
        ("OAuth2Client S3Bucket K8sPod i18nKeys", "oauth2 oauth s3 k8s i18n"),
        ("iOSApp isMacOSBuild IPv6Address UUIDv4", "ios macos ipv6 uuid"),
        ("JavaScript LaTeX Vector3D UInt8Array", "javascript latex 3d uint8"),
    ],
)
def test_what_people_read_as_one_word_is_one(identifiers: str, words: str) -> None:
    assert {*words.split()} <= {*analyse(identifiers)}


def test_an_identifier_has_few_words() -> None:
    for token in ("aB" * 50, "a1" * 50, "a_" * 50, "Ab" * 5_000, "ÉA" * 50):
        assert len(analyse(token)) <= 3 * len(parts(token)) + 1


@given(strategies.text(alphabet=strategies.characters(categories=("Lu", "Ll", "Nd"))))
def test_parts_of_an_identifier_make_it_up(token: str) -> None:
    assert "".join(parts(token)) == "".join(character.lower() for character in token)
