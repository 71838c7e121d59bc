"""Teams and their members over REST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from codeindex.accounts import teams
from codeindex.accounts.authentication import signed_in_user
from codeindex.models import Role, Scope
from codeindex.web import ids
from codeindex.web.access import require_administrator
from codeindex.web.rest.fields import IdField, Text
from codeindex.web.rest.pagination import PageParameters, page
from codeindex.web.rest.parsers import ShallowJSONParser
from codeindex.web.rest.requests import validated
from codeindex.web.rest.schema import answers
from codeindex.web.teams import access


class MemberSerializer(serializers.Serializer[Any]):
    user = Text(max_length=150, source="name", help_text="A user name.")
    role = serializers.ChoiceField(Role.choices)
    by_sign_on = serializers.BooleanField(
        read_only=True, help_text="Whether single sign-on has made the membership."
    )


class TeamSerializer(serializers.Serializer[Any]):
    id = IdField(ids.Row.TEAM, source="pk")
    name = Text(max_length=150)


class TeamAPIView(APIView):
    parser_classes = [ShallowJSONParser]

    @property
    def scope(self) -> Scope:
        return Scope.SEARCH if self.request.method in SAFE_METHODS else Scope.ADMIN


class TeamsView(TeamAPIView):
    @extend_schema(
        operation_id="list_teams",
        summary="List the teams that you can see",
        parameters=[PageParameters],
        responses=answers(TeamSerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        shown = page(request, teams.visible_to(request.user), "name", "pk")
        return Response(TeamSerializer(shown.rows, many=True).data, headers=shown.headers)

    @extend_schema(
        operation_id="create_team",
        summary="Create a team, as an administrator",
        request=TeamSerializer,
        responses=answers(TeamSerializer, 415, status=201),
    )
    def post(self, request: Request) -> Response:
        user = signed_in_user(request)
        require_administrator(user)
        team = teams.create(validated(TeamSerializer, request)["name"], by=user)
        return Response(TeamSerializer(team).data, status.HTTP_201_CREATED)


class TeamView(TeamAPIView):
    @extend_schema(
        operation_id="team",
        summary="Get a team",
        responses=answers(TeamSerializer, 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(TeamSerializer(access.visible_team(request.user, pk)).data)

    @extend_schema(
        operation_id="rename_team",
        summary="Rename a team, as an administrator",
        request=TeamSerializer,
        responses=answers(TeamSerializer, 404, 415),
    )
    def patch(self, request: Request, pk: int) -> Response:
        user = signed_in_user(request)
        team = access.administered_team(user, pk)
        given = validated(TeamSerializer, request, team)
        teams.rename(team, given.get("name", team.name), by=user)
        return Response(TeamSerializer(team).data)

    @extend_schema(
        operation_id="remove_team",
        summary="Remove a team, as an administrator",
        responses=answers(None, 404, status=204),
    )
    def delete(self, request: Request, pk: int) -> Response:
        user = signed_in_user(request)
        teams.remove(access.administered_team(user, pk), by=user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MembersView(TeamAPIView):
    @extend_schema(
        operation_id="list_members",
        summary="List the members of a team",
        responses=answers(MemberSerializer(many=True), 404),
    )
    def get(self, request: Request, pk: int) -> Response:
        team = access.visible_team(request.user, pk)
        return Response(MemberSerializer(teams.members(team), many=True).data)

    @extend_schema(
        operation_id="set_member",
        summary="Add a member to a team that you maintain, or change the role of one",
        request=MemberSerializer,
        responses=answers(MemberSerializer(many=True), 404, 415),
    )
    def put(self, request: Request, pk: int) -> Response:
        user = signed_in_user(request)
        team = access.maintained_team(user, pk)
        given = validated(MemberSerializer, request)
        access.set_member(team, given["name"], given["role"], by=user)
        return Response(MemberSerializer(teams.members(team), many=True).data)


class MemberView(TeamAPIView):
    @extend_schema(
        operation_id="remove_member",
        summary="Remove a member from a team that you maintain, or leave a team",
        responses=answers(None, 404, status=204),
    )
    def delete(self, request: Request, pk: int, user: str) -> Response:
        access.remove_member(signed_in_user(request), pk, user)
        return Response(status=status.HTTP_204_NO_CONTENT)
