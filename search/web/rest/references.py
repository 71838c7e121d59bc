"""References, callers and callees over REST."""

from __future__ import annotations

from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from codeindex.accounts.limits import throttles
from codeindex.web.rest.schema import answers
from search.references import callees, callers, finding
from search.references.requests import parse_callees, parse_callers, parse_references, parse_target
from search.web.rest.base import SearchingView, parameters_of
from search.web.rest.references_serializers import (
    CalleesParameters,
    CalleesSerializer,
    CallersParameters,
    CallersSerializer,
    ReferencesParameters,
    ReferencesSerializer,
)


class ReferencesView(SearchingView):
    @extend_schema(
        operation_id="references",
        summary="List where a definition is used, by its name; its id ends its `url`",
        description=(
            "The likeliest uses come first. If several definitions have the name, a notice says so."
        ),
        parameters=[ReferencesParameters],
        responses=answers(ReferencesSerializer, 404, 429),
    )
    @method_decorator(throttles.limited(throttles.SEARCH))
    def get(self, request: Request, definition_id: int) -> Response:
        parameters = parameters_of(request)
        target = parse_target(request.user, definition_id, parameters)
        found = finding.find(parse_references(request.user, target, parameters))
        return self.json(ReferencesSerializer, found)


class CallersView(SearchingView):
    @extend_schema(
        operation_id="callers",
        summary="List the definitions that use one, by its name",
        description=(
            "Each caller has the lines on which it uses the name. It has no definition if the "
            "code is outside of all definitions."
        ),
        parameters=[CallersParameters],
        responses=answers(CallersSerializer, 404, 429),
    )
    @method_decorator(throttles.limited(throttles.SEARCH))
    def get(self, request: Request, definition_id: int) -> Response:
        parameters = parameters_of(request)
        target = parse_target(request.user, definition_id, parameters)
        found = callers.find(parse_callers(request.user, target, parameters))
        return self.json(CallersSerializer, found)


class CalleesView(SearchingView):
    @extend_schema(
        operation_id="callees",
        summary="List the definitions that one calls, by their names",
        description="Each name that is called has its likeliest definition.",
        parameters=[CalleesParameters],
        responses=answers(CalleesSerializer, 404, 429),
    )
    @method_decorator(throttles.limited(throttles.SEARCH))
    def get(self, request: Request, definition_id: int) -> Response:
        parameters = parameters_of(request)
        target = parse_target(request.user, definition_id, parameters)
        found = callees.find(parse_callees(request.user, target, parameters))
        return self.json(CalleesSerializer, found)
