"""The forms of what connects codeindex with code hosts."""

from __future__ import annotations

from dataclasses import fields

from django import forms
from django.contrib.auth.models import Group, User
from django.http import QueryDict

from codeindex.integrations.imports import Filters
from codeindex.models import HostKind, OutgoingEvent, Repository, Visibility
from codeindex.web.forms import AddressInput, lines
from codeindex.web.integrations.access import managed_by_name, teams_of


class WebhookForm(forms.Form):
    name = forms.CharField(max_length=100, help_text="Whom it connects, such as github.com/acme.")
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


class OutgoingWebhookForm(WebhookForm):
    url = forms.CharField(
        label="Address",
        max_length=2_048,
        widget=AddressInput(),
        help_text="What is to be called. It is stored encrypted, and only its host is shown.",
    )
    events = forms.MultipleChoiceField(
        choices=OutgoingEvent.choices,
        initial=OutgoingEvent.values,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one event."},
    )

    field_order = ("name", "url", "events", "repository")


class CodeHostForm(forms.Form):
    kind = forms.ChoiceField(label="Kind", choices=HostKind.choices)
    url = forms.CharField(
        label="Address",
        max_length=300,
        widget=AddressInput(attrs={"placeholder": "https://github.com"}),
        help_text="The web address of the code host, such as https://gitlab.example.org.",
    )
    token = forms.CharField(
        required=False,
        max_length=4096,
        help_text="A token that may read repositories. It is stored encrypted, and used to list and"
        " to clone them. Without one, only public repositories are found.",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    username = forms.CharField(
        required=False,
        max_length=200,
        label="User name",
        help_text="For API tokens of Bitbucket: the e-mail address of their user. For personal"
        " tokens of Bitbucket's server: the name of their user.",
    )
    name = forms.CharField(required=False, max_length=100, help_text="Defaults to the host's name.")


class HostTokenForm(forms.Form):
    token = forms.CharField(
        required=False,
        max_length=4096,
        label="New token",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


class ImportForm(forms.Form):
    namespace = forms.CharField(
        max_length=300,
        label="Organisation, group or user",
        help_text="As in its URL: acme, or acme/tools for a group within a group.",
    )
    archived = forms.BooleanField(required=False, label="Archived repositories, too")
    forks = forms.BooleanField(required=False, label="Forks, too")
    topics = forms.CharField(
        required=False,
        max_length=5_000,
        help_text="Separated by commas: only repositories with one of them.",
    )
    patterns = forms.CharField(
        required=False,
        max_length=10_000,
        label="Names",
        help_text="One pattern per line, such as shop-* or acme/tools/*. A pattern that begins with"
        " ! leaves repositories out.",
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    branches = forms.CharField(
        required=False,
        max_length=5_000,
        help_text="Besides the default branch: one pattern per line, such as release/*.",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    tags = forms.CharField(
        required=False,
        max_length=5_000,
        help_text="One pattern per line, such as v[0-9]*.",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    visibility = forms.ChoiceField(choices=Visibility.choices)
    team = forms.ModelChoiceField(
        Group.objects.none(),
        to_field_name="name",
        required=False,
        help_text="Its members can search the repositories even if they are private.",
    )
    follows_host = forms.BooleanField(
        required=False,
        label="Visibility follows the code host",
        help_text="Those who may read a repository there may find it here. The visibility above is"
        " then that of repositories which are public there.",
    )

    def __init__(self, user: User, data: QueryDict | None = None) -> None:
        super().__init__(data)
        team = self.fields["team"]
        assert isinstance(team, forms.ModelChoiceField)
        team.queryset = teams_of(user)

    def clean_topics(self) -> list[str]:
        return [topic for topic in map(str.strip, self.cleaned_data["topics"].split(",")) if topic]

    def clean_patterns(self) -> list[str]:
        return lines(self.cleaned_data["patterns"])

    def clean_branches(self) -> list[str]:
        return lines(self.cleaned_data["branches"])

    def clean_tags(self) -> list[str]:
        return lines(self.cleaned_data["tags"])

    @property
    def filters(self) -> Filters:
        names = [field.name for field in fields(Filters)]
        return Filters(**{name: self.cleaned_data[name] for name in names})
