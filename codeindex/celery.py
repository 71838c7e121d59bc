"""The Celery application: wakes workers; what there is to do is in the database."""

from __future__ import annotations

import logging.config
import os
import signal
from functools import cached_property
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init
from django.conf import settings

from codeindex.local_services.processes.lifeline import die_with_parent, named_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codeindex.settings")


class Application(Celery):
    @cached_property
    def Worker(self) -> Any:  # noqa: N802  as Celery calls it
        return self.subclass_with_self("codeindex.celery_worker:EndingWorker", name="Worker")


app = Application("codeindex")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def log_as_django_does(**_: object) -> None:
    """With this in place Celery sets up no logging of its own."""
    logging.config.dictConfig(settings.LOGGING)


@worker_process_init.connect
def end_with_worker(**_: object) -> None:
    """A worker that is killed must not leave a process behind that works on."""
    die_with_parent(signal.SIGKILL, named_parent())
