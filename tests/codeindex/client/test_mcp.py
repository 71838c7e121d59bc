"""`codeindex mcp`, with the official client on one side and a real server on the other."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client as Agent
from mcp import StdioServerParameters
from pytest_django.live_server_helper import LiveServer

from codeindex.client import Client, agents
from codeindex.models import AuditRecord, Repository

pytestmark = pytest.mark.django_db(transaction=True)

PROJECT = Path(__file__).parents[3]
MODES = {"2025-11-25": "legacy", "2026-07-28": "2026-07-28", "whichever": "auto"}


def messages(client: Client, *lines: str) -> list[Any]:
    written: list[str] = []
    agents.serve(client, lines, written.append)
    return [json.loads(line) for line in written]


@pytest.mark.parametrize("version", MODES)
def test_an_agent_searches_as_the_owner_of_the_token(
    shop: Repository, live_server: LiveServer, token: str, version: str
) -> None:
    own = {"CODEINDEX_URL": live_server.url, "CODEINDEX_TOKEN": token, "PYTHONPATH": str(PROJECT)}
    server = StdioServerParameters(
        command=sys.executable,
        args=["-P", "-m", "codeindex.client", "mcp"],
        env={**os.environ, **own},
    )

    async def run() -> None:
        async with Agent(server, mode=MODES[version]) as agent:
            assert len((await agent.list_tools()).tools) == 6
            calls = [agent.call_tool("search", {"query": word}) for word in ("load", "save")]
            for found, name in zip(await asyncio.gather(*calls), ("load", "save"), strict=True):
                (content,) = found.content
                assert f"alice/shop:src/{name}.py" in content.text
            assert (await agent.call_tool("read", {"id": "?"})).is_error

    asyncio.run(asyncio.wait_for(run(), 60))
    assert AuditRecord.objects.filter(action="searched", door="agent", user="alice").count() == 2


LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


def test_a_wrong_token_is_an_error_of_the_protocol(live_server: LiveServer) -> None:
    with Client(live_server.url, "cix_wrong") as client:
        (answer,) = messages(client, json.dumps(LIST))
    assert answer["id"] == 1
    assert "codeindex login" in answer["error"]["message"]


def test_a_server_that_is_gone_is_an_error_of_the_protocol() -> None:
    notice = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    with Client("http://127.0.0.1:9") as client:
        (answer,) = messages(client, json.dumps(notice), json.dumps(LIST))
    assert "Is the server running?" in answer["error"]["message"]


@pytest.mark.parametrize(
    "line",
    [
        "not JSON",
        "[" * 100_000,
        "[]",
        "1",
        "{}",
        '{"id": 1}',
        '{"method": "é", "id": 1}',
        r'{"method": "\ud800", "id": 1}',
        '{"method": "tools/call", "params": {"name": 1, "_meta": 1}, "id": 1}',
    ],
)
def test_odd_lines_end_nothing(live_server: LiveServer, token: str, line: str) -> None:
    with Client(live_server.url, token) as client:
        answers = messages(client, "\n", line, json.dumps(LIST))
    assert "result" in next(each for each in answers if each.get("id") == 1 and "result" in each)
