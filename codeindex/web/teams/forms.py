"""The forms of teams."""

from __future__ import annotations

from django import forms

from codeindex.models import Role


class TeamForm(forms.Form):
    name = forms.CharField(max_length=150)


class MemberForm(forms.Form):
    user = forms.CharField(max_length=150, label="User name")
    role = forms.ChoiceField(
        choices=Role.choices,
        initial=Role.MEMBER,
        help_text="Maintainers manage the team's members and its repositories.",
    )
