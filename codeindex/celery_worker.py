"""The Celery worker that codeindex runs."""

from __future__ import annotations

import os
import time
from threading import Timer
from typing import Any

from celery.apps.worker import Worker
from celery.worker import state
from celery.worker.control import inspect_command

from codeindex.operations.versions import version


@inspect_command(name="codeindex")
def describe(state: object) -> dict[str, object]:
    """What `manage.py doctor` asks of each worker: the version that it runs, and its clock."""
    return {"version": version(), "time": time.time()}


class EndingWorker(Worker):
    """Exits after an error. Celery's worker can wait for the broker for ever while it shuts down;
    its process then stays alive without taking tasks, and no supervisor restarts it."""

    patience = 10.0
    """Seconds for an orderly shutdown after an error. Interrupted work is repeated."""

    def setup_queues(self, include: Any, exclude: Any = None) -> None:
        """A worker of `ingest` takes what is light, too, so that installations need not start
        another worker for that."""
        super().setup_queues(include, exclude)
        queues = self.app.amqp.queues
        if "ingest" in queues.consume_from:
            queues.select_add("light")

    def stop(self, in_sighandler: bool = False, exitcode: int | None = None) -> None:
        if not _was_requested():
            deadline = Timer(self.patience, os._exit, [1])
            deadline.daemon = True
            deadline.start()
        super().stop(in_sighandler, exitcode)


def _was_requested() -> bool:
    """Whether a signal asked for the shutdown. Celery then stores the exit status, which may be
    0."""
    statuses = (state.should_stop, state.should_terminate)
    return any(status is not None and status is not False for status in statuses)
