"""An installation of several processes of each kind, over a private PostgreSQL and Valkey, as on
several machines: each is started, stopped, killed and upgraded by itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Event, Lock, Thread
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import psutil

from codeindex.local_services.processes.children import child_command
from codeindex.local_services.processes.lifeline import PARENT_VARIABLE
from tests.topology.codeindexes import Codeindex
from tests.topology.programs import free_port

START_SECONDS = 240.0
CELERY = ("-m", "celery", "--app", "codeindex")


@dataclass
class Service:
    """One process with its children: `arguments` are of Python."""

    name: str
    arguments: Sequence[str]
    codeindex: Codeindex
    project: Path
    stop_signal: signal.Signals
    variables: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        log = self.codeindex.home / "logs"
        log.mkdir(exist_ok=True)
        with (log / f"{self.name}.log").open("ab") as output:
            self.process = subprocess.Popen(
                child_command([sys.executable, *self.arguments], death_signal=signal.SIGKILL),
                cwd=self.project,
                env=self.codeindex.environment(
                    **self.variables, **{PARENT_VARIABLE: str(os.getpid())}
                ),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def stop(self, number: signal.Signals | None = None) -> float:
        """Ends it; returns after how many seconds it had ended."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(number or self.stop_signal)
        self.process.wait(60)
        return time.monotonic() - began

    @property
    def log(self) -> str:
        return (self.codeindex.home / "logs" / f"{self.name}.log").read_text(errors="replace")


@dataclass
class WebServer(Service):
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_open(self) -> bool:
        """Whether it searches: every version does."""
        try:
            names_found(self, "open")
        except OSError:
            return False
        return True

    def reload(self) -> None:
        """Starts other processes behind the same port, and ends the old ones (SIGHUP)."""
        assert self.process is not None
        before = {child.pid for child in psutil.Process(self.process.pid).children()}
        self.process.send_signal(signal.SIGHUP)
        until(lambda: not any(map(psutil.pid_exists, before)), "the old processes do not end")
        self.await_open()

    def await_open(self) -> None:
        until(self.is_open, f"{self.name} does not answer: {self.log[-2000:]}")


def web_server(name: str, codeindex: Codeindex, project: Path) -> WebServer:
    port = free_port()
    arguments = ("-m", "gunicorn", "--config", "python:codeindex.webserver", "codeindex.wsgi")
    variables = {"PORT": str(port), "WEB_CONCURRENCY": "1"}
    return WebServer(name, arguments, codeindex, project, signal.SIGTERM, variables, port=port)


def worker(queue: str, number: int, codeindex: Codeindex, project: Path) -> Service:
    name = f"{queue}{number}"
    arguments = (*CELERY, "worker", "--queues", queue, "--hostname", f"{name}@test",
                 "--concurrency", "1", "--without-mingle")  # fmt: skip
    return Service(name, arguments, codeindex, project, signal.SIGQUIT)


def beat(codeindex: Codeindex, project: Path) -> Service:
    arguments = (*CELERY, "beat", "--pidfile=")
    return Service("beat", arguments, codeindex, project, signal.SIGTERM)


opener = build_opener(ProxyHandler({}))


class Searches:
    """Clients that search until the block ends. Like a proxy, each asks the other server if one
    refuses the connection; a connection that breaks is a fault unless its server was killed."""

    def __init__(self, servers: Sequence[WebServer], queries: Sequence[str]) -> None:
        self.answers: Counter[str] = Counter()
        self.faults: list[str] = []
        self.killed: dict[str, float] = {}
        self._servers, self._queries = servers, queries
        self._lock, self._done = Lock(), Event()
        self._threads = [Thread(target=self._search, args=(n,), daemon=True) for n in range(3)]

    def __enter__(self) -> Searches:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def kill(self, server: WebServer) -> None:
        self.killed[server.name] = time.monotonic()
        server.stop(signal.SIGKILL)

    def _search(self, seed: int) -> None:
        random = Random(seed)
        while not self._done.wait(0.05):
            query = random.choice(self._queries)
            servers = random.sample(self._servers, len(self._servers))
            answer, fault = self._ask(servers, query)
            with self._lock:
                self.answers[answer] += 1
                self.faults += [fault] if fault else []

    def _ask(self, servers: Sequence[WebServer], query: str) -> tuple[str, str]:
        for server in servers:
            try:
                names = names_found(server, query)
            except HTTPError as error:
                return str(error.code), f"{query} at {server.name}: {error.code}"
            except OSError as error:
                if _is_refused(error):
                    continue
                if time.monotonic() - self.killed.get(server.name, 0.0) < 10:
                    return "broken by a kill", ""
                return "broken", f"{query} at {server.name}: {error!r}"
            return "200", "" if names else f"{query} finds nothing at {server.name}"
        return "nobody", "no server accepts connections"


def names_found(server: WebServer, query: str) -> list[str]:
    asked = f"{server.address}/api/v1/search?{urlencode({'q': query})}"
    with opener.open(Request(asked), timeout=60) as answer:
        told: dict[str, Any] = json.load(answer)
    return [result["qualified_name"] for result in told["results"]]


def _is_refused(error: OSError) -> bool:
    reason = getattr(error, "reason", error)
    return isinstance(reason, ConnectionRefusedError)


def until(condition: Callable[[], object], words: str, seconds: float = START_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, words
        time.sleep(0.2)


@contextmanager
def ended(services: Sequence[Service]) -> Iterator[None]:
    """Ends what is left after the block."""
    try:
        yield
    finally:
        with ExitStack() as stack:
            for service in services:
                if service.process and service.process.poll() is None:
                    stack.callback(service.process.wait)
                    with suppress(ProcessLookupError):
                        os.killpg(service.process.pid, signal.SIGKILL)
