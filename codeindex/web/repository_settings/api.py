"""The settings of a repository over REST: `codeindex.repository_settings` validates the values."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from codeindex import repository_settings
from codeindex.accounts.authentication import signed_in_user
from codeindex.accounts.teams import MOST_PEOPLE, active_users, offered
from codeindex.ingestion.cloning.globs import MOST_PATTERNS
from codeindex.models import MOST_MATCHING, Repository, Visibility
from codeindex.web import audience
from codeindex.web.access import managed_repository
from codeindex.web.rest.fields import Number, Text
from codeindex.web.rest.parsers import ShallowJSONParser
from codeindex.web.rest.requests import validated
from codeindex.web.rest.schema import answers
from codeindex.web.serializers import BRANCHES, NEWEST, TAGS


class SettingsSerializer(serializers.Serializer[Repository]):
    """Who may see a repository, and where it comes from."""

    name = Text(max_length=100)
    visibility = serializers.ChoiceField(Visibility.choices)
    visible_to = serializers.SerializerMethodField(help_text="Who really sees it, in words.")
    teams = serializers.ListField(
        child=Text(), max_length=MOST_PEOPLE, help_text="Names of all teams that may see it."
    )
    people = serializers.ListField(
        child=Text(),
        max_length=MOST_PEOPLE,
        help_text="Names of all single users who may see it.",
    )
    url = Text(
        help_text="What it leads to is indexed by the next run. A stored credential and deploy key"
        " are removed if it leads to another host."
    )
    branches = serializers.ListField(
        child=Text(allow_blank=True, max_length=255),
        max_length=repository_settings.MOST_BRANCHES + MOST_PATTERNS,
        help_text=BRANCHES,
    )
    tags = serializers.ListField(
        child=Text(max_length=255), max_length=MOST_PATTERNS, help_text=TAGS
    )
    newest = Number(min_value=1, max_value=MOST_MATCHING, help_text=NEWEST)
    credential = Text(
        required=False,
        allow_blank=True,
        max_length=2_000,
        write_only=True,
        help_text="For https: a token, or user:password. Stored encrypted, never returned. Empty"
        " to remove it.",
    )
    has_credential = serializers.BooleanField(read_only=True)
    deploy_key = Text(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        write_only=True,
        help_text="For ssh: a private key without a passphrase. Stored encrypted, never returned."
        " Empty to remove it.",
    )
    has_deploy_key = serializers.BooleanField(read_only=True)
    link_template = Text(
        allow_blank=True,
        max_length=500,
        help_text="How to link to its code host: a kind, such as gitlab, or a template. Empty for"
        " what the URL and the installation's settings say.",
    )

    def get_visible_to(self, repository: Repository) -> str:
        return audience.describe(repository)

    def to_representation(self, instance: Repository) -> dict[str, Any]:
        people = instance.people.order_by("username")
        named = instance.branches.filter(by_pattern=False).order_by("pk")
        return {
            "name": instance.name,
            "visibility": instance.visibility,
            "visible_to": self.get_visible_to(instance),
            "teams": list(instance.teams.order_by("name").values_list("name", flat=True)),
            "people": list(people.values_list("username", flat=True)),
            "url": instance.url,
            "branches": [*named.values_list("name", flat=True), *instance.branch_patterns],
            "tags": instance.tag_patterns,
            "newest": instance.newest,
            "has_credential": bool(instance.credential),
            "has_deploy_key": bool(instance.deploy_key),
            "link_template": instance.link_template,
        }


class SettingsView(APIView):
    parser_classes = [ShallowJSONParser]  # a form has no lists that may be empty

    @extend_schema(
        operation_id="repository_settings",
        summary="Get the settings of a repository that you manage",
        responses=answers(SettingsSerializer, 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(SettingsSerializer(managed_repository(request.user, pk)).data)

    @extend_schema(
        operation_id="change_repository_settings",
        summary="Change who may see a repository, and where it comes from",
        request=SettingsSerializer,
        responses=answers(SettingsSerializer, 404, 415),
    )
    def patch(self, request: Request, pk: int) -> Response:
        repository, user = managed_repository(request.user, pk), signed_in_user(request)
        changes = validated(SettingsSerializer, request, repository)
        if "teams" in changes:
            changes["teams"] = offered(changes["teams"], user, repository)
        if "people" in changes:
            changes["people"] = active_users(changes["people"], "people", present=repository)
        repository_settings.change(repository, changes, by=user)
        return Response(SettingsSerializer(repository).data)
