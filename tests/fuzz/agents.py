"""Messages of agents: tools with sensible and odd arguments, and what is no message."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.http import HttpResponseBase

from tests.fuzz import installed
from tests.fuzz.installed import PEOPLE, Request
from tests.fuzz.mutations import mutated
from tests.fuzz.queries import PARTS, PIECES, VALUES
from tests.fuzz.running import Outcome

LOCATIONS = [
    "alice/shop:shop.py", "alice/shop:shop.py#L3", "alice/open:shop.go#L1-L9999999", "open:shop.rs",
    "alice/shop@dev:shop.py", "alice/open@c0ffee00:a", "alice/shop", "alice/", "/", ":", "@:",
    "alice/open/shop.py", "https://example.org/r/alice/open@abc/shop.py#L1", "x:#L1", "#L1-L2",
    "alice/open:shop.py#L9-L2", "alice/open:shop.py#L0", "alice/open:shop.py#L" + "9" * 30,
    "/files/AAAAAAAAAAAAAAAAAAAAAA/AAAAAAAAAAAAAAAAAAAAAA/", "1/1", "alice/open:../../etc/passwd",
]  # fmt: skip
ARGUMENTS = {
    "search": ("query", "repo", "path", "lang", "kind", "detail", "limit", "cursor"),
    "read": ("id",),
    "similar": ("id", "code", "lang", "by", "repo", "limit"),
    "grep": ("pattern", "fixed", "repo", "path", "limit", "cursor"),
    "outline": ("repo", "path", "depth"),
    "repositories": ("query", "cursor"),
}
SENSIBLE: dict[str, list[Any]] = {
    "query": ["add an item to a cart", "total", "Cart.add"],
    "pattern": ["cart", r"def \w+", "(?i)TOTAL"],
    "id": LOCATIONS,
    "code": ["def add(a, b):\n    return a + b", "func f() {}"],
    "repo": ["alice/open", "alice/shop", ["alice/open"], ["-alice/shop"], []],
    "path": ["shop", ["shop.*"], "", "/"],
    "lang": ["python", ["go", "rs"]],
    "kind": ["function", ["-method"]],
    "detail": ["location", "signature", "body"],
    "by": ["both", "meaning", "structure"],
    "fixed": [True, False],
    "limit": [1, 10, 50],
    "depth": [1, 3, 10],
    "cursor": ["", "WzEsMl0", "WzEwLDAsLTUuNSwiYSIsMSwyXQ", "WyJhIiwiYiJd"],
    "max_tokens": [200, 2500, 20000],
}
METHODS = ["initialize", "ping", "tools/list", "prompts/list", "server/discover", "resources/read",
           "notifications/initialized", "notifications/cancelled", "subscriptions/listen",
           "completion/complete", "logging/setLevel", "", "a" * 5000]  # fmt: skip
VERSIONS = ["2025-11-25", "2025-11-25", "2026-07-28", "2026-07-28", "2024-11-05", "2199-01-01", ""]
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "fuzz", "version": "0"},
}


@dataclass(frozen=True)
class Agents:
    seed: str
    keys: Mapping[str, str] = field(default_factory=dict)
    """Of tokens, by whose they are."""

    def begin(self) -> None:
        installed.begin()
        installed.warm()
        installed.send(self._request("admin", b"{}", "2025-11-25", {}))

    def generate(self, number: int) -> Request:
        random = Random(f"{self.seed}:{number}")
        version = random.choice(VERSIONS)
        message = _message(version, random)
        body = json.dumps(message).encode()
        if random.random() < 0.15:
            body = mutated(body, body, random)
        if random.random() < 0.01:
            body = random.choice((b"[", b'{"a":', b"0")) * 100_000
        headers = {}
        if version == "2026-07-28" and random.random() < 0.95:
            headers = {"HTTP_MCP_METHOD": str(message["method"])}
            headers |= {"HTTP_MCP_NAME": name} if (name := _name(message)) else {}
        return self._request(random.choice(PEOPLE), body, version, headers)

    def category(self, case: Request) -> str:
        return case.headers.get("HTTP_MCP_PROTOCOL_VERSION", "no version")

    def encode(self, case: Request) -> bytes:
        return case.encoded()

    def run(self, case: Request) -> Outcome:
        response = installed.send(case)
        outcome = installed.judge(self.category(case), response)
        return outcome if outcome.fault else Outcome(outcome.category, _result(response))

    def _request(self, who: str, body: bytes, version: str, headers: dict[str, str]) -> Request:
        shared = {
            "CONTENT_TYPE": "application/json",
            "HTTP_ACCEPT": "application/json, text/event-stream",
        }
        if version:
            shared["HTTP_MCP_PROTOCOL_VERSION"] = version
        if who:
            shared["HTTP_AUTHORIZATION"] = f"Bearer {self.keys[who]}"
        return Request("", "POST", "/mcp", body=body, headers={**shared, **headers})


def _message(version: str, random: Random) -> dict[str, Any]:
    if random.random() < 0.1:
        method, params = random.choice(METHODS), _value(random, 2)
    else:
        method, params = "tools/call", _call(random)
    if version == "2026-07-28" and isinstance(params, dict) and random.random() < 0.95:
        params = {**params, "_meta": META}
    message: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    if random.random() < 0.05:
        message[random.choice(list(message))] = _value(random, 1)
    return message


def _name(message: dict[str, Any]) -> str:
    params = message.get("params")
    name = params.get("name") if isinstance(params, dict) else ""
    return name if isinstance(name, str) else ""


def _call(random: Random) -> dict[str, Any]:
    name = random.choice(list(ARGUMENTS))
    names = (*ARGUMENTS[name], "max_tokens")
    given = {each: _argument(each, random) for each in names if random.random() < 0.4}
    first = names[0]
    if random.random() < 0.9:
        given[first] = _argument(first, random)
    if random.random() < 0.03:
        given[random.choice(PIECES)] = _value(random, 1)
    return {"name": name, "arguments": given}


def _argument(name: str, random: Random) -> object:
    return random.choice(SENSIBLE[name]) if random.random() < 0.95 else _value(random, 2)


def _value(random: Random, depth: int) -> object:
    match random.randrange(7 if depth else 5):
        case 0:
            return random.choice(PIECES)
        case 1:
            return random.choice(VALUES)
        case 2:
            return random.choice((None, True, 0, -1, 10**30, 1e308, float("nan"), 1.5))
        case 3:
            return random.choice(LOCATIONS)
        case 4:
            return f"alice/open:{random.choice(PARTS)}{random.choice(PIECES)}"
        case 5:
            return [_value(random, depth - 1) for _ in range(random.randrange(4))]
        case _:
            return {random.choice(PIECES): _value(random, depth - 1)}


def _result(response: HttpResponseBase) -> str:
    """An answer, an error of a tool, or the status of what was refused."""
    assert not response.streaming
    if response.status_code != 200:
        return str(response.status_code)
    told = json.loads(response.content)  # type: ignore[attr-defined]
    if "error" in told:
        return "refused"
    return "tool error" if told["result"].get("isError") else "answer"
