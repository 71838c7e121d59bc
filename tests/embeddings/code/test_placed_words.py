"""Words by their places, told without a syntax tree."""

from __future__ import annotations

import time

import pytest

from embeddings.code.languages import FILE_TYPES
from embeddings.code.placed_words import LONGEST, PLACES, Place, placed_words

PYTHON = '''@app.route("/rows")
def read_rows(path: str, sep=";", *, limit=len("x")) -> list[str]:
    """Read rows of a file.

    Args: path: where it is
    """
    # open it
    with open(path) as handle:
        rows = handle.read("abc", timeout=settings.timeout)
    return [json.loads(row) for row in rows]
'''
GO = """// Fetch gets the url.
// It retries.
func (c *Client) Fetch(ctx context.Context, url string) (*Response, error) {
	resp := c.do(ctx, "GET") // slow
	return resp, nil
}"""
JAVA = """/** Adds numbers.
 * @param first one of them */
public static int add(int first, int second) { return first + second; }"""


@pytest.mark.parametrize(
    ("source", "language", "place", "expected"),
    [
        (PYTHON, "python", Place.NAME, ["read_rows"]),
        (PYTHON, "python", Place.SUMMARY, ["Read", "rows", "of", "a", "file"]),
        (PYTHON, "python", Place.DOCUMENTATION, ["Args", "path", "where", "it", "is"]),
        (PYTHON, "python", Place.PARAMETER, ["path", "str", "sep", "limit", "len"]),
        (PYTHON, "python", Place.COMMENT, ["open", "it"]),
        (PYTHON, "python", Place.CALLED, ["open", "read", "loads"]),
        (PYTHON, "python", Place.ATTRIBUTE, ["timeout"]),
        (PYTHON, "python", Place.RETURNED, ["json", "row", "for", "row", "in", "rows"]),
        (GO, "go", Place.NAME, ["Fetch"]),
        (GO, "go", Place.SUMMARY, ["Fetch", "gets", "the", "url"]),
        (GO, "go", Place.DOCUMENTATION, ["It", "retries"]),
        (GO, "go", Place.STRING, ["GET"]),
        (GO, "go", Place.COMMENT, ["slow"]),
        (JAVA, "java", Place.NAME, ["add"]),
        (JAVA, "java", Place.SUMMARY, ["Adds", "numbers"]),
        (JAVA, "java", Place.BEFORE, ["public", "static", "int"]),
        ("# Title\n\nSome text.\n", "markdown", Place.SUMMARY, ["Title"]),
        ("# Title\n\nSome text.\n", "markdown", Place.DOCUMENTATION, ["Some", "text"]),
    ],
)
def test_words_are_sorted_by_their_places(
    source: str, language: str, place: int, expected: list[str]
) -> None:
    assert placed_words(source, language)[place] == expected


@pytest.mark.parametrize("file_type", FILE_TYPES, ids=lambda entry: entry.name)
@pytest.mark.parametrize(
    "piece",
    ["(", '"""', "a.", "/*", "@", " \n", "//\n", "a((", "`", "def ", "#\n#", "'\\", "=begin\n"],
)
def test_hostile_texts_are_read_in_time(piece: str, file_type: object) -> None:
    started = time.process_time()
    words = placed_words(piece * 500_000, file_type.name)  # type: ignore[attr-defined]
    assert time.process_time() - started < 1
    assert len(words) == PLACES


def test_the_beginning_of_a_text_is_read() -> None:
    words = placed_words("x = 1\n" * LONGEST + "hidden")
    assert "hidden" not in [word for spelt in words for word in spelt]
