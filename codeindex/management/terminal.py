"""Log lines without terminal control sequences."""

from __future__ import annotations

import logging
import sys

from codeindex.client.terminal import harmless


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
