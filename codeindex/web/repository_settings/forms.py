"""The sections of a repository's settings page, each a form of its own."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import Group, User
from django.http import QueryDict

from codeindex import repository_settings
from codeindex.accounts import teams
from codeindex.models import IGNORE_PATTERNS, MOST_MATCHING, Repository, Visibility
from codeindex.web.forms import AddressInput, KeyInput, lines

DEFAULT_BRANCH = "HEAD"
"""How forms write the remote's default branch, as git does."""

SEEN_BY = {
    Visibility.PRIVATE: "its owner, the teams and people below, and administrators",
    Visibility.INTERNAL: "everyone who is signed in",
    Visibility.PUBLIC: "everyone, without signing in",
}


SCHEDULES = [
    ("", "as often as this installation does by default"),
    ("0", "never: only on request or by a webhook"),
    ("5", "every 5 minutes"),
    ("15", "every 15 minutes"),
    ("60", "every hour"),
    ("360", "every 6 hours"),
    ("1440", "every day"),
]


class Section(forms.Form):
    """A part of the settings of a repository, filled with what they are now. `route` names the
    address that it is sent to."""

    route: ClassVar[str]
    title: ClassVar[str]
    explanation: ClassVar[str]
    saved: ClassVar[str]

    def __init__(self, row: Repository, user: User, data: QueryDict | None = None) -> None:
        super().__init__(data, initial=self.current(row))
        self.row = row

    @staticmethod
    def current(row: Repository) -> dict[str, Any]:
        raise NotImplementedError

    def save(self, *, by: User) -> None:
        """Raises `ValidationError` by field."""
        raise NotImplementedError


class AccessSection(Section):
    route, title = "repository-access", "Who may see it"
    explanation = (
        "Whoever sees a repository can search its code. Its owner, maintainers of its teams and"
        " administrators manage it."
    )
    saved = "Saved. It takes effect with the next request."

    visibility = forms.ChoiceField(
        choices=[(choice.value, f"{choice.label}: {SEEN_BY[choice]}") for choice in Visibility],
        widget=forms.RadioSelect,
    )
    teams = forms.ModelMultipleChoiceField(
        Group.objects.none(),
        to_field_name="name",  # primary keys reveal how many teams there are
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    people = forms.CharField(
        required=False,
        help_text="Single users who may see it: one user name per line.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
    )

    def __init__(self, row: Repository, user: User, data: QueryDict | None = None) -> None:
        super().__init__(row, user, data)
        field = self.fields["teams"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = offered = teams.assignable(user, row)
        if not offered.exists():
            del self.fields["teams"]

    @staticmethod
    def current(row: Repository) -> dict[str, Any]:
        names = row.people.order_by("username").values_list("username", flat=True)
        return {
            "visibility": row.visibility,
            "teams": list(row.teams.values_list("name", flat=True)),
            "people": "\n".join(names),
        }

    def save(self, *, by: User) -> None:
        names = self.cleaned_data["people"].splitlines()
        people = teams.active_users(names, "people", present=self.row)
        changes = self.cleaned_data | {"people": people}
        repository_settings.change(self.row, changes, by=by)


class StoredAddressInput(AddressInput):
    """Shows the stored address, which has no secret."""

    stored = ""

    def format_value(self, value: str | None) -> str | None:
        return value if value == self.stored else super().format_value(value)


class SourceSection(Section):
    route, title = "repository-source", "Where it comes from"
    explanation = (
        "What is indexed now stays searchable until the next index run has read the new source."
    )
    saved = "Saved. The next index run follows the new settings."

    name = forms.CharField(max_length=100)
    url = forms.CharField(
        label="Clone URL or path",
        help_text="A stored credential and deploy key are removed if the URL leads to another"
        " host.",
        widget=StoredAddressInput,
    )
    branches = forms.CharField(
        help_text=f"One name per line, or a pattern such as release/*. {DEFAULT_BRANCH} is the"
        " remote's default branch. What was indexed of other branches is removed.",
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    tags = forms.CharField(
        required=False,
        help_text="One name per line, or a pattern such as v[0-9]*.",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    newest = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_MATCHING,
        label="How many match",
        help_text="So many branches, and so many tags, are indexed because they match a pattern:"
        " the newest ones, where v1.10 comes after v1.9.",
    )
    credential = forms.CharField(
        required=False,
        max_length=2_000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    forget_credential = forms.BooleanField(required=False, label="Remove the stored credential")
    deploy_key = forms.CharField(
        required=False,
        widget=KeyInput(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )
    forget_deploy_key = forms.BooleanField(required=False, label="Remove the stored deploy key")
    link_template = forms.CharField(
        required=False,
        max_length=500,
        label="Links to the code host",
        help_text="A kind of code host, such as gitlab or forgejo, or a template such as"
        " https://host/{repository}/{commit}/{path}#L{first}. Leave this empty if links work"
        " without it.",
    )

    def __init__(self, row: Repository, user: User, data: QueryDict | None = None) -> None:
        super().__init__(row, user, data)
        address = self.fields["url"].widget
        assert isinstance(address, StoredAddressInput)
        address.stored = row.url
        self._explain("credential", "For https: a token, or user:password.", row.credential)
        self._explain("deploy_key", "For ssh: a private key without a passphrase.", row.deploy_key)

    def _explain(self, name: str, meaning: str, stored: str) -> None:
        if stored:
            state = "One is stored, encrypted, and is never shown. Leave this empty to keep it."
        else:
            state = "None is stored."
            del self.fields[f"forget_{name}"]
        self.fields[name].help_text = f"{meaning} {state}"

    @staticmethod
    def current(row: Repository) -> dict[str, Any]:
        named = row.branches.filter(by_pattern=False).order_by("pk")
        names = [name or DEFAULT_BRANCH for name in named.values_list("name", flat=True)]
        return {
            "name": row.name,
            "url": row.url,
            "branches": "\n".join([*names, *row.branch_patterns]),
            "tags": "\n".join(row.tag_patterns),
            "newest": row.newest,
            "link_template": row.link_template,
        }

    def save(self, *, by: User) -> None:
        given = self.cleaned_data
        named = lines(given["branches"])
        changes = {
            "name": given["name"],
            "url": given["url"],
            "link_template": given["link_template"],
            "branches": ["" if line == DEFAULT_BRANCH else line for line in named],
            "tags": lines(given["tags"]),
            "newest": given["newest"] or self.row.newest,
        }
        for secret in ("credential", "deploy_key"):
            if given[secret] or given.get(f"forget_{secret}"):
                changes[secret] = given[secret]
        repository_settings.change(self.row, changes, by=by)


class RulesSection(Section):
    """How a repository is indexed; the fields are `Repository.RULES`."""

    route, title = "rules", "What is indexed, and when"
    explanation = (
        "Vendored, generated and minified files are left out unless you choose otherwise. The next"
        " index run follows these rules."
    )
    saved = "Saved. The next index run follows the new settings."

    index_vendored = forms.BooleanField(
        required=False,
        label="Index vendored code",
        help_text="Other people's code: in folders such as vendor, third_party or node_modules, or"
        " with the attribute linguist-vendored in .gitattributes.",
    )
    index_generated = forms.BooleanField(
        required=False,
        label="Index generated code",
        help_text="Files that a generator wrote, recognised by their names, a comment at their"
        " beginning, or the attribute linguist-generated in .gitattributes.",
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
        " webhook reports them at once.",
    )

    @staticmethod
    def current(row: Repository) -> dict[str, Any]:
        return {name: getattr(row, name) for name in Repository.RULES}

    def save(self, *, by: User) -> None:
        repository_settings.change_rules(self.row, self.cleaned_data, by=by)
