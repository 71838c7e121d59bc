"""The forms of what connects codeindex with code hosts."""

from __future__ import annotations

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import QueryDict

from codeindex.models import Repository


class WebhookForm(forms.Form):
    name = forms.CharField(max_length=100, help_text="Who sends to it, such as github.com/acme.")
    repository = forms.CharField(
        required=False,
        max_length=300,
        help_text="As owner/name. Without one, the webhook reaches all repositories that you"
        " manage.",
    )

    def __init__(self, user: User, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self._user = user

    def clean_repository(self) -> Repository | None:
        return managed_by_name(self._user, self.cleaned_data["repository"])


def managed_by_name(user: User, name: str) -> Repository | None:
    """The repository that `owner/name` names, if `user` manages it; None for an empty name. Raises
    `ValidationError`."""
    if not name:
        return None
    called = Repository.objects.managed_by(user).called(name).select_related("owner")
    found = list(called.order_by("pk")[:2])
    if len(found) != 1:
        raise ValidationError(f"You manage no repository {name}. Write it as owner/name.")
    return found[0]
