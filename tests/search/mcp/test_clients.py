"""The official client, over HTTP and on stdio."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from codeindex.accounts import tokens
from codeindex.models import Repository, Visibility
from search.mcp.tools import INSTRUCTIONS
from tests import shelf
from tests.shelf import Written

PROJECT = Path(__file__).parents[3]
TOOLS = ["search", "read", "similar", "grep", "outline", "repositories"]
MODES = {"2025-11-25": "legacy", "2026-07-28": "2026-07-28", "whichever": "auto"}
"""How the client is told to speak each version of the protocol."""


def with_client(
    address: tuple[str, int], key: str, mode: str, use: Callable[[Client], Awaitable[Any]]
) -> Any:
    """What a function returns that uses the client."""

    async def run() -> Any:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
            url = f"http://{address[0]}:{address[1]}/mcp"
            transport = streamable_http_client(url, http_client=http)
            async with Client(transport, mode=mode) as client:
                return await use(client)

    return asyncio.run(run())


def text_of(result: Any) -> str:
    (content,) = result.content
    return content.text


@pytest.mark.parametrize("version", MODES)
def test_the_official_client_searches_and_reads(
    address: tuple[str, int], alice: User, shop: Repository, version: str
) -> None:
    async def use(client: Client) -> None:
        tools = (await client.list_tools()).tools
        assert [tool.name for tool in tools] == TOOLS
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        found = await client.call_tool("search", {"query": "read a file"})
        assert not found.is_error
        assert "alice/shop:src/load.py#L1-L6" in text_of(found)
        read = await client.call_tool("read", {"id": "alice/shop:src/load.py#L1-L6"})
        assert "return file.read()" in text_of(read)
        wrong = await client.call_tool("search", {"query": ""})
        assert wrong.is_error
        if version != "2026-07-28":  # a client that is told this version asks for no introduction
            assert client.server_info.name == "codeindex"
            assert client.instructions == INSTRUCTIONS
        if version != "whichever":
            assert client.protocol_version == version

    with_client(address, tokens.issue(alice, by=alice), MODES[version], use)


@pytest.mark.parametrize("version", MODES)
def test_a_wrong_token_is_refused(
    address: tuple[str, int], shop: Repository, version: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def use(client: Client) -> Any:
        return await client.list_tools()

    with caplog.at_level("INFO"), pytest.raises(BaseExceptionGroup):
        with_client(address, "cix_wrong", MODES[version], use)
    assert "401 Unauthorized" in caplog.text


def test_sixteen_clients_at_once_get_their_own_answers(
    address: tuple[str, int], alice: User, settings: Any
) -> None:
    settings.CODEINDEX_SEARCHES_AT_ONCE = 16
    people = [User.objects.create_user(f"person{number}") for number in range(16)]
    for person in people:
        shelf.put(
            shelf.repository(person), "a.py", Written(f"def load_{person}(): ...", f"load_{person}")
        )
    keys = [tokens.issue(person, by=person) for person in people]
    before = threading.active_count()

    async def ask(key: str) -> list[str]:
        async with httpx2.AsyncClient(
            headers={"Authorization": f"Bearer {key}"}, timeout=60
        ) as http:
            url = f"http://{address[0]}:{address[1]}/mcp"
            async with Client(streamable_http_client(url, http_client=http)) as client:
                answers = [await client.call_tool("search", {"query": "load"}) for _ in range(5)]
                return [text_of(answer) for answer in answers]

    async def all_ask() -> list[list[str]]:
        return await asyncio.gather(*map(ask, keys))

    for person, answers in zip(people, asyncio.run(all_ask()), strict=True):
        for answer in answers:
            assert f"1. {person}/shop:a.py#L1  function load_{person}" in answer.split("\n")
            assert answer.count("/shop:a.py") == 1
    assert threading.active_count() <= before + 8


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_the_command_serves_on_stdio_and_ends_with_its_input(alice: User, mode: str) -> None:
    private = shelf.repository(alice, visibility=Visibility.PRIVATE)
    shelf.put(private, "a.py", Written("def load(): ...", "load"))
    named = connection.settings_dict
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "codeindex.settings",
        "CODEINDEX_ENV_FILE": os.devnull,
        "CODEINDEX_HOME": str(settings.CODEINDEX_HOME),
        "DATABASE_URL": f"postgres://{named['USER']}@/{named['NAME']}?host={named['HOST']}",
        "BROKER_URL": settings.CELERY_BROKER_URL,
    }
    server = StdioServerParameters(
        command=sys.executable, args=["manage.py", "mcp"], env=environment, cwd=str(PROJECT)
    )

    async def run() -> None:
        async with Client(server, mode=mode) as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == TOOLS
            found = await client.call_tool("grep", {"pattern": "load"})
            assert "alice/shop:a.py" in text_of(found)
            assert (await client.call_tool("read", {"id": "?"})).is_error

    asyncio.run(asyncio.wait_for(run(), 60))
