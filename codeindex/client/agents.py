"""Carries the messages of an agent on this machine to a server, by the Model Context Protocol: from
the agent's lines of JSON (stdio) to requests over HTTP, and back.

The server's door is stateless and answers each request by one message, so that nothing is kept here
but the version of the protocol, which older ones agree upon once."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from codeindex.client.client import Client
from codeindex.client.errors import ClientError

AT_ONCE = 4
"""Requests that wait for the server."""

PARSE_ERROR, SERVER_ERROR = -32700, -32000
"""Codes of JSON-RPC."""

_VERSION = "io.modelcontextprotocol/protocolVersion"
"""In the `_meta` of a message, since 2026-07-28."""

_NAMED_BY = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}

Message = Mapping[str, Any]


def serve(client: Client, lines: Iterable[str], write: Callable[[str], None]) -> None:
    """Answers until the lines end. `write` gets one line for each answer."""
    bridge = _Bridge(client, write)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for line in lines:
            if line.strip():
                threads.submit(bridge.answer, line)


class _Bridge:
    def __init__(self, client: Client, write: Callable[[str], None]) -> None:
        self._client = client
        self._write = write
        self._version = ""

    def answer(self, line: str) -> None:
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            self._say(_error(None, PARSE_ERROR, "The line is not JSON."))
            return
        is_request = isinstance(message, dict) and "id" in message and "method" in message
        try:
            answer = self._client.send_message(message, self._headers(message))
        except (ClientError, UnicodeError) as error:
            answer = _error(message.get("id"), SERVER_ERROR, str(error)) if is_request else None
        if answer is not None:
            self._keep_version(answer)
            self._say(answer)

    def _headers(self, message: Any) -> dict[str, str]:
        """What the protocol wants to have in the headers, too, for proxies to read."""
        if not isinstance(message, dict) or not isinstance(message.get("method"), str):
            return {}
        given = message.get("params")
        parameters = given if isinstance(given, dict) else {}
        meta = parameters.get("_meta")
        own = meta.get(_VERSION) if isinstance(meta, dict) else None
        name = parameters.get(_NAMED_BY.get(message["method"], ""))
        headers = {
            "MCP-Protocol-Version": own or self._version,
            "Mcp-Method": message["method"],
            "Mcp-Name": name,
        }
        return {
            header: _header_value(value)
            for header, value in headers.items()
            if isinstance(value, str) and value
        }

    def _keep_version(self, answer: Any) -> None:
        """The one that the server agrees to when it is introduced."""
        result = answer.get("result") if isinstance(answer, dict) else None
        version = result.get("protocolVersion") if isinstance(result, dict) else None
        if isinstance(version, str):
            self._version = version

    def _say(self, answer: Any) -> None:
        self._write(json.dumps(answer))


def _error(message_id: Any, code: int, reason: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": message_id, "error": {"code": code, "message": reason}}


def _header_value(value: str) -> str:
    """As it is if a header can hold it; else as the protocol encodes it."""
    if re.fullmatch(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?", value) and "=?" not in value:
        return value
    return f"=?base64?{b64encode(value.encode()).decode()}?="
