"""Repositories and their runs over REST."""

from __future__ import annotations

import django.core.exceptions
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from codeindex import audit, repositories, repository_settings, tasks
from codeindex.accounts.authentication import signed_in_user
from codeindex.accounts.limits import throttles
from codeindex.accounts.teams import offered
from codeindex.audit import Access
from codeindex.ingestion import pausing, runs
from codeindex.models import IndexRun, Repository
from codeindex.repository_lists import Wanted, matching
from codeindex.web import overview
from codeindex.web.access import managed_repository, visible_repository
from codeindex.web.integrations.access import named_import
from codeindex.web.rest.pagination import ShortPageParameters, page, parsed
from codeindex.web.rest.parsers import ShallowJSONParser
from codeindex.web.rest.problems import Conflict, by_field
from codeindex.web.rest.requests import validated
from codeindex.web.rest.schema import answers
from codeindex.web.serializers import (
    FailureSerializer,
    NewRepositorySerializer,
    RepositoriesParameters,
    RepositorySerializer,
    RulesSerializer,
    RunSerializer,
)


class RepositoriesView(APIView):
    @extend_schema(
        operation_id="list_repositories",
        summary="List the repositories that you can see",
        parameters=[RepositoriesParameters],
        responses=answers(RepositorySerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        visible = Repository.objects.visible_to(request.user).with_audience()
        wanted = _wanted(request)
        listed = matching(visible, wanted)
        shown = page(request, listed, "name", "pk", parameters=RepositoriesParameters)
        audit.note(Access.REPOSITORIES_LISTED, request.user, text=wanted.name)
        overviews = overview.for_repositories(shown.rows)
        return Response(RepositorySerializer(overviews, many=True).data, headers=shown.headers)

    @extend_schema(
        operation_id="register_repository",
        summary="Register a repository and index it",
        request=NewRepositorySerializer,
        examples=[
            OpenApiExample(
                "Request",
                {"url": "https://git.example.org/alice/shop.git", "visibility": "internal"},
                request_only=True,
            )
        ],
        responses=answers(RepositorySerializer, 415, 429, status=201),
    )
    def post(self, request: Request) -> Response:
        wanted = validated(NewRepositorySerializer, request)
        throttles.INDEX.count(request)
        try:
            owner = signed_in_user(request)
            wanted["teams"] = offered(wanted["teams"], owner)
            repository = repositories.register(owner=owner, by=owner, **wanted)
        except django.core.exceptions.ValidationError as error:
            raise ValidationError(by_field(error)) from error
        _request_index(request, repository)
        summary = overview.for_repository(repository)
        return Response(RepositorySerializer(summary).data, status.HTTP_201_CREATED)


class RepositoryView(APIView):
    @extend_schema(
        operation_id="repository",
        summary="Get a repository and its latest run",
        responses=answers(RepositorySerializer, 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        return _shown(request, pk)

    @extend_schema(
        operation_id="remove_repository",
        summary="Remove a repository; its code no longer appears in search",
        responses=answers(None, 404, status=204),
    )
    def delete(self, request: Request, pk: int) -> Response:
        repositories.remove(managed_repository(request.user, pk), by=signed_in_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RulesView(APIView):
    parser_classes = [ShallowJSONParser]  # a form has no booleans

    @extend_schema(
        operation_id="rules",
        summary="Get how a repository that you manage is indexed",
        responses=answers(RulesSerializer, 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(RulesSerializer(managed_repository(request.user, pk)).data)

    @extend_schema(
        operation_id="change_rules",
        summary="Change how a repository is indexed",
        request=RulesSerializer,
        responses=answers(RulesSerializer, 404, 415),
    )
    def patch(self, request: Request, pk: int) -> Response:
        repository = managed_repository(request.user, pk)
        given = validated(RulesSerializer, request, repository)
        try:
            by = signed_in_user(request)
            repository_settings.change_rules(repository, given, by=by)
        except django.core.exceptions.ValidationError as error:
            raise ValidationError(by_field(error)) from error
        return Response(RulesSerializer(repository).data)


class RunsView(APIView):
    @extend_schema(
        operation_id="list_runs",
        summary="List the index runs of a repository, newest first",
        parameters=[ShortPageParameters],
        responses=answers(RunSerializer(many=True), 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        every = overview.runs(visible_repository(request.user, pk))
        shown = page(request, every, "-created", "-pk", parameters=ShortPageParameters)
        return Response(RunSerializer(shown.rows, many=True).data, headers=shown.headers)

    @extend_schema(
        operation_id="index_again",
        summary="Index the current commits of all branches; returns the first one's run",
        request=None,
        responses=answers(RunSerializer, 404, 429, status=201),
    )
    def post(self, request: Request, pk: int) -> Response:
        repository = managed_repository(request.user, pk)
        throttles.INDEX.count(request)
        run = _request_index(request, repository)
        return Response(RunSerializer(run).data, status.HTTP_201_CREATED)


class FailuresView(APIView):
    @extend_schema(
        operation_id="list_failures",
        summary="List definitions of a repository that could not be encoded, and why",
        responses=answers(FailureSerializer(many=True), 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        failed = overview.failures(visible_repository(request.user, pk))
        return Response(FailureSerializer(failed, many=True).data)


class CancelView(APIView):
    @extend_schema(
        operation_id="cancel_run",
        summary="Cancel a run; 409 if it has ended",
        request=None,
        responses=answers(RunSerializer, 404, 409),
    )
    def post(self, request: Request, pk: int, run: int) -> Response:
        managed = managed_repository(request.user, pk)
        of_repository = IndexRun.objects.filter(branch__repository=managed).select_related("branch")
        row = get_object_or_404(of_repository, pk=run)
        if not runs.cancel(row, by=signed_in_user(request)):
            raise Conflict("The run has ended.")
        row = get_object_or_404(of_repository, pk=run)
        return Response(RunSerializer(row).data)


class PauseView(APIView):
    @extend_schema(
        operation_id="pause_repository",
        summary="Let the runs of a repository wait, whatever their stage",
        request=None,
        responses=answers(RepositorySerializer, 404),
    )
    def post(self, request: Request, pk: int) -> Response:
        pausing.pause(managed_repository(request.user, pk), by=signed_in_user(request))
        return _shown(request, pk)


class ResumeView(APIView):
    @extend_schema(
        operation_id="resume_repository",
        summary="Let the runs of a paused repository go on",
        request=None,
        responses=answers(RepositorySerializer, 404),
    )
    def post(self, request: Request, pk: int) -> Response:
        tasks.resume(managed_repository(request.user, pk), by=signed_in_user(request))
        return _shown(request, pk)


def _shown(request: Request, pk: int) -> Response:
    summary = overview.for_repository(visible_repository(request.user, pk))
    return Response(RepositorySerializer(summary).data)


def _wanted(request: Request) -> Wanted:
    """Raises `ValidationError`, also for an import that the user may not see."""
    asked = parsed(request, RepositoriesParameters)
    return Wanted(
        name=asked["name"],
        state=asked["state"],
        visibility=asked["visibility"],
        source=named_import(request.user, asked["import"]),
    )


def _request_index(request: Request, repository: Repository) -> IndexRun:
    """The run of its first branch; those of the others are requested, too. Raises NotFound if the
    repository has been removed in the meantime."""
    try:
        return tasks.request_every_index(repository=repository, by=signed_in_user(request))
    except Repository.DoesNotExist as error:
        raise NotFound from error
