"""Serving an agent on this machine, on the standard input and output."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from django.contrib.auth.models import User
from django.db import close_old_connections

from codeindex import audit
from codeindex.audit import Door, Origin
from search.mcp.loop import Exchange, Loop
from search.mcp.server import serve_stdio
from search.mcp.tools import Reply, Tool

FAILED = "Something went wrong. The error has been logged where codeindex runs."

logger = logging.getLogger(__name__)


def serve(user: User) -> None:
    """Answers what `user` may see until the input ends. Tools are called in this thread, one after
    the other."""
    exchange = Exchange()

    async def call(tool: Tool, given: Mapping[str, Any]) -> Reply:
        return await exchange.hand_over(lambda: _safe_reply(tool, user, given))

    loop, _ = Loop[None](nullcontext).running()
    with audit.from_origin(Origin(Door.AGENT, user=user)):
        exchange.serve(serve_stdio(call), loop)


def _safe_reply(tool: Tool, user: User, given: Mapping[str, Any]) -> Reply:
    """One error does not end the connection; neither does a database that has been restarted."""
    close_old_connections()
    try:
        return tool.reply(lambda: tool.answer(user, given))
    except Exception:
        logger.exception("The tool %s failed.", tool.name)
        return Reply(FAILED, is_error=True)
