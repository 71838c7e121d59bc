"""Answers to a command from the engine in its own process, as the API writes them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from search import engine
from search.lines import finding
from search.lines.request import parse_lines
from search.request import Parameters, parse_search
from search.web.rest.line_serializers import LineAnswerSerializer
from search.web.rest.serializers import AnswerSerializer


def results(user: User, parameters: Parameters) -> Any:
    """Of a search. Raises as `parse_search` and the engine do."""
    return AnswerSerializer(engine.find(parse_search(user, parameters))).data


def lines(user: User, parameters: Parameters) -> Any:
    """Of a search for lines. Raises as `parse_lines` and `finding` do."""
    return LineAnswerSerializer(finding.find(parse_lines(user, parameters))).data
