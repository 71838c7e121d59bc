"""The forms of invitations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import Group, User
from django.http import QueryDict

from codeindex.accounts import teams
from codeindex.accounts.invitations import MOST_DAYS
from codeindex.models import Role


class InvitationForm(forms.Form):
    note = forms.CharField(
        required=False, max_length=100, label="For", help_text="Whom the link is for: only a note."
    )
    team = forms.ModelChoiceField(
        Group.objects.none(), to_field_name="name", required=False, empty_label="No team"
    )
    role = forms.ChoiceField(choices=Role.choices, initial=Role.MEMBER)
    days = forms.IntegerField(min_value=1, max_value=MOST_DAYS, initial=7, label="Valid for (days)")

    def __init__(self, user: User, data: QueryDict | None = None, **named: Any) -> None:
        super().__init__(data, **named)
        team = self.fields["team"]
        assert isinstance(team, forms.ModelChoiceField)
        team.queryset = teams.maintained_by(user).order_by("name")
        if not user.is_superuser:
            team.required, team.empty_label = True, None


class SignUpForm(UserCreationForm):  # type: ignore[type-arg]  # takes none at run time
    class Meta:
        model = User
        fields = ("username", "email")
