"""What a search costs an agent, beside the same search over REST:
`python -m benchmarks.agents http://127.0.0.1:8000`, with a token in CODEINDEX_TOKEN.

The official client asks a running server, in each version of the protocol, in turn with a request
over REST: so that what else the machine does befalls both alike. Queries differ, so that nothing is
answered from memory."""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from statistics import median, quantiles

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

QUERIES = (
    "retry a request with backoff", "parse a date", "read a csv file", "open a connection",
    "write a log entry", "check a password", "encode a text", "list the files of a folder",
    "split a text into words", "cancel a statement", "render a page", "compare two vectors",
)  # fmt: skip
VERSIONS = {"2025-11-25": "legacy", "2026-07-28": "2026-07-28"}
WARMING = 10


async def main() -> None:
    options = _options()
    headers = {"Authorization": f"Bearer {os.environ['CODEINDEX_TOKEN']}"}
    async with httpx2.AsyncClient(headers=headers, timeout=30) as http:

        async def over_rest(query: str) -> None:
            response = await http.get(f"{options.url}/api/v1/search", params={"q": query})
            response.raise_for_status()

        for version, mode in VERSIONS.items():
            transport = streamable_http_client(f"{options.url}/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:

                async def by_client(query: str, client: Client = client) -> None:
                    result = await client.call_tool("search", {"query": query})
                    assert not result.is_error, result

                async def of_protocol(_: str, client: Client = client) -> None:
                    await client.session.list_tools()

                asked = {"search": by_client, "REST": over_rest, "tools/list": of_protocol}
                times = await _times(asked, options.count)
            print(version, *(f"{name}: {_described(times[name])}" for name in times), sep="\n  ")


async def _times(
    asked: dict[str, Callable[[str], Awaitable[None]]], count: int
) -> dict[str, list[float]]:
    """Milliseconds of each request, by what is asked."""
    times: dict[str, list[float]] = {name: [] for name in asked}
    for number in range(count + WARMING):
        query = f"{QUERIES[number % len(QUERIES)]} {number}"
        for name, ask in asked.items():
            began = time.perf_counter()
            await ask(query)
            if number >= WARMING:
                times[name].append(1000 * (time.perf_counter() - began))
    return times


def _described(times: list[float]) -> str:
    return f"p50 {median(times):.1f} ms, p95 {quantiles(times, n=20)[-1]:.1f} ms"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.agents", description=__doc__)
    parser.add_argument("url", help="the server's address")
    parser.add_argument("--count", type=int, default=100, help="searches in each version")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
