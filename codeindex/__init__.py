"""The Django project and app: registers and indexes repositories. Owns every write."""

from codeindex.celery import app as celery_app

__all__ = ["celery_app"]
