"""Push webhooks over REST: managed by their owners, and called by code hosts."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from codeindex.accounts.authentication import signed_in_user
from codeindex.accounts.limits import clients, throttles
from codeindex.integrations import push_webhooks, pushes
from codeindex.web.integrations.access import named_repository
from codeindex.web.integrations.serializers import (
    CreatedWebhookSerializer,
    NewWebhookSerializer,
    WebhookSerializer,
)
from codeindex.web.rest.requests import validated
from codeindex.web.rest.schema import answers
from codeindex.web.rest.views import SignedInView


class WebhooksView(SignedInView):
    @extend_schema(
        operation_id="list_webhooks",
        summary="List the push webhooks that you manage, newest first",
        responses=answers(WebhookSerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        own = push_webhooks.managed_by(signed_in_user(request))
        return Response(WebhookSerializer(own, many=True, context={"request": request}).data)

    @extend_schema(
        operation_id="create_webhook",
        summary="Create a push webhook; its secret is in this answer and nowhere else",
        request=NewWebhookSerializer,
        responses=answers(CreatedWebhookSerializer, 415, status=201),
    )
    def post(self, request: Request) -> Response:
        wanted = validated(NewWebhookSerializer, request)
        user = signed_in_user(request)
        repository = named_repository(user, wanted["repository"])
        created = push_webhooks.create(user, wanted["name"], repository, by=user)
        answer = CreatedWebhookSerializer(created, context={"request": request})
        return Response(answer.data, status.HTTP_201_CREATED)


class WebhookView(SignedInView):
    @extend_schema(
        operation_id="remove_webhook",
        summary="Remove a push webhook",
        responses=answers(None, 404, status=204),
    )
    def delete(self, request: Request, webhook: int) -> Response:
        user = signed_in_user(request)
        row = get_object_or_404(push_webhooks.managed_by(user), pk=webhook)
        push_webhooks.remove(row, by=user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Unsigned(APIException):
    """Becomes a 401."""

    status_code = 401
    default_detail = (
        "There is no such webhook, or the request is not signed with its secret. Copy address and"
        " secret to the code host again, or create another webhook."
    )


class HookView(APIView):
    """Where code hosts send to. Whoever knows the secret gets the same answer, whatever is or is
    not registered; what came of it is shown to the webhook's owner."""

    authentication_classes = []
    permission_classes = []

    @extend_schema(exclude=True)  # the code hosts say what they send
    def post(self, request: Request, webhook: int) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = request._request.body
        try:
            row = push_webhooks.authenticated(webhook, headers, body)
        except push_webhooks.WrongSignature as error:
            throttles.count_webhook(clients.address(request))
            raise Unsigned from error
        throttles.count_webhook(f"webhook {webhook}")
        try:
            push_webhooks.receive(row, headers, body)
        except pushes.Malformed as error:
            raise ParseError(str(error)) from error
        return Response({"detail": "Received."}, status.HTTP_202_ACCEPTED)
