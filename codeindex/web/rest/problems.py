"""Errors of the API as RFC 9457 has them: `application/problem+json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import django.core.exceptions
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import Http404, HttpResponse, JsonResponse
from rest_framework.exceptions import (
    APIException,
    NotFound,
    PermissionDenied,
    ValidationError,
)
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler

MEDIA_TYPE = "application/problem+json"

NOT_FOUND = "Not found, or you don't have permission to see it."

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Conflict(APIException):
    """Becomes a 409."""

    status_code = 409


class Gone(APIException):
    """Becomes a 410."""

    status_code = 410


class Unavailable(APIException):
    """Becomes a 503."""

    status_code = 503


def problem(
    status: int,
    detail: str,
    more: Mapping[str, Any] = _NOTHING,
    headers: Mapping[str, str] = _NOTHING,
) -> HttpResponse:
    """The response for an error. `more` are further members of its body."""
    return _response({**more, **_members(status, detail)}, headers)


def invalid(fields: Mapping[str, Any], headers: Mapping[str, str] = _NOTHING) -> HttpResponse:
    """400 for values of parameters or fields, with the reasons for each."""
    return _response(_invalid(fields), headers)


def by_field(error: django.core.exceptions.ValidationError) -> dict[str, list[str]]:
    """What a function of ours refused, as the REST framework has it."""
    reasons = error.message_dict
    general = reasons.pop(NON_FIELD_ERRORS, [])
    return reasons | ({api_settings.NON_FIELD_ERRORS_KEY: general} if general else {})


def handle(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """The response for an exception of a view, called by the REST framework; None for one that it
    does not know, which becomes a 500."""
    if isinstance(error, Http404):
        error = NotFound(NOT_FOUND)
    elif isinstance(error, django.core.exceptions.PermissionDenied):
        error = PermissionDenied(*error.args)
    elif isinstance(error, django.core.exceptions.ValidationError):
        error = ValidationError(by_field(error))
    response = exception_handler(error, dict(context))
    if response is None:
        return None
    headers = {name: value for name, value in response.items() if name != "Content-Type"}
    assert isinstance(error, APIException)
    return _response(body(error), headers)


def body(error: APIException) -> dict[str, Any]:
    """What the response for an error says."""
    if not isinstance(error, ValidationError):
        return _members(error.status_code, str(error.detail))
    detail = error.detail
    return _invalid(
        detail if isinstance(detail, dict) else {api_settings.NON_FIELD_ERRORS_KEY: detail}
    )


def _response(body: dict[str, Any], headers: Mapping[str, str]) -> HttpResponse:
    return JsonResponse(body, status=body["status"], headers=headers, content_type=MEDIA_TYPE)


def _members(status: int, detail: str) -> dict[str, Any]:
    return {
        "type": "about:blank",  # the status alone says what kind of problem it is
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }


def _invalid(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The reasons are in `errors`, and at the top, where clients of earlier versions read them."""
    errors = dict(_flattened(fields))
    detail = " ".join(_sentence(name, reason) for name, own in errors.items() for reason in own)
    members = _members(400, detail)
    return {**members, **fields, **members, "errors": errors}


def _flattened(reasons: Any, name: str = "") -> Iterator[tuple[str, list[str]]]:
    """The reasons for each field; one within another is called `outer.inner`, and an item of a list
    by its number from 0."""
    if isinstance(reasons, list) and not any(isinstance(each, dict | list) for each in reasons):
        yield name, [str(reason) for reason in reasons]
        return
    inner = reasons.items() if isinstance(reasons, Mapping) else enumerate(reasons)
    for key, own in inner:
        if own:
            path = f"{name}.{key}" if name else str(key)
            yield from _flattened([own] if isinstance(own, str) else own, path)


def _sentence(name: str, reason: str) -> str:
    return reason if name == api_settings.NON_FIELD_ERRORS_KEY else f"{name}: {reason}"
