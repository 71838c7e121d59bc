"""Documents are found by their sections."""

from __future__ import annotations

import pytest

from tests.embeddings.documents.reading import found, outline

MARKDOWN = """\
---
title: The till
# no heading
---
Before all headings.

# The `till` of [the shop](https://example.org)

About it.

```sh
# no heading
```

Installing
----------

1. Buy one.
   # no heading of the document

<!--
# no heading
-->

### On **Linux** ###

| a | b |
|---|---|
| 1 | 2 |

~~~~
~~~
# no heading
~~~~

<h2 align="center">Questions</h2>

None.
"""


def test_markdown_is_divided_at_its_headings() -> None:
    assert outline(MARKDOWN, "markdown") == [
        ("block", "", 2, 5),
        ("section", "The till of the shop", 7, 13),
        ("section", "The till of the shop › Installing", 15, 23),
        ("section", "The till of the shop › Installing › On Linux", 25, 34),
        ("section", "The till of the shop › Questions", 36, 38),
    ]
    section = found(MARKDOWN, "markdown")[3]
    assert (section.name, section.docstring) == ("On Linux", "")
    assert section.text.startswith("### On **Linux** ###\n\n| a | b |")


def test_restructured_text_ranks_styles_of_lines_as_they_appear() -> None:
    source = (
        "====\nTill\n====\n\nAbout.\n\nInstalling\n==========\n\n::\n\n    Code\n    ----\n\n"
        "Linux\n~~~~~\n\n=====  =====\nA      B\n=====  =====\n\n----\n\nQuestions\n==========\n"
    )
    assert outline(source, "restructuredtext") == [
        ("section", "Till", 1, 5),
        ("section", "Till › Installing", 7, 13),
        ("section", "Till › Installing › Linux", 15, 22),
        ("section", "Till › Questions", 24, 25),
    ]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("asciidoc", "= Till\n\n== Use\n----\n== no\n----\n"),
        ("asciidoc", "Till\n====\n\nUse\n---\n----\nx\n----\n"),
        ("org", "* Till\n\n** Use\n#+begin_src sh\n* no\n#+end_src\n"),
        ("man", '.SH "Till"\ntext\n.SS Use\nmore\n'),
    ],
)
def test_other_documents_are_divided_at_theirs(name: str, source: str) -> None:
    assert [unit.qualified_name for unit in found(source, name)] == ["Till", "Till › Use"]


def test_a_long_section_has_windows_at_its_paragraphs() -> None:
    paragraphs = "\n\n".join(f"{number} " + "word " * 60 for number in range(20))
    section, *blocks = found(f"# Till\n\n{paragraphs}\n", "markdown")
    assert section.kind == "section"
    assert {(block.kind, block.qualified_name) for block in blocks} == {("block", "Till")}
    assert all(block.text[0].isdigit() for block in blocks)
    assert blocks[-1].end_line == section.end_line


def test_of_too_many_sections_the_inner_ones_are_part_of_the_outer() -> None:
    source = "".join(f"# Part {part}\n" + "## Point\n\ntext\n" * 20 for part in range(100))
    units = found(source, "markdown")
    assert {unit.name for unit in units if unit.kind == "section"} == {
        f"Part {part}" for part in range(100)
    }


def test_plain_text_is_a_file_or_windows() -> None:
    assert outline("\nMIT License\n\nCopyright Alice\n\n", "text") == [("file", "", 2, 4)]
    long = "\n\n".join("word " * 80 for _ in range(40))
    assert {kind for kind, *_ in outline(long, "text")} == {"block"}
    assert outline(" \n\n--\n", "text") == []
