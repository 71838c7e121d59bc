"""Searching as a door does: from parameters to an answer."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User

from search import engine
from search.request import parse_search
from search.results import Answer


def find(user: User | AnonymousUser, text: str, **parameters: object) -> Answer:
    values = {name: [str(value)] for name, value in {"q": text, **parameters}.items()}
    return engine.find(parse_search(user, values))
