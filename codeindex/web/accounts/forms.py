"""The forms of accounts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from codeindex.accounts.tokens import DEFAULT_DAYS
from codeindex.models import Scope

LIFETIMES = (7, 30, DEFAULT_DAYS, 180, 365)
"""Days."""

NEVER = "never"


class TokenForm(forms.Form):
    name = forms.CharField(
        required=False, max_length=100, label="Name", help_text="What the token is used for."
    )
    scopes = forms.MultipleChoiceField(
        label="Scopes",
        choices=[(scope.value, f"{scope.value}: {scope.label}") for scope in Scope],
        initial=[Scope.SEARCH.value],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one scope."},
    )
    days = forms.TypedChoiceField(
        label="Expires", coerce=lambda value: None if value == NEVER else int(value)
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        days = self.fields["days"]
        assert isinstance(days, forms.TypedChoiceField)
        days.choices = lifetimes(settings.CODEINDEX_TOKEN_DAYS)
        days.initial = str(min(DEFAULT_DAYS, settings.CODEINDEX_TOKEN_DAYS or DEFAULT_DAYS))


def lifetimes(longest: int) -> list[tuple[str, str]]:
    """The choices of a lifetime that is limited to `longest` days; by 0, not at all."""
    if not longest:
        return [*map(_choice, LIFETIMES), (NEVER, "never")]
    shorter = [days for days in LIFETIMES if days < longest]
    return [_choice(days) for days in (*shorter, longest)]


def _choice(days: int) -> tuple[str, str]:
    return str(days), f"in {days} days"
