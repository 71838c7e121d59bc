"""The tools `search` and `similar`: definitions, as text for agents."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from textwrap import dedent

from django.contrib.auth.models import AnonymousUser, User
from django.template.defaultfilters import pluralize

from embeddings.types import Kind
from search import engine, similar
from search.mcp import arguments, locations
from search.mcp.sources import Source, described_once
from search.mcp.tokens import Entry, Listing, continued, fit
from search.query.filters import BadQuery, quoted
from search.request import (
    Parameters,
    parse_search,
    parse_similar,
    parse_similar_to_code,
)
from search.results import Answer, Result, cut

SIGNATURE_LINES = 5
"""A signature is shown up to so many lines."""

OPENING, CLOSING = "([{", ")]}"


def search(user: User | AnonymousUser, asked: arguments.Search) -> str:
    """Raises `BadQuery`, `UnknownRepository` and `SearchTimeout`."""
    filters: Parameters = {
        "repo": asked.repo,
        "path": asked.path,
        "lang": asked.lang,
        "kind": asked.kind,
    }
    single = {"q": [asked.query], "limit": [str(asked.limit)], "cursor": [asked.cursor]}
    answer = engine.find(parse_search(user, {**single, **filters}))
    number = len(answer.results)

    def rest(shown: int) -> str:
        left = f"{number - shown} of these results do not fit. " if shown < number else ""
        cursor = answer.cursors[shown - 1] if left else answer.next
        return f"{left}{continued(cursor)}"

    what = f"{number or 'No'} result{pluralize(number)} for {quoted(asked.query)}, best first"
    head = f"{what}, from number {answer.before + 1} on." if answer.before else f"{what}."
    return fit(
        Listing(
            _with_notices(head, [*_corrections(answer), *answer.notices]),
            _entries(answer.results, DETAILS[asked.detail], answer.before + 1),
            rest,
        ),
        asked.max_tokens,
    )


def similar_to(user: User | AnonymousUser, asked: arguments.Similar) -> str:
    """Raises `BadQuery`, `UnknownRepository` and `SearchTimeout`."""
    if bool(asked.id) == bool(asked.code):
        raise BadQuery("Give either id, a location of an earlier answer, or code.")
    parameters: Parameters = {"by": [asked.by], "limit": [str(asked.limit)], "repo": asked.repo}
    if asked.code:
        pasted = {"code": [asked.code], "lang": [asked.lang]}
        request = parse_similar_to_code(user, {**parameters, **pasted})
    else:
        _, definition = locations.definition_at(user, asked.id)
        request = parse_similar(user, definition, parameters)
    answer = similar.find(request)
    what = "the code" if asked.code else quoted(asked.id)
    number = len(answer.results)
    found = f"{number} definition{pluralize(number)} similar to {what}, by the cosine of vectors."
    head = found if number else f"No definition is similar to {what}."
    return fit(
        Listing(
            _with_notices(head, answer.notices),
            _entries(answer.results, _signature, 1),
            lambda shown: _left_out(number - shown),
        ),
        asked.max_tokens,
    )


def _entries(
    results: Sequence[Result],
    detail: Callable[[Result], Iterator[str]],
    first: int,
) -> list[Entry]:
    """One for each result; the first of each branch says of which commit it is."""
    described = described_once([result.definition.place.origin for result in results])
    entries = list[Entry]()
    pairs = zip(results, described, strict=True)
    for number, (result, (source, commit)) in enumerate(pairs, first):
        place = result.definition.place
        lines = list(detail(result))
        of_commit = [f"   ({commit})"] if commit else []
        entries.append(
            Entry(
                f"{number}. {source.location(place.path, place.start_line, place.end_line)}"
                f"  {_description(result)}",
                [*of_commit, *lines],
                _reading_on(source, result, len(of_commit)),
            )
        )
    return entries


def _reading_on(source: Source, result: Result, before: int) -> Callable[[int], str]:
    place = result.definition.place

    def rest(shown: int) -> str:
        location = source.location(
            place.path, place.start_line + max(0, shown - before), place.end_line
        )
        return f"   … the rest: read {location}"

    return rest


def _description(result: Result) -> str:
    place = result.definition.place
    score = "" if result.parts else f"{result.score:.2f}"
    also = len(result.definition.other_places)
    details = [
        f"{place.kind} {place.qualified_name}",
        score or result.closeness,
        result.lowered,
        f"{also} other place{pluralize(also)}" if also else "",
    ]
    return ", ".join(detail for detail in details if detail)


def _location(result: Result) -> Iterator[str]:
    return iter(())


def _signature(result: Result) -> Iterator[str]:
    """The lines of the signature, and the beginning of the docstring. A module with a docstring has
    no other signature."""
    summary = result.definition.summary
    if not (summary and result.definition.place.kind == Kind.MODULE):
        signature = dedent("\n".join(_signature_lines(result)))
        yield from (f"   {line}" for line in signature.split("\n"))
    if summary:
        yield f"   — {summary}"


def _signature_lines(result: Result) -> Iterator[str]:
    """From the line with the name, or else the first one, until all brackets are closed."""
    lines = result.definition.lines
    name = result.definition.place.name.rpartition(".")[2]
    first = next((number for number, line in enumerate(lines) if name and name in line), 0)
    open_brackets = 0
    for line in lines[first : first + SIGNATURE_LINES]:
        yield cut(line).rstrip()
        open_brackets += sum(line.count(each) for each in OPENING)
        open_brackets -= sum(line.count(each) for each in CLOSING)
        if open_brackets <= 0 or line.rstrip().endswith(("{", ":")):
            break


def _body(result: Result) -> Iterator[str]:
    for line in result.definition.lines:
        yield cut(line).rstrip()


DETAILS = {"location": _location, "signature": _signature, "body": _body}


def _corrections(answer: Answer) -> list[str]:
    return [f"Did you mean {quoted(answer.correction)}?"] if answer.correction else []


def _with_notices(head: str, notices: Sequence[str]) -> str:
    return "\n".join([head, *(f"Note: {notice}" for notice in notices)])


def _left_out(count: int) -> str:
    return f"{count} more do not fit: use a larger max_tokens, or name repo." if count else ""
