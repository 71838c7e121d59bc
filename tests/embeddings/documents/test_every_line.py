"""Every line with a word can be found, in time linear in the file, whatever it contains."""

from __future__ import annotations

import random
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.coverage import lost_lines
from embeddings.code.definitions import extract
from embeddings.code.languages import DOCUMENTS, Document

LARGE = 1 << 17
LINES = [
    "# Till",
    "== Use",
    "Use",
    "---",
    "* Sales",
    ".SH NAME",
    "---",
    "```",
    "~~~",
    "    indented: line",
    "- item",
    "- key: value",
    "  other: value",
    "key:",
    '"quoted": [',
    "'single': {",
    "], }",
    "[table]",
    "[[tables]]",
    "key = value",
    "a.b.c = d",
    "export KEY=value",
    'text = """',
    "; comment",
    "// comment",
    "/* comment",
    "*/",
    '<a name="b">',
    "</a>",
    "<a/>",
    "<!-- comment",
    "-->",
    "<script>",
    '<script lang="ts">',
    "function till() { return 1 }",
    "</script>",
    "<style>",
    "# %% [python]",
    "def till():",
    "    return 1",
    "# %% [markdown]",
    "a,b,c",
    "{{ template }}",
    '"a": "b",',
    "word word",
    "|",
    "kind: Service",
    "metadata:",
    "  name: till",
    "Ünïcödé \u2028 line",
    "\t\ttabs",
    "",
    "",
]
_TAGS = re.compile(r"</?[a-z]+[^<>]*>|# %% \[\w+\]")

types = pytest.mark.parametrize("file_type", DOCUMENTS, ids=lambda each: each.name)


def check(source: str, file_type: Document) -> None:
    """That each unit lies in the file, and each line with a word outside tags in a unit."""
    units = extract(source, file_type).definitions
    size, lines = len(source.encode()), source.split("\n")
    for unit in units:
        assert 1 <= unit.start_line <= unit.end_line <= len(lines)
        assert 0 <= unit.start_byte <= unit.end_byte <= size
    lost = [lines[number - 1] for number in lost_lines(source, units)]
    assert [line for line in lost if re.search(r"\w", _TAGS.sub("", line))] == []


@types
@given(chosen=st.lists(st.sampled_from(LINES), max_size=60))
def test_every_line_of_any_mixture_is_found(file_type: Document, chosen: list[str]) -> None:
    check("\n".join(chosen), file_type)


@types
def test_every_line_of_a_long_mixture_is_found(file_type: Document) -> None:
    chance = random.Random(file_type.name)
    for count in (300, 3_000, 12_000):
        chosen = (chance.choice(LINES) + f" word{number}" for number in range(count))
        check("\n".join(chosen), file_type)


@types
@given(source=st.text())
def test_any_text_is_taken(file_type: Document, source: str) -> None:
    extract(source, file_type)
    if file_type.readable:
        file_type.readable(source)


@pytest.mark.parametrize(
    "unit",
    [
        *("[", ">", "- ", '"', "'", "<", "{", "|", "`", "# a\n", "a\n-\n", "a: ", "- - a", "```\n"),
        *('{"a":', "[a]\nb=1\n", "=\na\n=\n", "---\na:\n", "<a>", '<a b="', "<!--", "<![CDATA["),
        *("<script>x</script>", '<script "'),
    ],
)
def test_a_large_file_of_anything_takes_seconds_at_most(unit: str) -> None:
    source = unit * (LARGE // len(unit))
    for file_type in DOCUMENTS:
        began = time.process_time()
        extract(source, file_type)
        assert time.process_time() - began < 3
