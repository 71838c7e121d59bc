"""Tokens over REST."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from codeindex.accounts import tokens
from codeindex.accounts.authentication import signed_in_user
from codeindex.models import Scope
from codeindex.web.accounts.serializers import (
    IssuedTokenSerializer,
    NewTokenSerializer,
    TokenSerializer,
)
from codeindex.web.rest.requests import validated
from codeindex.web.rest.schema import answers
from codeindex.web.rest.views import SignedInView


class TokensView(SignedInView):
    scope = Scope.ADMIN

    @extend_schema(
        operation_id="list_tokens",
        summary="List your tokens, newest first",
        responses=answers(TokenSerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        own = tokens.of_user(signed_in_user(request))
        return Response(TokenSerializer(own, many=True).data)

    @extend_schema(
        operation_id="create_token",
        summary="Create a token; its key is in this answer and nowhere else",
        request=NewTokenSerializer,
        responses=answers(IssuedTokenSerializer, 415, status=201),
    )
    def post(self, request: Request) -> Response:
        wanted = validated(NewTokenSerializer, request)
        user = signed_in_user(request)
        key = tokens.issue(user, by=user, **wanted)
        return Response(IssuedTokenSerializer({"key": key}).data, status.HTTP_201_CREATED)


class TokenView(SignedInView):
    scope = Scope.ADMIN

    @extend_schema(
        operation_id="revoke_token",
        summary="Revoke one of your tokens",
        responses=answers(None, 404, status=204),
    )
    def delete(self, request: Request, beginning: str) -> Response:
        user = signed_in_user(request)
        if not tokens.revoke(user, beginning, by=user):
            raise NotFound
        return Response(status=status.HTTP_204_NO_CONTENT)
