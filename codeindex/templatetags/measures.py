"""Times, as people read them."""

from __future__ import annotations

from django import template

from codeindex.web import overview

register = template.Library()


@register.filter
def duration(seconds: float) -> str:
    """Seconds as `45 s`, `3 min`, `2 h 5 min` or `3 d 4 h`. Negative ones, which clocks that differ
    make, count as none."""
    days, rest = divmod(max(0, round(seconds)), 86_400)
    return f"{days} d {rest // 3600} h" if days else overview.readable_duration(rest)


@register.filter
def milliseconds(seconds: float | None) -> str:
    """Seconds as `0.4 ms`, `12 ms` or `1,204 ms`; a dash for what is unknown."""
    if seconds is None:
        return "–"
    return f"{1000 * seconds:,.1f} ms" if seconds < 0.01 else f"{1000 * seconds:,.0f} ms"
