"""The Django app."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.core import checks
from django.core.checks import CheckMessage

from codeindex.celery import app as celery_app  # shared tasks belong to the app that is loaded
from codeindex.databases import requirements

__all__ = ["Codeindex", "celery_app"]


class Codeindex(AppConfig):
    name = "codeindex"

    def ready(self) -> None:
        """Connects what listens to signing in and to changes of users, and what checks the
        database."""
        import_module("codeindex.accounts.sign_ins")
        import_module("codeindex.accounts.users")
        checks.register(requirements.check, checks.Tags.database)
        checks.register(_check_deployment, checks.Tags.security, deploy=True)


def _check_deployment(*arguments: Any, **options: Any) -> list[CheckMessage]:
    """Imports what it needs when it is asked, which is seldom."""
    messages: list[CheckMessage] = import_module("codeindex.operations.checkup.security").check(
        *arguments, **options
    )
    return messages
