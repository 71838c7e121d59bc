"""Fields that the serializers of the API share. Those of requests take no value of another JSON
type."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from codeindex.web import ids


class TrueOrFalse(serializers.BooleanField):
    """Takes no text and no number for a boolean."""

    def to_internal_value(self, data: object) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Text(serializers.CharField):
    """Takes no number for a text."""

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Number(serializers.IntegerField):
    """Takes no text for a number."""

    def to_internal_value(self, data: object) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class IdField(serializers.CharField):
    """A row's opaque id."""

    def __init__(self, row: ids.Row, **named: Any) -> None:
        super().__init__(read_only=True, **named)
        self.row = row

    def to_representation(self, value: int) -> str:  # type: ignore[override]  # not a string yet
        return ids.opaque(self.row, value)
