"""What users have authorized, over REST."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from codeindex.accounts.authentication import signed_in_user
from codeindex.accounts.oauth import grants
from codeindex.models import OAuthGrant, Scope
from codeindex.web.rest.schema import answers
from codeindex.web.rest.views import SignedInView


class ApplicationSerializer(serializers.ModelSerializer[OAuthGrant]):
    id = serializers.CharField(source="beginning", help_text="As the audit has it for a token.")
    name = serializers.CharField(source="client.name", help_text="What it calls itself.")
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices))
    last_used = serializers.DateTimeField(allow_null=True, help_text="To the hour.")
    expires = serializers.DateTimeField(allow_null=True, help_text="null if it never does.")

    class Meta:
        model = OAuthGrant
        fields = ["id", "name", "scopes", "created", "last_used", "expires"]
        read_only_fields = fields


class ApplicationsView(SignedInView):
    scope = Scope.ADMIN

    @extend_schema(
        operation_id="list_applications",
        summary="List the applications that you have authorized, newest first",
        responses=answers(ApplicationSerializer(many=True)),
    )
    def get(self, request: Request) -> Response:
        own = grants.of_user(signed_in_user(request))
        return Response(ApplicationSerializer(own, many=True).data)


class ApplicationView(SignedInView):
    scope = Scope.ADMIN

    @extend_schema(
        operation_id="revoke_application",
        summary="Revoke what you have authorized an application to do",
        responses=answers(None, 404, status=204),
    )
    def delete(self, request: Request, beginning: str) -> Response:
        user = signed_in_user(request)
        if not grants.revoke(user, beginning, by=user):
            raise NotFound
        return Response(status=status.HTTP_204_NO_CONTENT)
