"""The forms of the pages. `codeindex.repositories` decides what may be registered."""

from __future__ import annotations

from django import forms
from django.contrib.auth.models import Group, User
from django.http import QueryDict

from codeindex.accounts import departure
from codeindex.models import IGNORE_PATTERNS, Visibility

SEEN_BY = {
    Visibility.PRIVATE: "you and the teams that you choose",
    Visibility.INTERNAL: "everyone who is signed in",
    Visibility.PUBLIC: "everyone",
}


SCHEDULES = [
    ("", "as often as this installation does by itself"),
    ("0", "never: only on request or by a webhook"),
    ("5", "every 5 minutes"),
    ("15", "every 15 minutes"),
    ("60", "every hour"),
    ("360", "every 6 hours"),
    ("1440", "every day"),
]


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
        teams = self.fields["teams"]
        assert isinstance(teams, forms.ModelMultipleChoiceField)
        teams.queryset = own_teams = owner.groups.order_by("name")
        if not own_teams.exists():
            del self.fields["teams"]


class RulesForm(forms.Form):
    """How a repository is indexed; the fields are `Repository.RULES`."""

    index_vendored = forms.BooleanField(
        required=False,
        label="Index vendored code",
        help_text="Other people's code: in folders such as vendor, third_party or node_modules, or"
        " with the attribute linguist-vendored in .gitattributes.",
    )
    index_generated = forms.BooleanField(
        required=False,
        label="Index generated code",
        help_text="Files that a generator wrote: by their names, by a comment at their beginning,"
        " or by the attribute linguist-generated in .gitattributes.",
    )
    index_minified = forms.BooleanField(
        required=False,
        label="Index minified code",
        help_text="Files such as shop.min.js, or with most of their code in very long lines.",
    )
    ignore_patterns = forms.CharField(
        required=False,
        max_length=IGNORE_PATTERNS,
        label="Patterns",
        help_text="Files to leave out: one pattern per line, as in a .gitignore. A pattern that"
        " begins with ! indexes files although a rule leaves them out. These patterns take"
        " precedence over the repository's own .codeindexignore and .gitattributes.",
        widget=forms.Textarea(
            attrs={
                "rows": 8,
                "spellcheck": "false",
                "placeholder": "/legacy/\n*.sql\n!shop/vendor/",
            }
        ),
    )
    refining = forms.BooleanField(
        required=False,
        label="Refine vectors",
        help_text="Definitions are found by quick draft vectors at first. The language model then"
        " refines them in the background, which makes results better and takes a while.",
    )

    check_minutes = forms.TypedChoiceField(
        required=False,
        label="New commits",
        choices=SCHEDULES,
        coerce=int,
        empty_value=None,
        help_text="How often the host is asked for new commits, which are then indexed. A push"
        " webhook tells of them at once.",
    )


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
