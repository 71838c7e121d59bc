"""Log lines without terminal control sequences."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from codeindex.client.terminal import harmless


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table whose columns are as wide as their longest cells."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


class Formatter(logging.Formatter):
    """Ends a message with the ids of the request or task that it belongs to. Only processes that
    serve or work know such ids: others do not import what keeps them, which takes a tenth of a
    second. Further lines of a message are indented, so that none can pose as another message."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's name
        logs = sys.modules.get("codeindex.observability.logs")
        if logs and isinstance(record.msg, dict):
            record.message = logs.as_text(record.msg)
        ids = logs.context() if logs else {}
        told = f" [{' '.join(f'{name}={value}' for name, value in ids.items())}]" if ids else ""
        return super().formatMessage(record) + told

    def format(self, record: logging.LogRecord) -> str:
        return harmless(super().format(record)).replace("\n", "\n  ")
