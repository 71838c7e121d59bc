"""The forms of the second factor."""

from __future__ import annotations

from django import forms


class CodeForm(forms.Form):
    """`label` says which codes are meant."""

    code = forms.CharField(
        max_length=30,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )

    def __init__(self, data: object = None, *, label: str = "Code from your app") -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["code"].label = label
