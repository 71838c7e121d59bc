"""The Celery application. Its tasks only wake workers: the work to do is in the database."""

from __future__ import annotations

import logging.config
import os
import signal
from functools import cached_property
from importlib import import_module
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_init, worker_process_init
from django.conf import settings

from codeindex.local_services.processes.lifeline import die_with_parent, named_parent
from codeindex.observability import serving

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codeindex.settings")


class Application(Celery):
    @cached_property
    def Worker(self) -> Any:  # noqa: N802  Celery's name
        return self.subclass_with_self("codeindex.celery_worker:EndingWorker", name="Worker")


app = Application("codeindex")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def log_as_django_does(**_: object) -> None:
    """Keeps Celery from configuring its own logging. Tasks carry the ids of what asked for them."""
    logging.config.dictConfig(settings.LOGGING)
    import_module("codeindex.observability.logs").configure()


@worker_init.connect
def remember_version(**_: object) -> None:
    """Later another version may lie in the same folder."""
    import_module("codeindex.operations.versions").version()


@worker_process_init.connect
def end_with_worker(**_: object) -> None:
    """Ends the process when its worker is killed."""
    die_with_parent(signal.SIGKILL, named_parent())


@worker_process_init.connect
def yield_to_searches(**_: object) -> None:
    """Lets the web server, and what the database does for it, go first where they share processors
    with workers."""
    os.nice(settings.CODEINDEX_NICENESS)
    if settings.PRIVATE_SERVICES:
        import_module("codeindex.databases.priority").follow_own()


@worker_process_init.connect
def record_as_worker(**_: object) -> None:
    """What the audit has of this process comes from a worker."""
    audit = import_module("codeindex.audit")  # needs Django, which loads this module
    audit.set_origin(audit.Origin(audit.Door.WORKER))


@worker_process_init.connect
def trace(**_: object) -> None:
    serving.start_traces("worker")
