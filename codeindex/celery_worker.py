"""The Celery worker that codeindex runs."""

from __future__ import annotations

import os
import signal
import time
from threading import Timer
from types import FrameType
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
    """Exits in time after an error and after SIGQUIT. While it shuts down, Celery's worker can wait
    for ever, for the broker or for a task that does not end; its process then stays alive without
    taking tasks, and no supervisor restarts it."""

    patience = 8.0
    """Seconds for such a shutdown. Interrupted work is repeated."""

    def install_platform_tweaks(self, worker: Any) -> None:
        super().install_platform_tweaks(worker)
        for number in _cold_signals():
            self._end_in_time_after(number)

    def setup_queues(self, include: Any, exclude: Any = None) -> None:
        """A worker of `ingest` takes what is light, too, so that installations need not start
        another worker for that."""
        super().setup_queues(include, exclude)
        queues = self.app.amqp.queues
        if "ingest" in queues.consume_from:
            queues.select_add("light")

    def stop(self, in_sighandler: bool = False, exitcode: int | None = None) -> None:
        if not _was_requested():
            self._end_in_time()
        super().stop(in_sighandler, exitcode)

    def _end_in_time_after(self, number: signal.Signals) -> None:
        handle = signal.getsignal(number)
        assert callable(handle)

        def handle_in_time(number: int, frame: FrameType | None) -> None:
            self._end_in_time()
            handle(number, frame)

        signal.signal(number, handle_in_time)

    def _end_in_time(self) -> None:
        deadline = Timer(self.patience, os._exit, [1])
        deadline.daemon = True
        deadline.start()


def _cold_signals() -> list[signal.Signals]:
    """The signals after which Celery hands unfinished work back."""
    remapped = os.environ.get("REMAP_SIGTERM") == "SIGQUIT"
    return [signal.SIGQUIT, signal.SIGTERM] if remapped else [signal.SIGQUIT]


def _was_requested() -> bool:
    """Whether a signal asked for the shutdown. Celery then stores the exit status, which may be
    0."""
    statuses = (state.should_stop, state.should_terminate)
    return any(status is not None and status is not False for status in statuses)
