"""Documents as HTML: readable, and harmless whoever wrote them."""

from __future__ import annotations

import time

import pytest

from embeddings.documents import notebooks
from search.addresses.origins import permalink
from search.web.code.documents import MOST_CHARACTERS, rendered


def shown(source: str, language: str = "markdown", path: str = "guide/a.md") -> str:
    html = rendered(source, language, path, lambda inside: permalink("alice/shop", "", inside))
    assert html is not None
    return html


class TestMarkdown:
    def test_is_rendered(self) -> None:
        table = "| a | b |\n|---|---|\n| 1 | ~~2~~ |"
        html = shown(f"# A title\n\n{table}\n\n```python\ndef f(): 1\n```")
        assert '<h2 id="doc-a-title">A title</h2>' in html
        assert "<td>1</td>" in html
        assert '<span class="keyword">def</span>' in html

    @pytest.mark.parametrize(
        ("written", "leads_to"),
        [
            ("b.py", "/r/alice/shop/guide/b.py"),
            ("../b.py#L3", "/r/alice/shop/b.py#L3"),
            ("/src/", "/r/alice/shop/src/"),
            ("..", "/r/alice/shop/"),
            ("#a-title", "#doc-a-title"),
            ("https://example.org/", "https://example.org/"),
        ],
    )
    def test_links_lead_to_files(self, written: str, leads_to: str) -> None:
        assert f'<a href="{leads_to}"' in shown(f"[text]({written})")

    @pytest.mark.parametrize(
        "hostile",
        [
            "<script>alert(1)</script>",
            '<img src=x onerror="alert(1)">',
            "[x](javascript:alert(1))",
            "[x](data:text/html,<script>alert(1)</script>)",
            "[x](//evil.example/)",
            "[x](../../../../etc/passwd)",
            "[x](ftp://example.org/)",
            "![x](javascript:alert(1))",
            '![x](https://example.org/" onerror="alert(1))',
            "![x](https://example.org/pixel.png)",
            "<style>body { display: none }</style>",
            '```"><script>alert(1)</script>\nx\n```',
        ],
    )
    def test_nothing_runs_or_is_fetched(self, hostile: str) -> None:
        html = shown(hostile)
        for tag in ("<script", "<img", "<style", "<iframe"):
            assert tag not in html
        for value in ("javascript:", "data:", "//evil", "etc/passwd", "ftp:"):
            assert f'href="{value}' not in html

    def test_tables_scroll_and_have_no_empty_heads(self) -> None:
        html = shown("| | b |\n|---|---|\n| 1 | 2 |")
        assert '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>' in html
        assert "<td></td>" in html
        assert "<th>b</th>" in html

    def test_what_is_outside_is_not_told_where_from(self) -> None:
        assert 'rel="nofollow noreferrer noopener"' in shown("<https://example.org>")

    @pytest.mark.parametrize(
        "unit", ["[", "*a ", "`", "> ", "- ", "![", "<a ", "|a", "**a*", "[a](", "~~a", "&#1;"]
    )
    def test_takes_time_in_proportion(self, unit: str) -> None:
        began = time.process_time()
        shown(unit * (MOST_CHARACTERS // 10 // len(unit)))
        assert time.process_time() - began < 5

    def test_a_long_one_is_not_rendered(self) -> None:
        assert rendered("a" * (MOST_CHARACTERS + 1), "markdown", "a.md", str) is None
        assert rendered("def f(): 1", "python", "a.py", str) is None


class TestNotebook:
    def test_shows_its_cells(self) -> None:
        source = notebooks.readable(
            '{"cells": [{"cell_type": "markdown", "source": "# Title"},'
            ' {"cell_type": "code", "source": "def f():\\n  return 1"}]}'
        )
        html = shown(source, "notebook", "a.ipynb")
        assert '<section class="cell" aria-label="Cell 1"><h2 id="doc-1-title">' in html
        assert '<span class="keyword">return</span>' in html

    def test_what_is_none_is_shown_as_its_source(self) -> None:
        assert rendered("{}", "notebook", "a.ipynb", str) is None
