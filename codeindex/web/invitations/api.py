"""Invitations over REST."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from codeindex.accounts import invitations, teams
from codeindex.accounts.authentication import signed_in_user
from codeindex.accounts.invitations import MOST_DAYS
from codeindex.models import Role, Scope
from codeindex.web import ids
from codeindex.web.invitations.views import inviting_user
from codeindex.web.rest.fields import IdField, Number, Text
from codeindex.web.rest.pagination import PageParameters, page
from codeindex.web.rest.parsers import ShallowJSONParser
from codeindex.web.rest.requests import validated
from codeindex.web.rest.schema import answers
from codeindex.web.rest.views import SignedInView


class InvitationSerializer(serializers.Serializer[Any]):
    id = IdField(ids.Row.INVITATION, source="pk")
    note = Text(default="", allow_blank=True, max_length=100, help_text="Whom it is for.")
    team = Text(
        source="team.name",
        default="",
        allow_blank=True,
        max_length=150,
        help_text="The name of a team that you maintain; administrators may leave it empty.",
    )
    role = serializers.ChoiceField(Role.choices, default=Role.MEMBER)
    days = Number(default=7, min_value=1, max_value=MOST_DAYS, write_only=True)
    invited_by = serializers.CharField(source="invited_by.username", read_only=True)
    expires = serializers.DateTimeField(read_only=True)


class LinkSerializer(serializers.Serializer[Any]):
    link = serializers.CharField(help_text="It works once. It is not shown again.")


class InvitationsView(SignedInView):
    parser_classes = [ShallowJSONParser]
    scope = Scope.ADMIN

    @extend_schema(
        operation_id="list_invitations",
        summary="List the open invitations that you can revoke, newest first",
        parameters=[PageParameters],
        responses=answers(InvitationSerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        own = invitations.visible_to(inviting_user(request))
        shown = page(request, own.select_related("team", "invited_by"), "-created", "-pk")
        return Response(InvitationSerializer(shown.rows, many=True).data, headers=shown.headers)

    @extend_schema(
        operation_id="invite",
        summary="Create an invitation; its link is in this answer and nowhere else",
        request=InvitationSerializer,
        responses=answers(LinkSerializer, 415, status=201),
    )
    def post(self, request: Request) -> Response:
        user = inviting_user(request)
        given = validated(InvitationSerializer, request)
        name = given.pop("team")["name"]
        team = teams.maintained(name, user) if name else None
        secret = invitations.create(team, **given, by=user)
        link = request.build_absolute_uri(reverse("join", args=[secret]))
        return Response(LinkSerializer({"link": link}).data, status.HTTP_201_CREATED)


class InvitationView(SignedInView):
    scope = Scope.ADMIN

    @extend_schema(
        operation_id="revoke_invitation",
        summary="Revoke an invitation",
        responses=answers(None, 404, status=204),
    )
    def delete(self, request: Request, pk: int) -> Response:
        user = signed_in_user(request)
        invitations.revoke(get_object_or_404(invitations.visible_to(user), pk=pk), by=user)
        return Response(status=status.HTTP_204_NO_CONTENT)
