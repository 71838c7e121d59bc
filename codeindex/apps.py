"""The Django app."""

from __future__ import annotations

from django.apps import AppConfig

from codeindex.celery import app as celery_app  # shared tasks belong to the app that is loaded

__all__ = ["Codeindex", "celery_app"]


class Codeindex(AppConfig):
    name = "codeindex"
