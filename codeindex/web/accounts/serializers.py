"""Tokens as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from codeindex.accounts.tokens import DEFAULT_DAYS
from codeindex.models import Scope, Token


class TokenSerializer(serializers.ModelSerializer[Token]):
    id = serializers.CharField(source="beginning", help_text="The beginning of its key.")
    scopes = serializers.ListField(child=serializers.ChoiceField(Scope.choices))
    last_used = serializers.DateTimeField(allow_null=True, help_text="To the hour.")
    expires = serializers.DateTimeField(allow_null=True, help_text="null if it never does.")

    class Meta:
        model = Token
        fields = ["id", "name", "scopes", "created", "last_used", "expires"]
        read_only_fields = fields


class IssuedTokenSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="Shown in this answer only; its hash is stored.")


class NewTokenSerializer(serializers.Serializer[Any]):
    """A token to create."""

    name = serializers.CharField(
        default="", allow_blank=True, max_length=100, help_text="What it is used for."
    )
    scopes = serializers.MultipleChoiceField(
        choices=Scope.choices,
        default=lambda: {Scope.SEARCH.value},
        allow_empty=False,
        help_text="What it may be used for; `search` by default.",
    )
    days = serializers.IntegerField(
        default=DEFAULT_DAYS,
        allow_null=True,
        min_value=1,
        max_value=36_500,
        help_text="How long it is valid; null for no expiry, where the administrator allows that.",
    )
