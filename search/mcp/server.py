"""The protocol, by the official SDK: a stateless server that lists the tools and calls them.
Importing it takes up to a second, which the HTTP endpoint does when the first agent connects."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp_types import Tool as Definition

from search.mcp import arguments
from search.mcp.tools import INSTRUCTIONS, TOOLS, Reply, Tool

Call = Callable[[Tool, Mapping[str, Any]], Awaitable[Reply]]
"""Calls a tool with arguments that are not validated yet."""

Context = ServerRequestContext[Any, Any]

READ_ONLY = ToolAnnotations(read_only_hint=True)


def definitions() -> list[Definition]:
    """The tools as agents read them."""
    return [
        Definition(
            name=tool.name,
            description=tool.description,
            input_schema=arguments.schema(tool.arguments),
            annotations=READ_ONLY,
        )
        for tool in TOOLS.values()
    ]


def make_server(call_for: Callable[[Context], Call]) -> Server[Any]:
    """`call_for` says who calls the tools in the context of a request."""
    listed = ListToolsResult(tools=definitions())

    async def list_tools(
        context: Context, params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        return listed

    async def call_tool(context: Context, params: CallToolRequestParams) -> CallToolResult:
        tool = TOOLS.get(params.name)
        if tool is None:
            reason = f"There is no such tool. Use {', '.join(TOOLS)}."
            raise MCPError(INVALID_PARAMS, reason)
        reply = await call_for(context)(tool, params.arguments or {})
        return CallToolResult(content=[TextContent(text=reply.text)], is_error=reply.is_error)

    return Server(
        "codeindex",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def make_sessions(call_for: Callable[[Context], Call]) -> StreamableHTTPSessionManager:
    """Serves over HTTP. Each request is complete in itself, and its response is JSON."""
    return StreamableHTTPSessionManager(make_server(call_for), json_response=True, stateless=True)


async def serve_stdio(call: Call) -> None:
    """Serves on the standard input and output until the input ends."""
    server = make_server(lambda _: call)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())
