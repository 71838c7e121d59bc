"""`manage.py remove-user NAME`: removes a user, and transfers or removes their repositories."""  # noqa: N999

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import CommandError

from codeindex.accounts import departure
from codeindex.management import base
from codeindex.management.index import existing_index


class Command(base.Command):
    help = "Remove a user."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME")
        repositories = parser.add_mutually_exclusive_group()
        repositories.add_argument(
            "--hand-over-to", metavar="NAME", help="transfer the user's repositories to this user"
        )
        repositories.add_argument(
            "--remove-repositories", action="store_true", help="remove the user's repositories"
        )

    def handle(
        self, *, name: str, hand_over_to: str | None, remove_repositories: bool, **_: Any
    ) -> None:
        with existing_index():
            leaver = _user(name)
            if hand_over_to:
                self._hand_over(leaver, _user(hand_over_to))
            elif remove_repositories:
                count = departure.remove_repositories(leaver, by=None)
                self.stdout.write(f"Repositories removed: {count}.")
            elif owned := leaver.repositories.count():
                raise CommandError(
                    f"{name} owns repositories ({owned}). Transfer them with --hand-over-to or"
                    " remove them with --remove-repositories."
                )
            leaver.delete()
            self.stdout.write(f"Removed {name}.")

    def _hand_over(self, leaver: User, heir: User) -> None:
        if heir == leaver:
            raise CommandError("The new owner must be another user.")
        try:
            count = departure.hand_over(leaver, heir, by=None)
        except ValidationError as error:
            raise CommandError(error.messages[0]) from error
        self.stdout.write(f"Repositories transferred to {heir.get_username()}: {count}.")


def _user(name: str) -> User:
    try:
        return User.objects.get(username=name)
    except User.DoesNotExist:
        raise CommandError(f"User {name} does not exist.") from None
