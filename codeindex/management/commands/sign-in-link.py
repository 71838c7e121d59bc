"""`manage.py sign-in-link NAME`: prints a link that signs a user in once."""  # noqa: N999

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management import CommandError
from django.urls import reverse

from codeindex.accounts.sign_on import links
from codeindex.management import base
from codeindex.management.index import existing_index


class Command(base.Command):
    help = "Print a link that signs a user in once, without a password or a provider."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME")

    def handle(self, *, name: str, **_: Any) -> None:
        with existing_index():
            user = User.objects.filter(username=name, is_active=True).first()
            if user is None:
                raise CommandError(f"There is no active user called {name}.")
            path = reverse("sign-in-link", args=[links.sign(user)])
            self.stdout.write(
                f"Within {links.MINUTES} minutes, open this address of your server:\n{path}"
            )
