"""The forms of the administration."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.contrib.auth.models import User
from django.http import QueryDict

LONGEST = 254


class FilterForm(forms.Form):
    name = forms.CharField(
        required=False,
        max_length=LONGEST,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    page = forms.IntegerField(
        required=False, min_value=1, max_value=10_000, widget=forms.HiddenInput
    )


class PasswordForm(forms.Form):
    password = forms.CharField(
        max_length=1_000,
        strip=False,
        help_text="Give it to the user, who can change it on their account’s page.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, user: User, data: QueryDict | None = None) -> None:
        super().__init__(data, prefix="new")
        self._user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, self._user)
        return password


class NewUserForm(PasswordForm):
    username = forms.CharField(max_length=150)
    email = forms.EmailField(required=False, label="E-mail")
    is_administrator = forms.BooleanField(required=False, label="Administrator")

    field_order = ("username", "email", "password", "is_administrator")

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(User(), data)
        if not settings.CODEINDEX_PASSWORDS:
            del self.fields["password"]
