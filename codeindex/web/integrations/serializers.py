"""What connects codeindex with code hosts, as JSON."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from codeindex.ingestion.cloning.globs import MOST_PATTERNS
from codeindex.integrations.imports import MOST_FILTERS
from codeindex.integrations.outgoing import NewOutgoingWebhook
from codeindex.integrations.push_webhooks import NewWebhook
from codeindex.models import (
    CodeHost,
    HostKind,
    Import,
    OutgoingEvent,
    OutgoingWebhook,
    PermissionSync,
    PushWebhook,
    Visibility,
)
from codeindex.web import ids
from codeindex.web.rest.fields import IdField, Text, TrueOrFalse

FOLLOWS_HOST = (
    "Whether those who may read a repository at the code host may find it here. The visibility is"
    " then that of repositories which are public there."
)


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

    name = Text(max_length=100, help_text="Who sends to it.")
    repository = Text(
        default="",
        allow_blank=True,
        max_length=300,
        help_text="As owner/name. Without one, it reaches all repositories that you manage.",
    )


class CreatedWebhookSerializer(serializers.Serializer[NewWebhook]):
    webhook = WebhookSerializer()
    secret = serializers.CharField(help_text="Shown in this answer alone.")


class OutgoingWebhookSerializer(serializers.ModelSerializer[OutgoingWebhook]):
    """An address that is told how index runs end. Its secret is shown once."""

    id = IdField(ids.Row.OUTGOING_WEBHOOK)
    origin = serializers.CharField(read_only=True, help_text="Scheme, host and port.")
    events = serializers.ListField(
        child=serializers.ChoiceField(OutgoingEvent.choices), read_only=True
    )
    repository = serializers.CharField(
        source="repository.full_name",
        default=None,
        allow_null=True,
        read_only=True,
        help_text="null if it is told of all repositories that its owner manages.",
    )
    owner = serializers.CharField(source="owner.username", read_only=True)

    class Meta:
        model = OutgoingWebhook
        fields = ["id", "name", "origin", "events", "repository", "owner", "created"]
        read_only_fields = fields


class NewOutgoingWebhookSerializer(serializers.Serializer[Any]):
    """An outgoing webhook to create."""

    name = Text(max_length=100)
    url = Text(max_length=2_048, write_only=True, help_text="What is to be called.")
    events = serializers.MultipleChoiceField(
        choices=OutgoingEvent.choices, default=lambda: set(OutgoingEvent.values), allow_empty=False
    )
    repository = Text(
        default="",
        allow_blank=True,
        max_length=300,
        help_text="As owner/name. Without one, it is told of all repositories that you manage.",
    )


class CreatedOutgoingWebhookSerializer(serializers.Serializer[NewOutgoingWebhook]):
    webhook = OutgoingWebhookSerializer()
    secret = serializers.CharField(help_text="Shown in this answer alone.")


class CodeHostSerializer(serializers.ModelSerializer[CodeHost]):
    """A code host. Its token is never returned."""

    id = IdField(ids.Row.CODE_HOST)
    owner = serializers.CharField(source="owner.username", read_only=True)

    class Meta:
        model = CodeHost
        fields = ["id", "name", "kind", "url", "username", "owner", "created"]
        read_only_fields = fields


class NewCodeHostSerializer(serializers.Serializer[Any]):
    """A code host to add."""

    kind = serializers.ChoiceField(HostKind.choices)
    url = Text(max_length=300, help_text="Its web address, such as https://gitlab.example.org.")
    token = Text(
        default="",
        allow_blank=True,
        max_length=4096,
        write_only=True,
        help_text="Lists and clones repositories. Stored encrypted, never returned.",
    )
    username = Text(
        default="",
        allow_blank=True,
        max_length=200,
        help_text="For API tokens of Bitbucket: the e-mail address of their user.",
    )
    name = Text(default="", allow_blank=True, max_length=100)


class HostTokenSerializer(serializers.Serializer[Any]):
    """Another token of a code host."""

    token = Text(allow_blank=True, max_length=4096, write_only=True)


class PermissionSyncSerializer(serializers.ModelSerializer[PermissionSync]):
    """How a code host was last asked who may read what is imported."""

    synced = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When it was asked for all repositories."
    )
    error = serializers.CharField(read_only=True, help_text="Why it could not be asked.")

    class Meta:
        model = PermissionSync
        fields = ["synced", "due", "error"]
        read_only_fields = fields


class ImportSerializer(serializers.ModelSerializer[Import]):
    """The repositories of an organisation, group or user, kept as they are at the code host."""

    id = IdField(ids.Row.IMPORT)
    host = IdField(ids.Row.CODE_HOST, source="host_id")
    team = serializers.CharField(source="team.name", default=None, allow_null=True, read_only=True)
    topics = serializers.ListField(child=serializers.CharField(), read_only=True)
    patterns = serializers.ListField(child=serializers.CharField(), read_only=True)
    branches = serializers.ListField(
        child=serializers.CharField(), source="branch_patterns", read_only=True
    )
    tags = serializers.ListField(
        child=serializers.CharField(), source="tag_patterns", read_only=True
    )
    names = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="Some of those that are kept."
    )
    listed = serializers.IntegerField(read_only=True, help_text="Repositories at the code host.")
    kept = serializers.IntegerField(read_only=True, help_text="Those that the filters keep.")
    held = serializers.IntegerField(
        read_only=True, help_text="Those whose removal has to be confirmed."
    )
    error = serializers.CharField(read_only=True, help_text="Why the host could not be asked.")
    follows_host = serializers.BooleanField(
        read_only=True, help_text="Whether those who may read a repository there may find it here."
    )
    permissions = PermissionSyncSerializer(
        source="permission_sync", default=None, allow_null=True, read_only=True
    )

    class Meta:
        model = Import
        fields = [
            "id", "host", "namespace", "archived", "forks", "topics", "patterns", "branches",
            "tags", "visibility", "team", "follows_host", "permissions", "started", "created",
            "synced", "due", "listed", "kept", "names", "held", "notice", "error",
        ]  # fmt: skip
        read_only_fields = fields


class NewImportSerializer(serializers.Serializer[Any]):
    """An import to add. It says what it would import, and waits to be started."""

    host = Text(max_length=22, help_text="The id of a code host.")
    namespace = Text(max_length=300, help_text="An organisation, a group or a user.")
    archived = TrueOrFalse(default=False)
    forks = TrueOrFalse(default=False)
    topics = serializers.ListField(
        child=Text(max_length=100), default=list, max_length=MOST_FILTERS
    )
    patterns = serializers.ListField(
        child=Text(max_length=300),
        default=list,
        max_length=MOST_FILTERS,
        help_text="Names such as shop-*; one that begins with ! leaves repositories out.",
    )
    visibility = serializers.ChoiceField(Visibility.choices, default=Visibility.PRIVATE)
    team = Text(default="", allow_blank=True, max_length=150)
    follows_host = TrueOrFalse(default=False, help_text=FOLLOWS_HOST)
    branches = serializers.ListField(
        child=Text(max_length=255),
        default=list,
        max_length=MOST_PATTERNS,
        help_text="What of each repository is indexed besides its default branch: names, or"
        " patterns such as `release/*`.",
    )
    tags = serializers.ListField(
        child=Text(max_length=255),
        default=list,
        max_length=MOST_PATTERNS,
        help_text="Likewise, such as `v[0-9]*`.",
    )


class ImportChangesSerializer(serializers.Serializer[Any]):
    """What can be changed of an import."""

    follows_host = TrueOrFalse(required=False, help_text=FOLLOWS_HOST)
