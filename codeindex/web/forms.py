"""The forms of the pages. What may be registered is decided by `codeindex.repositories`."""

from __future__ import annotations

from django import forms
from django.contrib.auth.models import Group, User

from codeindex.accounts import departure
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
        to_field_name="name",  # numbers tell how many teams there are
        required=False,
        help_text="They may find its code too where it is private.",
    )

    def __init__(self, owner: User, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)
        self.fields["teams"].queryset = owner.groups.order_by("name")
        if not self.fields["teams"].queryset.exists():
            del self.fields["teams"]


class TokenForm(forms.Form):
    name = forms.CharField(
        required=False, max_length=100, label="Name", help_text="What the token is for."
    )


class DepartureForm(forms.Form):
    """What becomes of the repositories of a user who is to be removed."""

    heir = forms.ModelChoiceField(
        User.objects.none(), required=False, label="Hand them over to", empty_label="nobody"
    )
    remove = forms.BooleanField(required=False, label="Remove them")

    def __init__(self, leaver: User, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)
        self._leaver = leaver
        others = User.objects.filter(is_active=True).exclude(pk=leaver.pk)
        self.fields["heir"].queryset = others.order_by("username")

    def clean(self) -> None:
        if bool(self.cleaned_data.get("heir")) == self.cleaned_data["remove"]:
            self.add_error(None, "Choose a new owner, or have the repositories removed.")

    def settle(self, *, by: User) -> str:
        """Does what was chosen, and says so. Raises `ValidationError`."""
        if heir := self.cleaned_data["heir"]:
            count = departure.hand_over(self._leaver, heir, by=by)
            return f"{count} repositories now belong to {heir.get_username()}."
        return f"{departure.remove_repositories(self._leaver, by=by)} repositories are removed."
