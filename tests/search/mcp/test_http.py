"""The HTTP endpoint: who may connect, and what is refused."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from codeindex.accounts import tokens
from codeindex.models import AuditRecord, Repository, Token, Visibility
from search.mcp import outlines
from tests import shelf
from tests.search.mcp.calling import HEADERS, message, post
from tests.shelf import Written

SEARCH = message("search", {"query": "load"})
MODERN = {"MCP-Protocol-Version": "2026-07-28"}


def bearer(user: User, **named: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.issue(user, by=user, **named)}"}


def text_of(response: Any) -> str:
    return json.loads(response.content)["result"]["content"][0]["text"]


def test_a_token_signs_in_and_a_wrong_one_is_refused(
    client: Client, alice: User, shop: Repository
) -> None:
    assert "alice/shop" in text_of(post(client, SEARCH, **bearer(alice)))
    for header in ("Bearer no", "Bearer", "Token cix_" + "0" * 40, "Secret x"):
        refused = post(client, SEARCH, Authorization=header)
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        assert b"load.py" not in refused.content
    expired = bearer(alice)
    Token.objects.update(expires=timezone.now() - timedelta(days=1))
    assert post(client, SEARCH, **expired).status_code == 401
    dismissed = bearer(alice)
    User.objects.update(is_active=False)
    assert post(client, SEARCH, **dismissed).status_code == 401


def test_a_token_needs_the_scope_to_search(client: Client, alice: User, shop: Repository) -> None:
    refused = post(client, SEARCH, **bearer(alice, scopes=["index"]))
    assert refused.status_code == 403
    assert "scope" in refused.content.decode()


def test_a_session_signs_nobody_in(client: Client, alice: User, shop: Repository) -> None:
    """Otherwise pages of others could ask with it."""
    client.force_login(alice)
    assert text_of(post(client, SEARCH)).startswith("No results")


def test_without_a_token_what_is_public_is_found(client: Client, alice: User) -> None:
    public = shelf.repository(alice, visibility=Visibility.PUBLIC)
    shelf.put(public, "open.py", Written("def load(): ...", "load"))
    assert "alice/shop:open.py" in text_of(post(client, SEARCH))


def code_of(response: Any) -> int:
    return json.loads(response.content)["error"]["code"]


@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
@pytest.mark.parametrize(
    ("body", "statuses"),
    [
        pytest.param(b"", {400}, id="empty"),
        pytest.param(b"{", {400}, id="unfinished"),
        pytest.param(b"\xff\xfe", {400}, id="not UTF-8"),
        pytest.param(b"null", {400}, id="null"),
        pytest.param(b"[]", {400}, id="empty batch"),
        pytest.param(json.dumps([SEARCH] * 100).encode(), {400}, id="batch"),
        pytest.param(b"[" * 100_000, {400}, id="deep"),
        pytest.param(b'{"a":' * 100_000, {400}, id="deep object"),
        pytest.param(b'{"jsonrpc":"2.0","id":1,"method":7}', {400}, id="no method"),
        pytest.param(b'{"jsonrpc":"1.0","id":1,"method":"ping"}', {400}, id="another version"),
        pytest.param(
            b'{"jsonrpc":"2.0","id":{},"method":"ping"}', {202, 400}, id="an object as id"
        ),
        pytest.param(b'{"jsonrpc":"2.0","id":1,"result":{}}', {202, 400}, id="a response"),
        pytest.param(b"9" * 100_000, {400}, id="a long number"),
    ],
)
def test_what_is_no_message_is_refused(
    client: Client, db: None, body: bytes, statuses: set[int], version: str
) -> None:
    response = post(client, body, **{"MCP-Protocol-Version": version})
    assert response.status_code in statuses, response.content
    assert len(response.content) < 5000
    if response.status_code == 400 and body:
        assert code_of(response) in (-32700, -32600, -32602)
    assert post(client, SEARCH).status_code == 200


def test_unknown_methods_tools_and_versions_are_refused(client: Client, db: None) -> None:
    unknown = post(client, {"jsonrpc": "2.0", "id": 1, "method": "tools/delete"})
    assert code_of(unknown) == -32601
    tool = post(client, message("delete", {}))
    assert code_of(tool) == -32602
    assert "Use search, read, similar, grep" in tool.content.decode()
    version = post(client, SEARCH, **{"MCP-Protocol-Version": "2199-01-01"})
    assert version.status_code == 400
    no_object = post(client, message("search", ["query"]))  # type: ignore[arg-type]
    assert code_of(no_object) == -32602
    for method in ("prompts/list", "resources/list", "subscriptions/listen"):
        assert code_of(post(client, {"jsonrpc": "2.0", "id": 1, "method": method})) == -32601


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_other_types_of_content_are_refused(client: Client, db: None, content_type: str) -> None:
    for headers in ({}, MODERN):
        refused = post(client, SEARCH, content_type=content_type, **headers)
        assert refused.status_code in (400, 415)
    assert post(client, SEARCH, Accept="text/html").status_code == 406


def test_other_methods_are_refused(client: Client, db: None) -> None:
    """A stream that the server would write to is one of them."""
    for method in ("get", "put", "delete", "options", "patch", "head"):
        response = getattr(client, method)("/mcp", headers=HEADERS)
        assert response.status_code == 405
        assert response.headers["Allow"] == "POST"


def test_a_huge_body_is_refused_unread(client: Client, db: None) -> None:
    huge = message("search", {"query": "x" * 2 * 1024**2})
    assert post(client, huge).status_code == 413
    large = message("search", {"query": "x" * 900_000})
    answer = post(client, large)
    assert answer.status_code == 200
    assert len(answer.content) < 1000


def test_other_hosts_and_origins_are_refused(client: Client, db: None, settings: Any) -> None:
    assert post(client, SEARCH, Host="evil.example").status_code == 400
    for origin in ("https://evil.example", "null", "http://testserver.evil.example", "x", ""):
        assert post(client, SEARCH, Origin=origin).status_code == 403
    assert post(client, SEARCH, Origin="http://testserver").status_code == 200
    settings.CSRF_TRUSTED_ORIGINS = ["https://*.example.org", "https://ide.example.com"]
    for origin in ("https://a.example.org", "https://ide.example.com"):
        assert post(client, SEARCH, Origin=origin).status_code == 200
    for origin in ("http://a.example.org", "https://ide.example.com.evil.example"):
        assert post(client, SEARCH, Origin=origin).status_code == 403


def test_calls_count_for_the_limits_of_searches(
    client: Client, alice: User, shop: Repository, settings: Any
) -> None:
    settings.CODEINDEX_SEARCH_RATE = "3/hour"
    settings.CODEINDEX_ENCODE_RATE = "1/hour"
    headers = bearer(alice)
    answers = [post(client, SEARCH, **headers) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert [json.loads(answer.content)["result"]["isError"] for answer in answers] == [
        *[False] * 3,
        *[True] * 2,
    ]
    assert "Too many searches: the limit is 3 per hour. Try again in" in text_of(answers[-1])
    similar = message("similar", {"code": "def f(): ..."})
    assert "limit is" not in text_of(post(client, similar, **headers))
    assert "requests to encode code" in text_of(post(client, similar, **headers))
    over_rest = client.get("/api/v1/search", {"q": "load"}, headers=headers)
    assert over_rest.status_code == 429


@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
def test_an_error_of_ours_is_logged_and_tells_nothing(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch, version: str, alice: User
) -> None:
    shelf.repository(alice, visibility=Visibility.PUBLIC)
    monkeypatch.setattr(outlines, "FOLDER", "SELECT nothing_of_that_name")
    client.raise_request_exception = False
    response = post(client, modern(message("outline", {"repo": "shop"})), **headers_of(version))
    assert response.status_code == 500
    assert b"nothing_of_that_name" not in response.content
    assert json.loads(response.content)["status"] == 500


def modern(body: dict[str, Any]) -> dict[str, Any]:
    """With what the protocol of 2026-07-28 has in each message."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    }
    return {**body, "params": {**body["params"], "_meta": meta}}


def headers_of(version: str) -> dict[str, str]:
    if version == "2025-11-25":
        return {}
    return {**MODERN, "Mcp-Method": "tools/call", "Mcp-Name": "outline"}


def test_text_that_is_not_utf_8_is_an_error_of_the_tool(client: Client, db: None) -> None:
    body = json.dumps(modern(message("outline", {"repo": "a\ud800b"}))).encode()
    answer = post(client, body, **headers_of("2026-07-28"))
    assert "repo: The text contains bytes that are not UTF-8." in text_of(answer)


@contextmanager
def beside() -> Iterator[psycopg.Connection]:
    """Another connection to the same database."""
    named = connection.settings_dict
    with psycopg.connect(host=named["HOST"], dbname=named["NAME"], user=named["USER"]) as other:
        yield other


def request_bytes(body: dict[str, Any]) -> bytes:
    content = json.dumps(body).encode()
    head = "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    return (
        f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{head}"
        f"Content-Length: {len(content)}\r\n\r\n"
    ).encode() + content


def comes(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return met


def test_an_abandoned_call_is_cancelled_and_leaves_no_thread(
    address: tuple[str, int], alice: User
) -> None:
    public = shelf.repository(alice, visibility=Visibility.PUBLIC)
    shelf.put(public, "a.py", Written("def load(): ...", "load"))

    def answers() -> bool:
        with socket.create_connection(address, timeout=10) as reader:
            reader.sendall(request_bytes(SEARCH))
            return b"alice/shop:a.py" in reader.recv(100_000)

    assert comes(answers)
    threads = threading.active_count()
    with beside() as other:
        other.execute("LOCK TABLE codeindex_definition IN ACCESS EXCLUSIVE MODE")

        def waiting() -> int:
            other.execute("SELECT pg_stat_clear_snapshot()")
            (count,) = other.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchone()
            return count

        for _ in range(3):
            with socket.create_connection(address) as reader:
                reader.sendall(request_bytes(SEARCH))
                assert comes(lambda: waiting() == 1)
            assert comes(lambda: waiting() == 0)
        other.rollback()
    assert comes(answers)
    assert comes(lambda: threading.active_count() <= threads)


def test_the_page_has_the_address_of_this_installation(client: Client, alice: User) -> None:
    page = client.get("/agents/", headers={"Host": "localhost:8123"})
    assert page.status_code == 200
    text = page.content.decode()
    assert "claude mcp add --transport http codeindex http://localhost:8123/mcp" in text
    for client_name in ("Claude Code", "Codex", "Cursor", "VS Code", "AGENTS.md", "SKILL.md"):
        assert client_name in text
    assert "http://localhost:8123/mcp" in text
    client.force_login(alice)
    assert "create a token" in client.get("/agents/").content.decode()


def test_the_audit_notes_what_agents_do(client: Client, alice: User, shop: Repository) -> None:
    headers = bearer(alice)
    for tool, arguments in {
        "search": {"query": "load"},
        "grep": {"pattern": "load"},
        "read": {"id": "shop:src/load.py#L2-L3"},
    }.items():
        text_of(post(client, message(tool, arguments), **headers))
    noted = AuditRecord.objects.filter(door="agent", user="alice", token__startswith="cix_")
    assert list(noted.order_by("at").values_list("action", "text", "subject", "details")) == [
        ("searched", "load", "", "1 result"),
        ("lines_searched", "load", "", "1 file"),
        ("file_read", "", "alice/shop:src/load.py", "L2-L3"),
    ]


def test_requests_leave_no_thread_behind(client: Client, alice: User, shop: Repository) -> None:
    headers = bearer(alice)
    text_of(post(client, SEARCH, **headers))
    before = threading.active_count()
    for _ in range(20):
        text_of(post(client, SEARCH, **headers))
        post(client, b"{", **headers)
    assert threading.active_count() <= before
