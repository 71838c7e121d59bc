"""What connects codeindex with code hosts, as JSON."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from codeindex.integrations.push_webhooks import NewWebhook
from codeindex.models import PushDelivery, PushWebhook
from codeindex.web import ids
from codeindex.web.serializers import IdField


class DeliverySerializer(serializers.ModelSerializer[PushDelivery]):
    class Meta:
        model = PushDelivery
        fields = ["received", "outcome"]
        read_only_fields = fields


class WebhookSerializer(serializers.ModelSerializer[PushWebhook]):
    """A push webhook. Its secret is shown once, when it is created."""

    id = IdField(ids.Row.PUSH_WEBHOOK)
    url = serializers.SerializerMethodField(help_text="Where the code host is to send to.")
    repository = serializers.CharField(
        source="repository.full_name",
        default=None,
        allow_null=True,
        read_only=True,
        help_text="null if it reaches all repositories that its owner manages.",
    )
    owner = serializers.CharField(source="owner.username", read_only=True)

    class Meta:
        model = PushWebhook
        fields = ["id", "name", "url", "repository", "owner", "created"]
        read_only_fields = fields

    @extend_schema_field(serializers.URLField)
    def get_url(self, webhook: PushWebhook) -> str:
        request: Request = self.context["request"]
        return request.build_absolute_uri(reverse("hook", args=[webhook.pk]))


class NewWebhookSerializer(serializers.Serializer[Any]):
    """A push webhook to create."""

    name = serializers.CharField(max_length=100, help_text="Who sends to it.")
    repository = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=300,
        help_text="As owner/name. Without one, it reaches all repositories that you manage.",
    )


class CreatedWebhookSerializer(serializers.Serializer[NewWebhook]):
    webhook = WebhookSerializer()
    secret = serializers.CharField(help_text="Shown in this answer alone.")
