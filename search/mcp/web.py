"""The HTTP endpoint for agents, and the page that says how to connect them."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import is_same_domain
from django.views.decorators.http import require_safe
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.views import APIView

from codeindex.accounts.authentication import ScopePermission
from codeindex.accounts.limits import throttles
from codeindex.accounts.oauth import clients
from codeindex.models import Scope
from codeindex.web.abandonment import abandoned_with_client
from codeindex.web.oauth.authentication import AgentAuthentication
from search.mcp.loop import Exchange, Loop

if TYPE_CHECKING:
    from search.mcp.tools import Reply, Tool

SECONDS = 30.0
"""How long the SDK may take between two calls of tools. It takes milliseconds."""

CALL = "codeindex.call"
"""The key of a request's ASGI scope with the function that calls tools."""

Handler = Callable[[dict[str, Any], Any, Any], Coroutine[Any, Any, None]]
"""An ASGI application."""


class McpView(APIView):
    """Each message is a POST of its own, which changes nothing. A token signs in; a browser's
    session does not, since pages of other sites could use it."""

    authentication_classes = [AgentAuthentication]
    permission_classes = [ScopePermission]
    scope = Scope.SEARCH
    http_method_names = ["post"]
    schema = None

    def post(self, request: Request) -> HttpResponse:
        _check_origin(request)
        with abandoned_with_client(request._request):
            return _respond(request)


@require_safe
def agents(request: HttpRequest) -> HttpResponse:
    """How to connect agents, with this installation's address."""
    context = {
        "nav": "agents",
        "address": request.build_absolute_uri(reverse("mcp")),
        "has_oauth": clients.is_on(),
    }
    return render(request, "search/agents.html", context)


def _respond(request: Request) -> HttpResponse:
    """The SDK's response. The tools are called in this thread."""
    exchange = Exchange()
    sent: list[dict[str, Any]] = []

    async def call(tool: Tool, given: Mapping[str, Any]) -> Reply:
        return await exchange.hand_over(lambda: _reply(request, tool, given))

    body = [{"type": "http.request", "body": request.body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not body:
            await asyncio.Event().wait()
        return body.pop()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    loop, handle = _loop.running()
    exchange.serve(handle({**_scope(request), CALL: call}, receive, send), loop, SECONDS)
    start, *parts = sent
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    content = b"".join(part.get("body", b"") for part in parts)
    return HttpResponse(content, status=start["status"], headers=headers)


def _reply(request: Request, tool: Tool, given: Mapping[str, Any]) -> Reply:
    @throttles.limited(tool.throttle(given))
    def answer(request: Request) -> str:
        return tool.answer(request.user, given)

    return tool.reply(lambda: answer(request))


def _scope(request: Request) -> dict[str, Any]:
    """The request as an ASGI scope."""
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in request.headers.items()
    ]
    return {
        "type": "http",
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "query_string": b"",
        "headers": headers,
    }


def _check_origin(request: Request) -> None:
    """Refuses pages of other origins, which DNS rebinding could bring here. Programs send no
    origin. Raises `PermissionDenied`."""
    origin = request.headers.get("Origin")
    if origin in (None, f"{request.scheme}://{request.get_host()}"):
        return
    given = urlsplit(origin)
    for trusted in map(urlsplit, settings.CSRF_TRUSTED_ORIGINS):
        if given.scheme == trusted.scheme and is_same_domain(
            given.netloc, trusted.netloc.removeprefix("*")
        ):
            return
    raise PermissionDenied("Requests from pages of other origins are refused.")


@asynccontextmanager
async def _sessions() -> AsyncIterator[Handler]:
    """The SDK is imported here, so that only processes that agents use pay for it."""
    sessions = importlib.import_module("search.mcp.server").make_sessions(
        lambda context: context.request.scope[CALL]
    )
    async with sessions.run():
        yield sessions.handle_request


_loop = Loop(_sessions)
