"""The forms of the pages. `codeindex.repositories` decides what may be registered."""

from __future__ import annotations

from django import forms
from django.contrib.auth.models import Group, User
from django.http import QueryDict

from codeindex import address_lists
from codeindex.accounts import departure
from codeindex.accounts.teams import assignable
from codeindex.ingestion.cloning import remotes
from codeindex.models import Visibility

SEEN_BY = {
    Visibility.PRIVATE: "you, the teams that you choose, and administrators",
    Visibility.INTERNAL: "everyone who is signed in",
    Visibility.PUBLIC: "everyone, without signing in",
}


def lines(text: str) -> list[str]:
    """Those of a text field that are not empty."""
    return list(filter(None, map(str.strip, text.splitlines())))


class AddressInput(forms.TextInput):
    """Does not redisplay an address that may hold a secret."""

    def format_value(self, value: str | None) -> str | None:
        return None if value and set("@?#=%") & set(value) else super().format_value(value)


class KeyInput(forms.Textarea):
    """Never redisplays a key."""

    def format_value(self, value: str | None) -> None:
        return None


class RegisterForm(forms.Form):
    url = forms.CharField(
        label="Clone URL or path",
        help_text="An https, http or ssh URL, or a path in a folder that the administrator allows."
        " Credentials in the URL are stored encrypted.",
        widget=AddressInput(attrs={"placeholder": "https://host/team/project.git"}),
    )
    name = forms.CharField(
        required=False, max_length=100, help_text="Defaults to the last part of the URL."
    )
    branch = forms.CharField(
        required=False, max_length=255, help_text="Defaults to the remote's default branch."
    )
    deploy_key = forms.CharField(
        required=False,
        help_text="For ssh: a private key without a passphrase. It is stored encrypted and used"
        " only for this repository.",
        widget=KeyInput(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )
    visibility = forms.ChoiceField(
        choices=[(choice.value, f"{choice.label}: {SEEN_BY[choice]}") for choice in Visibility]
    )
    teams = forms.ModelMultipleChoiceField(
        Group.objects.none(),
        to_field_name="name",  # primary keys reveal how many teams there are
        required=False,
        help_text="Members can search its code even if the repository is private.",
    )

    def __init__(self, owner: User, data: QueryDict | None = None) -> None:
        super().__init__(data)
        _offer_teams(self, owner)


def _offer_teams(form: forms.Form, owner: User) -> None:
    """The teams that the owner may choose; no field where there are none."""
    teams = form.fields["teams"]
    assert isinstance(teams, forms.ModelMultipleChoiceField)
    teams.queryset = offered = assignable(owner)
    if not offered.exists():
        del form.fields["teams"]


class RegisterManyForm(forms.Form):
    addresses = forms.CharField(
        label="Clone URLs",
        help_text=f"One per line, at most {address_lists.MOST_LINES}, without credentials.",
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "autocomplete": "off"}),
        max_length=address_lists.MOST_LINES * remotes.LONGEST,
    )
    visibility = forms.ChoiceField(
        choices=[(choice.value, f"{choice.label}: {SEEN_BY[choice]}") for choice in Visibility]
    )
    teams = forms.ModelMultipleChoiceField(
        Group.objects.none(),
        to_field_name="name",
        required=False,
        help_text="Members can search their code even if the repositories are private.",
    )

    def __init__(self, owner: User, data: QueryDict | None = None) -> None:
        super().__init__(data)
        _offer_teams(self, owner)


class DepartureForm(forms.Form):
    """What happens to the repositories of a user who is to be removed."""

    heir = forms.ModelChoiceField(
        User.objects.none(), required=False, label="Transfer to", empty_label="Choose a user"
    )
    remove = forms.BooleanField(required=False, label="Remove the repositories")

    def __init__(self, leaver: User, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self._leaver = leaver
        heir = self.fields["heir"]
        assert isinstance(heir, forms.ModelChoiceField)
        others = User.objects.filter(is_active=True).exclude(pk=leaver.pk)
        heir.queryset = others.order_by("username")

    def clean(self) -> None:
        if bool(self.cleaned_data.get("heir")) == self.cleaned_data["remove"]:
            self.add_error(None, "Choose a new owner or remove the repositories.")

    def settle(self, *, by: User) -> str:
        """Does what was chosen and returns a message that says so. Raises `ValidationError`."""
        if heir := self.cleaned_data["heir"]:
            count = departure.hand_over(self._leaver, heir, by=by)
            return f"Repositories transferred to {heir.get_username()}: {count}."
        count = departure.remove_repositories(self._leaver, by=by)
        return f"Repositories removed: {count}."
