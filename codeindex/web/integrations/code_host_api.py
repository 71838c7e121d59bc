"""Code hosts and imports over REST."""

from __future__ import annotations

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from codeindex import tasks
from codeindex.accounts.authentication import signed_in_user
from codeindex.integrations import imports
from codeindex.integrations.imports import Filters
from codeindex.models import CodeHost, Import
from codeindex.web import ids
from codeindex.web.integrations.access import (
    own_host,
    own_import,
    require_importer,
    teams_of,
)
from codeindex.web.integrations.serializers import (
    CodeHostSerializer,
    HostTokenSerializer,
    ImportChangesSerializer,
    ImportSerializer,
    NewCodeHostSerializer,
    NewImportSerializer,
)
from codeindex.web.rest.parsers import ShallowJSONParser
from codeindex.web.rest.requests import validated
from codeindex.web.rest.schema import answers
from codeindex.web.rest.views import SignedInView


class ImportingView(SignedInView):
    parser_classes = [ShallowJSONParser]


class CodeHostsView(ImportingView):
    @extend_schema(
        operation_id="list_code_hosts",
        summary="List your code hosts",
        responses=answers(CodeHostSerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        own = imports.hosts_of(signed_in_user(request))
        return Response(CodeHostSerializer(own, many=True).data)

    @extend_schema(
        operation_id="add_code_host",
        summary="Add a code host",
        request=NewCodeHostSerializer,
        responses=answers(CodeHostSerializer, 415, status=201),
    )
    def post(self, request: Request) -> Response:
        user = signed_in_user(request)
        require_importer(user)
        host = imports.add_host(user, **validated(NewCodeHostSerializer, request))
        return Response(CodeHostSerializer(host).data, status.HTTP_201_CREATED)


class CodeHostView(ImportingView):
    @extend_schema(
        operation_id="change_code_host",
        summary="Give a code host another token",
        request=HostTokenSerializer,
        responses=answers(CodeHostSerializer, 404, 415),
    )
    def patch(self, request: Request, host: int) -> Response:
        user = signed_in_user(request)
        row = own_host(user, host)
        imports.change_token(row, validated(HostTokenSerializer, request)["token"], by=user)
        return Response(CodeHostSerializer(row).data)

    @extend_schema(
        operation_id="remove_code_host",
        summary="Remove a code host with its imports; their repositories stay registered",
        responses=answers(None, 404, status=204),
    )
    def delete(self, request: Request, host: int) -> Response:
        user = signed_in_user(request)
        imports.remove_host(own_host(user, host), by=user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ImportsView(ImportingView):
    @extend_schema(
        operation_id="list_imports",
        summary="List your imports",
        responses=answers(ImportSerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        own = imports.imports_of(signed_in_user(request))
        return Response(ImportSerializer(own, many=True).data)

    @extend_schema(
        operation_id="add_import",
        summary="Preview the repositories of an organisation, a group or a user",
        request=NewImportSerializer,
        responses=answers(ImportSerializer, 415, status=201),
    )
    def post(self, request: Request) -> Response:
        user = signed_in_user(request)
        wanted = validated(NewImportSerializer, request)
        host = _named_host(user, wanted.pop("host"))
        team = teams_of(user).filter(name=wanted.pop("team")).first()
        named = ("namespace", "visibility", "follows_host", "branches", "tags")
        others = {name: wanted.pop(name) for name in named}
        added = imports.add_import(host, filters=Filters(**wanted), team=team, by=user, **others)
        tasks.wake_imports()
        return Response(ImportSerializer(added).data, status.HTTP_201_CREATED)


class ImportView(ImportingView):
    @extend_schema(
        operation_id="import",
        summary="Get an import: what it would import, and how the last synchronisation went",
        responses=answers(ImportSerializer, 404),
    )
    def get(self, request: Request, source: int) -> Response:
        return Response(ImportSerializer(_import(request, source)).data)

    @extend_schema(
        operation_id="change_import",
        summary="Let visibility follow the code host, or no longer",
        request=ImportChangesSerializer,
        responses=answers(ImportSerializer, 404, 415),
    )
    def patch(self, request: Request, source: int) -> Response:
        user = signed_in_user(request)
        row = own_import(user, source)
        given = validated(ImportChangesSerializer, request)
        follows = given.get("follows_host", row.follows_host)
        imports.follow_host(row, follows, by=user)
        tasks.wake_imports()
        return Response(ImportSerializer(_import(request, source)).data)

    @extend_schema(
        operation_id="remove_import",
        summary="Stop importing; the repositories stay registered",
        responses=answers(None, 404, status=204),
    )
    def delete(self, request: Request, source: int) -> Response:
        imports.remove_import(_import(request, source), by=signed_in_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class StartView(ImportingView):
    @extend_schema(
        operation_id="start_import",
        summary="Start an import, or ask its code host now",
        request=None,
        responses=answers(ImportSerializer, 404),
    )
    def post(self, request: Request, source: int) -> Response:
        imports.start(_import(request, source), by=signed_in_user(request))
        tasks.wake_imports()
        return Response(ImportSerializer(_import(request, source)).data)


class ConfirmView(ImportingView):
    @extend_schema(
        operation_id="confirm_import",
        summary="Confirm that the repositories which are held are removed",
        request=None,
        responses=answers(ImportSerializer, 404),
    )
    def post(self, request: Request, source: int) -> Response:
        imports.confirm(_import(request, source), by=signed_in_user(request))
        tasks.wake_imports()
        return Response(ImportSerializer(_import(request, source)).data)


def _named_host(user: User, written: str) -> CodeHost:
    """The code host with this id. Raises `ValidationError`."""
    try:
        return imports.hosts_of(user).get(pk=ids.number(ids.Row.CODE_HOST, written))
    except (ValueError, CodeHost.DoesNotExist) as error:
        raise ValidationError({"host": ["You have no such code host."]}) from error


def _import(request: Request, pk: int) -> Import:
    return own_import(signed_in_user(request), pk)
