"""References, callers and callees as JSON, over REST and on the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from codeindex import cursors
from search.references.callees import MOST_NAMES, Callee, Callees
from search.references.callers import MOST_LINES, Caller, Callers
from search.references.excerpts import Excerpt
from search.references.finding import References, Used
from search.references.likelihood import Likelihood
from search.references.requests import DEFAULT_REFERENCES, MAX_REFERENCES
from search.web.rest.serializers import OriginSerializer, PlaceSerializer, absolute


class TargetParameters(serializers.Serializer[Any]):
    """For the API's documentation alone, as those of a search are."""

    file = serializers.CharField(
        allow_blank=True,
        default="",
        help_text="The id of the file in which the definition is meant, if several have the same "
        "content: what is near it comes first.",
    )


class _PageParameters(TargetParameters):
    cursor = serializers.CharField(
        allow_blank=True, default="", help_text="`next` of the page before."
    )


class ReferencesParameters(_PageParameters):
    limit = serializers.IntegerField(
        min_value=1, max_value=MAX_REFERENCES, default=DEFAULT_REFERENCES
    )


class CallersParameters(_PageParameters):
    limit = serializers.IntegerField(min_value=1, max_value=MOST_LINES, default=MOST_LINES)


class CalleesParameters(_PageParameters):
    limit = serializers.IntegerField(
        min_value=1, max_value=MOST_NAMES, default=MOST_NAMES, help_text="Of the names called."
    )


class _Listed(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="The name that was looked for.")
    definitions = serializers.IntegerField(
        help_text="How many definitions have this name, up to 1,001; uses may be those of another."
    )
    count = serializers.IntegerField(help_text="How many there are on all pages.")
    more = serializers.BooleanField(help_text="Whether there may be more than are counted.")
    notices = serializers.ListField(
        child=serializers.CharField(), help_text="What may be wrong or missing, and why."
    )


class _Line(OriginSerializer):
    path = serializers.CharField(help_text="Relative to the repository's root.")
    likelihood = serializers.ChoiceField(
        choices=[each.value for each in Likelihood],
        help_text="How likely the definition is meant: the use is in the `same_file`; in one that "
        "imports it, names its class or module, or is beside it (`near`); elsewhere in the "
        "`same_repository`; in an `other_repository` that names its class or module; or it is "
        "`unlikely`, since another definition of the name is probably meant.",
    )


class ReferenceSerializer(_Line):
    line = serializers.IntegerField(help_text="From 1.")
    kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=["call", "import", "mention", "type"]),
        help_text="How the line uses the name.",
    )
    source = serializers.CharField(  # type: ignore[assignment]  # hides Field.source
        help_text="The line, cut after 300 characters."
    )
    around = PlaceSerializer(
        allow_null=True, help_text="The innermost definition around it; null outside of all."
    )
    url = serializers.CharField(help_text="The line on its file's page, until the file changes.")

    def to_representation(self, excerpt: Excerpt) -> dict[str, Any]:
        reference = excerpt.reference
        return {
            **self.written(reference.file.origin, reference.file.path, reference.line),
            "path": reference.file.path,
            "likelihood": reference.likelihood.value,
            "line": reference.line,
            "kinds": sorted(kind.name.lower() for kind in reference.kinds),
            "source": excerpt.text,
            "around": _place(excerpt.around, self.context),
            "url": absolute(excerpt.url, self.context),
        }


class ReferencesSerializer(_Listed):
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="How many there are of each likelihood."
    )
    references = ReferenceSerializer(many=True, help_text="The likeliest first.")
    next = serializers.CharField(help_text="The cursor of the next page; empty after the last.")

    def to_representation(self, found: References) -> dict[str, Any]:
        write = ReferenceSerializer(context=self.context).to_representation
        return {
            **_listed(found.used, len(found.used.references), is_cut=found.used.is_cut),
            "counts": {each.value: count for each, count in found.used.counts.items()},
            "references": [write(excerpt) for excerpt in found.excerpts],
            "next": cursors.written(found.next) if found.next else "",
        }


class CallerSerializer(_Line):
    definition = PlaceSerializer(
        allow_null=True, help_text="What calls; null for code outside of all definitions."
    )
    lines = serializers.ListField(child=serializers.IntegerField(), help_text="Of the uses.")

    def to_representation(self, caller: Caller) -> dict[str, Any]:
        file = caller.reference.file
        return {
            **self.written(file.origin, file.path, caller.lines[0], caller.lines[0]),
            "path": file.path,
            "likelihood": caller.likelihood.value,
            "definition": _place(caller.place, self.context),
            "lines": list(caller.lines),
        }


class CallersSerializer(_Listed):
    count = serializers.IntegerField(help_text="How many there are on this page.")
    callers = CallerSerializer(many=True, help_text="The likeliest first.")
    next = serializers.CharField(help_text="The cursor of the next page; empty after the last.")

    def to_representation(self, found: Callers) -> dict[str, Any]:
        write = CallerSerializer(context=self.context).to_representation
        return {
            **_listed(found.used, len(found.callers), is_cut=found.is_cut),
            "callers": [write(caller) for caller in found.callers],
            "next": cursors.written(found.next) if found.next else "",
        }


class CalleeSerializer(_Line):
    definition = PlaceSerializer(help_text="The likeliest definition of the name that is called.")
    lines = serializers.ListField(child=serializers.IntegerField(), help_text="Of the calls.")
    definitions = serializers.IntegerField(
        help_text="How many definitions of the name were compared; with 1 it is the only one."
    )

    def to_representation(self, callee: Callee) -> dict[str, Any]:
        place = callee.place
        return {
            **self.written(place.origin, place.path, place.start_line, place.end_line),
            "path": place.path,
            "likelihood": callee.likelihood.value,
            "definition": _place(callee.place, self.context),
            "lines": list(callee.lines),
            "definitions": callee.definitions,
        }


class CalleesSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="The definition's name.")
    count = serializers.IntegerField(help_text="How many there are on this page.")
    more = serializers.BooleanField(help_text="Whether it calls more names than were looked up.")
    callees = CalleeSerializer(many=True, help_text="In the order of the first calls.")
    next = serializers.CharField(help_text="The cursor of the next page; empty after the last.")

    def to_representation(self, found: Callees) -> dict[str, Any]:
        write = CalleeSerializer(context=self.context).to_representation
        return {
            "name": found.target.name,
            "count": len(found.callees),
            "more": found.next is not None,
            "callees": [write(callee) for callee in found.callees],
            "next": cursors.written(found.next) if found.next else "",
        }


def _listed(used: Used, count: int, *, is_cut: bool) -> dict[str, Any]:
    return {
        "name": used.target.name,
        "definitions": used.definitions,
        "count": count,
        "more": is_cut,
        "notices": list(used.notices),
    }


def _place(place: Any, context: Mapping[str, Any]) -> dict[str, Any] | None:
    return PlaceSerializer(context=dict(context)).to_representation(place) if place else None
