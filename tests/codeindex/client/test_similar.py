"""The command `codeindex similar` against a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codeindex.client.cli.similar import end_of_block
from codeindex.ingestion import embedding
from codeindex.models import Embedding, Repository
from codeindex.spaces import encoders, lifecycle
from tests.codeindex.client.conftest import LOAD, SAVE, Command
from tests.embeddings import tiny

pytestmark = pytest.mark.django_db(transaction=True)


class TestSimilar:
    @pytest.fixture
    def encoded(self, shop: Repository, tmp_path: Path, settings: Any) -> Iterator[None]:
        """The definitions have vectors of a tiny encoder."""
        encoders.cached.cache_clear()
        before, encoders.searcher = encoders.searcher, encoders.Searcher()
        model = tiny.bert(tmp_path / "bert")
        settings.CODEINDEX_CHECKPOINT = str(tiny.checkpoint(tmp_path / "checkpoint", model))
        encoder = encoders.searcher.encoder()
        with Embedding.objects.claimed(lifecycle.space_for(encoder), limit=10) as batch:
            embedding.encode(encoder, [batch])
        yield
        encoders.searcher = before
        encoders.cached.cache_clear()

    def test_to_a_definition_that_is_indexed(self, encoded: None, as_alice: Command) -> None:
        done = as_alice("similar", "alice/shop:src/load.py#L2")
        assert done.exit_code == 0, done.stderr
        assert done.stdout.startswith("src/save.py:1  save")

    def test_to_a_file_of_this_machine(
        self, encoded: None, as_alice: Command, tmp_path: Path
    ) -> None:
        file = tmp_path / "mine.py"
        file.write_text(f"import os\n\n{LOAD}\n\nprint(load('a'))\n")
        for place in (f"{file}:3", f"{file}:3-5"):
            done = as_alice("similar", place, "--limit", "1")
            assert done.exit_code == 0, done.stderr
            assert done.stdout.startswith("src/load.py:1  load")
            assert ", 1.000" in done.stdout

    def test_to_the_standard_input(self, encoded: None, as_alice: Command) -> None:
        done = as_alice("similar", "-", "--lang", "python", "--json", input=SAVE)
        assert json.loads(done.stdout.splitlines()[0])["qualified_name"] == "save"

    @pytest.mark.parametrize(
        ("place", "reason"),
        [
            ("none.py:3", "none.py cannot be read: No such file"),
            ("alice/none:a.py#L1", "none"),
            ("-", "empty"),
        ],
    )
    def test_says_what_is_wrong(
        self, shop: Repository, as_alice: Command, place: str, reason: str
    ) -> None:
        done = as_alice("similar", place)
        assert done.exit_code == 2
        assert reason in done.stderr


@pytest.mark.parametrize(
    ("source", "first", "last"),
    [
        ("def f():\n  a\n\n  b\n\nc\n", 1, 4),
        ("int f()\n{\n  a;\n}\nint g;\n", 1, 1),
        ("f() {\n  a\n}\ng\n", 1, 3),
        ("def f\n  a\nend\ng\n", 1, 3),
        ("  def f():\n    a\n  b\n", 1, 2),
        ("one", 1, 1),
    ],
)
def test_where_a_block_ends(source: str, first: int, last: int) -> None:
    assert end_of_block(source.splitlines(), first) == last
