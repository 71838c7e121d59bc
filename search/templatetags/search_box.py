"""The search box of every page."""

from __future__ import annotations

from typing import Any

from django import template

from search.query.parsing import MAX_CHARACTERS

register = template.Library()


@register.inclusion_tag("search/box.html")
def search_box() -> dict[str, Any]:
    """A box that searches all code. Pages that have a search form of their own leave it out."""
    return {"max_characters": MAX_CHARACTERS, "rows": 1, "placeholder": "Search code"}
