"""Outgoing webhooks over REST."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from codeindex.accounts.authentication import signed_in_user
from codeindex.integrations import outgoing
from codeindex.web.integrations.access import named_repository
from codeindex.web.integrations.serializers import (
    CreatedOutgoingWebhookSerializer,
    NewOutgoingWebhookSerializer,
    OutgoingWebhookSerializer,
)
from codeindex.web.rest.parsers import ShallowJSONParser
from codeindex.web.rest.requests import validated
from codeindex.web.rest.schema import answers
from codeindex.web.rest.views import SignedInView


class OutgoingWebhooksView(SignedInView):
    parser_classes = [ShallowJSONParser]

    @extend_schema(
        operation_id="list_outgoing_webhooks",
        summary="List the outgoing webhooks that you manage, newest first",
        responses=answers(OutgoingWebhookSerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        own = outgoing.managed_by(signed_in_user(request))
        return Response(OutgoingWebhookSerializer(own, many=True).data)

    @extend_schema(
        operation_id="create_outgoing_webhook",
        summary="Create an outgoing webhook; its secret is in this answer and nowhere else",
        request=NewOutgoingWebhookSerializer,
        responses=answers(CreatedOutgoingWebhookSerializer, 415, status=201),
    )
    def post(self, request: Request) -> Response:
        wanted = validated(NewOutgoingWebhookSerializer, request)
        user = signed_in_user(request)
        repository = named_repository(user, wanted.pop("repository"))
        created = outgoing.create(user, **wanted, repository=repository, by=user)
        answer = CreatedOutgoingWebhookSerializer(created)
        return Response(answer.data, status.HTTP_201_CREATED)


class OutgoingWebhookView(SignedInView):
    @extend_schema(
        operation_id="remove_outgoing_webhook",
        summary="Remove an outgoing webhook",
        responses=answers(None, 404, status=204),
    )
    def delete(self, request: Request, webhook: int) -> Response:
        user = signed_in_user(request)
        outgoing.remove(get_object_or_404(outgoing.managed_by(user), pk=webhook), by=user)
        return Response(status=status.HTTP_204_NO_CONTENT)
