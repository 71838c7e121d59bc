"""The forms of the pages. What may be registered is decided by `codeindex.repositories`."""

from __future__ import annotations

from django import forms
from django.contrib.auth.models import Group, User

from codeindex.models import Visibility


class AddressInput(forms.TextInput):
    """Shows no address again that may hold a secret."""

    def format_value(self, value: str | None) -> str | None:
        return None if value and set("@?#") & set(value) else super().format_value(value)


class KeyInput(forms.Textarea):
    """Shows no key again."""

    def format_value(self, value: str | None) -> None:
        return None


class RegisterForm(forms.Form):
    url = forms.CharField(
        label="Clone URL or path",
        help_text="https, http or ssh; or a path in a folder that the administrator allows. "
        "A user and password or a token in the URL is kept encrypted.",
        widget=AddressInput(attrs={"placeholder": "https://host/team/project.git"}),
    )
    name = forms.CharField(
        required=False, max_length=100, help_text="By default the last part of the URL."
    )
    branch = forms.CharField(
        required=False, max_length=255, help_text="By default the one that the remote names."
    )
    deploy_key = forms.CharField(
        required=False,
        help_text="For ssh: a private key without a passphrase. It is kept encrypted and used for"
        " this repository alone.",
        widget=KeyInput(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )
    visibility = forms.ChoiceField(
        choices=[(choice.value, choice.label) for choice in Visibility],
        label="Who may find its code",
    )
    teams = forms.ModelMultipleChoiceField(
        Group.objects.none(),
        required=False,
        help_text="They may find its code too where it is private.",
    )

    def __init__(self, owner: User, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)
        self.fields["teams"].queryset = owner.groups.order_by("name")
        if not self.fields["teams"].queryset.exists():
            del self.fields["teams"]
