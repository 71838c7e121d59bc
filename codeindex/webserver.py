"""How gunicorn serves the application: `gunicorn --config python:codeindex.webserver`.

Two processes with threads, where there are processors and memory for it: each holds an encoder of
its own, and Python's lock keeps each to little more than one processor. WEB_CONCURRENCY sets how
many."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys

from django.conf import settings
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from codeindex.local_services import address, machine
from codeindex.local_services.processes.lifeline import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codeindex.settings")
# A query is short: a second thread of torch gains nothing, and takes the database's processor
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOMY = 8 * 1024**3
"""Bytes of memory from which a second encoder is no burden."""

GARBAGE = 20_000
"""Objects that may come to be before Python looks for garbage among them: a search makes some
thousands, hardly any of which are left when it is answered."""

bind = address.authority(settings.CODEINDEX_HOST, settings.PORT)
worker_class = "codeindex.web.worker.WebWorker"
workers = int(
    os.environ.get("WEB_CONCURRENCY")
    or (2 if machine.processors() > 1 and machine.memory_bytes() >= ROOMY else 1)
)
threads = 8
timeout = 600
graceful_timeout = 3
control_socket_disable = True


def post_fork(server: object, worker: Worker) -> None:
    """A server that is killed must not leave a process behind that holds the port."""
    die_with_parent(signal.SIGKILL, worker.ppid)


def post_worker_init(worker: Worker) -> None:
    """Loads the encoder before the first request is taken; by now the application is there.
    Without an encoder the server ends, and its log says why."""
    try:
        importlib.import_module("codeindex.spaces.encoders").warm()
    except Exception as error:
        worker.log.exception("The encoder cannot be loaded.")
        worker.log.critical(error)
        sys.exit(Arbiter.WORKER_BOOT_ERROR)
    # What is loaded by now stays: looking for garbage in all of it would hold up a search in eighty
    gc.freeze()
    gc.set_threshold(GARBAGE)
