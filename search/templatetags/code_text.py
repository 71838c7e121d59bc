"""Text that people write about code."""

from __future__ import annotations

import re
from html import escape

from django import template
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

_QUOTED = re.compile(r"(?<!`)(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)")


@register.filter
def backticks(text: str) -> SafeString:
    """Escaped, with what stands between backticks as code."""
    parts, end = [], 0
    for match in _QUOTED.finditer(text):
        parts += [escape(text[end : match.start()]), f"<code>{escape(match[2])}</code>"]
        end = match.end()
    return mark_safe("".join([*parts, escape(text[end:])]))  # noqa: S308  it is escaped
