"""Output without terminal control sequences: names, sources and error messages that are printed or
logged may come from anyone."""

from __future__ import annotations

import re

_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters except tabs and line breaks
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]"  # line separators and bidirectional controls
)


def harmless(text: str) -> str:
    r"""The text with its control characters escaped, such as `\x1b`."""
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], text)
