"""gunicorn's configuration: `gunicorn --config python:codeindex.webserver codeindex.wsgi`.

Each of its processes, WEB_CONCURRENCY of them, has threads and an encoder of its own."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys

from django.conf import settings
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

from codeindex.client import local_server
from codeindex.client.local_server import LocalServer
from codeindex.local_services import address, announcement
from codeindex.local_services.processes.lifeline import die_with_parent
from codeindex.local_services.state import CannotStart, State
from codeindex.observability.shared_values import VARIABLE, SharedValues

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codeindex.settings")
# Queries are short: a second torch thread gains nothing and takes a CPU from the database
os.environ.setdefault("OMP_NUM_THREADS", "1")

GC_THRESHOLD = 20_000
"""New objects before the garbage collector runs. A search creates some thousands, almost all of
which are gone when it ends."""

bind = address.authority(settings.CODEINDEX_HOST, settings.PORT)
worker_class = "codeindex.web.worker.WebWorker"
workers = settings.WEB_CONCURRENCY
threads = 8
timeout = 600
# Requests in flight have that long when the server is told to stop: all is over within ten seconds
graceful_timeout = 9
control_socket_disable = True
if settings.CODEINDEX_LOG_FORMAT == "json":
    # gunicorn's own lines, too
    logconfig_dict = {
        **settings.LOGGING,
        "loggers": {
            "gunicorn.error": {"level": "INFO", "propagate": True},
            "gunicorn.access": {"level": "INFO", "propagate": True},
        },
    }


_key = local_server.new_key()


def on_starting(server: Arbiter) -> None:
    """Chooses the folder in which the processes keep their metrics, before they are forked."""
    try:
        State(settings.CODEINDEX_HOME).make_folder()
        server.shared_values = SharedValues(settings.CODEINDEX_HOME / "metrics")
    except (CannotStart, OSError) as error:
        server.log.warning("Each process tells metrics of its own: %s", error)


def child_exit(server: Arbiter, worker: Worker) -> None:
    """Forgets what is true of a process only while it lives, such as its connections."""
    if os.environ.get(VARIABLE):
        importlib.import_module("prometheus_client.multiprocess").mark_process_dead(worker.pid)


def when_ready(server: Arbiter) -> None:
    """Tells commands of this machine where the server listens."""
    announced = _announced(server)
    if announced is None:
        return
    try:
        State(settings.CODEINDEX_HOME).make_folder()
        announcement.announce(settings.CODEINDEX_HOME, announced)
    except (CannotStart, OSError) as error:
        server.log.warning("Commands of this machine cannot find the server: %s", error)


def on_exit(server: Arbiter) -> None:
    announcement.withdraw(settings.CODEINDEX_HOME, _key)
    if shared_values := getattr(server, "shared_values", None):
        shared_values.remove()


def _announced(server: Arbiter) -> LocalServer | None:
    """None if it listens on no port."""
    addresses = [listener.cfg_addr for listener in server.LISTENERS]
    ports = [each for each in addresses if isinstance(each, tuple)]
    if not ports:
        return None
    headers = announcement.proxy_headers(
        settings.ALLOWED_HOSTS, behind_tls=settings.CODEINDEX_BEHIND_TLS
    )
    return LocalServer(address.url(*ports[0][:2]), _key, headers)


def post_fork(server: object, worker: Worker) -> None:
    """Ends the process when the server is killed, so that it does not keep the port."""
    die_with_parent(signal.SIGKILL, worker.ppid)


def post_worker_init(worker: Worker) -> None:
    """Loads the encoder before the first request. If that fails, the server stops and logs why."""
    try:
        importlib.import_module("codeindex.spaces.encoders").warm()
    except Exception as error:
        worker.log.exception("The encoder could not be loaded.")
        worker.log.critical(error)
        sys.exit(Arbiter.WORKER_BOOT_ERROR)
    # What is loaded by now stays: collecting garbage in all of it would delay one search in eighty
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
