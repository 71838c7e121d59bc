"""The product's web server on a free port, without rate limits."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings

from codeindex.local_services import address

HOST = "127.0.0.1"
START_SECONDS = 120.0
LIMITS = {"CODEINDEX_SEARCH_RATE": "100000/second", "CODEINDEX_SEARCHES_AT_ONCE": "64"}


@contextmanager
def running() -> Iterator[str]:
    """Its URL while the block runs. It uses the services that the environment names."""
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--config", "python:codeindex.webserver"]
    environment = os.environ | LIMITS | {"PORT": str(port), "CODEINDEX_HOST": HOST}
    with subprocess.Popen(
        [*command, "codeindex.wsgi"], cwd=settings.BASE_DIR, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            _wait(lambda: address.answers(HOST, port, settings.ALLOWED_HOSTS))
            yield f"http://{HOST}:{port}"
        finally:
            process.terminate()


def _wait(is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if time.monotonic() > deadline:
            raise RuntimeError("The web server does not answer.")
        time.sleep(0.2)
