"""A codeindex as `make run` starts it, and a browser to drive it with."""

from __future__ import annotations

import contextlib
import http.cookiejar
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from codeindex.local_services.processes import children
from codeindex.local_services.processes.accounts import Account
from codeindex.local_services.processes.children import child_command
from codeindex.local_services.state import State

PROJECT = Path(__file__).parents[2]

WITHOUT_LIMITS = {
    **{
        f"CODEINDEX_{what}_RATE": "1000000/second"
        for what in ("SEARCH", "ANONYMOUS_SEARCH", "ENCODE", "ANONYMOUS_ENCODE", "INDEX",
                     "LOGIN", "ADDRESS_LOGIN")
    },
    "CODEINDEX_SEARCHES_AT_ONCE": "64",
    "CODEINDEX_REPOSITORIES_PER_USER": "1000000",
}  # fmt: skip
"""So that requests are not refused before what is tried with them."""


ONE_OF_EACH = {"WEB_CONCURRENCY": "1", "CODEINDEX_WORKERS": "1"}
"""One process for each purpose: every process that searches or embeds takes seconds to load the
model."""


class Installation:
    """A state folder of its own on a port of its own; started, killed and started again.

    `project` is where the code lies, `account` who starts it, and `umask` what is kept from others
    in what it makes; by default all three are ours."""

    def __init__(
        self,
        home: Path,
        *,
        project: Path = PROJECT,
        account: Account | None = None,
        umask: int = -1,
        **variables: str,
    ) -> None:
        self.state = State(home)
        self.project = project
        self._account = account
        self._umask = umask
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.password = ""
        self._variables = {
            "DJANGO_SETTINGS_MODULE": "codeindex.settings",
            "CODEINDEX_HOME": str(home),
            "CODEINDEX_ENV_FILE": os.devnull,
            "PORT": str(self.port),
            "CODEINDEX_LEASE_SECONDS": "5",
            "CODEINDEX_SWEEP_SECONDS": "5",
            **variables,
        }

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | self._variables

    def start(self, until: str = "is ready at") -> None:
        """Returns when the launcher has said so much: by default that the page is open."""
        self.launcher = subprocess.Popen(
            child_command(
                [sys.executable, "-m", "codeindex.local_services"],
                account=self._account,
                death_signal=signal.SIGTERM,
            ),
            stdout=subprocess.PIPE,
            text=True,
            cwd=self.project,
            env=self.environment,
            umask=self._umask,
        )
        assert self.launcher.stdout is not None
        for line in self.launcher.stdout:
            if told := re.search(r"user admin, password (\S+)", line):
                self.password = told[1]
            if until in line:
                return
        raise AssertionError(f"the launcher ended with {self.launcher.wait()}")

    def interrupt(self) -> int:
        """Ctrl-C; returns the exit status."""
        self.launcher.send_signal(signal.SIGINT)
        return self.launcher.wait(60)

    def kill_everything(self) -> None:
        """As the system does when memory is short, and at worst: all at once."""
        launcher = psutil.Process(self.launcher.pid)
        for process in [launcher, *launcher.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):  # it died with its parent
                process.kill()
        self.launcher.wait()

    def pids(self, *words: str) -> set[int]:
        """Of its live processes whose command line holds all the words."""
        pids = set()
        for each in children.leftovers(self.state):
            with contextlib.suppress(psutil.NoSuchProcess):  # it may have ended since it was listed
                line = " ".join(each.cmdline())
                if all(word in line for word in words):
                    pids.add(each.pid)
        return pids

    def browser(self) -> Browser:
        return Browser(f"http://127.0.0.1:{self.port}")


@dataclass(frozen=True)
class Page:
    status: int
    url: str
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Browser:
    """Follows redirects, keeps cookies and fills in forms."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self._cookies)
        )

    def get(self, path: str, **query: str) -> Page:
        return self._open(path + (f"?{urllib.parse.urlencode(query)}" if query else ""))

    def submit(self, path: str, *, to: str = "", **fields: str) -> Page:
        """Sends a form of the page at `path`, to another address if the form says so."""
        self.get(path)
        token = next(each.value for each in self._cookies if each.name == "csrftoken")
        return self._open(to or path, {"csrfmiddlewaretoken": str(token), **fields})

    def _open(self, path: str, fields: dict[str, str] | None = None) -> Page:
        data = None if fields is None else urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(self.root + path, data, {"Referer": self.root + path})
        try:
            answer = self._opener.open(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Page(answer.status, answer.url, answer.read().decode())


def until(condition: Callable[[], object], seconds: float = 120, pause: float = 0.1) -> None:
    """Waits for a condition; fails when it does not come true in time. A server that is being
    restarted refuses connections meanwhile."""
    deadline = time.monotonic() + seconds
    while not _holds(condition):
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(pause)


def _holds(condition: Callable[[], object]) -> bool:
    try:
        return bool(condition())
    except (OSError, psutil.NoSuchProcess):
        return False
