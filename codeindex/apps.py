"""The Django app."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig

from codeindex.celery import app as celery_app  # shared tasks belong to the app that is loaded

__all__ = ["Codeindex", "celery_app"]


class Codeindex(AppConfig):
    name = "codeindex"

    def ready(self) -> None:
        """Connects what listens to signing in and to changes of users."""
        import_module("codeindex.accounts.sign_ins")
        import_module("codeindex.accounts.users")
