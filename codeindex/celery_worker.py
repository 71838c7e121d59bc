"""The Celery worker that codeindex runs."""

from __future__ import annotations

import os
from threading import Timer

from celery.apps.worker import Worker
from celery.worker import state


class EndingWorker(Worker):
    """A worker that an error stops can wait for the broker for ever while it shuts down. Its
    process then lives and takes no task, and no supervisor starts it again. This one ends."""

    patience = 10.0
    """Seconds for an orderly end after an error. Work that it cuts off is taken up again."""

    def stop(self, in_sighandler: bool = False, exitcode: int | None = None) -> None:
        if not _was_asked():
            deadline = Timer(self.patience, os._exit, [1])
            deadline.daemon = True
            deadline.start()
        super().stop(in_sighandler, exitcode)


def _was_asked() -> bool:
    """Whether a signal asked for the end. Celery notes the exit status then, which may be 0."""
    wishes = (state.should_stop, state.should_terminate)
    return any(status is not None and status is not False for status in wishes)
