"""Calling tools by plain requests, as the protocol of 2025-11-25 has them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from codeindex.accounts import tokens

HEADERS = {
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2025-11-25",
}


@dataclass(frozen=True)
class Called:
    """What a tool answered."""

    text: str
    is_error: bool


Ask = Callable[..., Called]
"""The fixture `ask`: calls a tool."""

COMMIT = "alice/shop at commit c0ffeec0ff, indexed just now"
CURSOR = re.compile(r"cursor=(\S+) for more")


def post(client: Client, body: object, **headers: str) -> HttpResponse:
    """A message, or a body as it is if it is bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    content_type = headers.pop("content_type", "application/json")
    response = client.post("/mcp", data, content_type=content_type, headers={**HEADERS, **headers})
    assert isinstance(response, HttpResponse)
    return response


def message(tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


def call(client: Client, tool: str, arguments: dict[str, Any], user: User | None = None) -> Called:
    headers = {"Authorization": f"Bearer {tokens.issue(user, by=user)}"} if user else {}
    response = post(client, message(tool, arguments), **headers)
    assert response.status_code == 200, response.content
    result = json.loads(response.content)["result"]
    (content,) = result["content"]
    return Called(content["text"], result.get("isError", False))
