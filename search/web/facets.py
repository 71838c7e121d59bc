"""The facets of a search, as links that narrow it or take a filter back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import QueryDict

from search import facets
from search.query.filters import REPOSITORY, Field
from search.results import Answer
from search.web.form import with_filter, without_filter

TITLES = {
    Field.REPOSITORY: "Repository",
    Field.LANGUAGE: "Language",
    Field.KIND: "Kind",
    Field.PATH: "Folder",
    Field.LABEL: "Label",
}

_FOLDER = re.compile(r"/(?P<folder>.+)/\*\*")


@dataclass(frozen=True, slots=True)
class Link:
    """A value with the query string of the search with its filter or, if it `is_chosen`, without
    it."""

    label: str
    count: int
    query: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FacetLinks:
    title: str
    links: Sequence[Link]


def facet_links(answer: Answer, asked: QueryDict) -> list[FacetLinks]:
    """Those of an answer to what was `asked`. Paths are narrowed to a folder, then to one in it."""
    folder = next((match["folder"] for match in map(_FOLDER.fullmatch, _paths(asked)) if match), "")
    return [
        FacetLinks(
            TITLES[facet.field], [_link(facet.field, value, asked) for value in facet.values]
        )
        for facet in facets.facets_of(answer, folder)
    ]


def _paths(asked: QueryDict) -> list[str]:
    """The path filters, the longest first."""
    return sorted(asked.getlist(Field.PATH), key=len, reverse=True)


def _link(field: Field, value: facets.Value, asked: QueryDict) -> Link:
    # `repo=-NAME` would exclude, and names may begin with a minus
    parameter = REPOSITORY if field == Field.REPOSITORY else str(field)
    is_chosen = value.value in asked.getlist(parameter)
    changed = without_filter if is_chosen else with_filter
    return Link(
        _label(field, value.value), value.count, changed(asked, parameter, value.value), is_chosen
    )


def _label(field: Field, value: str) -> str:
    return value.removeprefix("/").removesuffix("**") if field == Field.PATH else value
