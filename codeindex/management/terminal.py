"""What is printed and logged: nothing in it steers the terminal that shows it, whoever wrote the
names, sources and errors in it."""

from __future__ import annotations

import logging
import re

_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tabs and line breaks
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]"  # what breaks lines or turns them round
)


def harmless(text: str) -> str:
    r"""The text with each character that steers a terminal spelt out: an escape as `\x1b`."""
    return _STEERING.sub(lambda found: ascii(found[0])[1:-1], text)


class Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return harmless(super().format(record))
