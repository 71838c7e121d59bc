"""Log lines without terminal control sequences."""

from __future__ import annotations

import logging

from codeindex.client.terminal import harmless


class Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return harmless(super().format(record))
