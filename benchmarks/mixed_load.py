"""The measurements of `python -m benchmarks.load`, which sets up Django."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread

import httpx
import numpy as np
import psutil
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from benchmarks.moving_clone import MovingClone
from codeindex import repositories, tasks
from codeindex.accounts import tokens
from codeindex.local_services import address
from codeindex.models import Definition, Embedding, IndexRun, Repository

HOST = "127.0.0.1"
BRANCH = "followed"
START_SECONDS, RUN_SECONDS = 300.0, 3_600.0
ALONE = 1 / 6
"""The share of the time in which nothing is indexed."""

WINDOW = 600.0
"""Seconds of a row of figures; a shorter run has three rows of each phase."""

SAMPLE_SECONDS = 15.0
COMMITS_A_FORK = 10
QUERIES = 400
KINDS: Sequence[tuple[str, dict[str, str], int]] = (
    ("/api/v1/search", {}, 50),
    ("/", {}, 25),
    ("/api/v1/search", {"lang": "python", "limit": "25"}, 10),
    ("/api/v1/lines", {}, 10),
    ("/api/v1/search", {"group": "file"}, 5),
)
"""Addresses with parameters, and how often of a hundred each is asked."""

SIGNS = {"web": "gunicorn", "reader": "reader_process", "postgres": "postgres"}
"""Programs, and what is in their command lines."""

TOLD = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class Row:
    """The requests of some seconds; latencies in milliseconds, of those that were answered."""

    phase: str
    minute: float
    requests: int
    median: float
    p95: float
    refused: int
    errors: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one program's processes together, in MB that they share with no others: when the indexing
    began, and at the end; and by a line through what lies between, MB more an hour."""

    program: str
    processes: int
    first: float
    last: float
    slope: float


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: by a token over REST, and by a session for pages."""

    token: str
    session: str


@dataclass(slots=True)
class Requests:
    """What clients note."""

    phase: str = "warm"
    lock: Lock = field(default_factory=Lock)
    noted: list[tuple[str, float, float, str]] = field(default_factory=list)
    """Phase, time, seconds, and how it ended: answered, refused or an error."""

    def note(self, began: float, ended: str) -> None:
        with self.lock:
            self.noted.append((self.phase, began, time.monotonic() - began, ended))


def measure(options: Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder, _installation() as process:
        clone = MovingClone(Path(folder) / "clone", options.repository.resolve())
        history = clone.history(options.commits)
        clone.point(BRANCH, history[0])
        owner = User.objects.create_superuser("load")
        followed = _registered(clone, owner, "followed")
        _wait_for(tasks.request_index(repository=followed, by=owner))
        _wait_until_refined()
        people = [_user(number) for number in range(options.clients)]
        connection.close()
        requests, stop = Requests(), Event()
        queries = _queries()
        clients = [
            Thread(target=_search, args=(requests, stop, person, queries, options.pause, seed))
            for seed, person in enumerate(people)
        ]
        memory: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
        sampler = Thread(target=_sample, args=(process.pid, memory, stop))
        for thread in (*clients, sampler):
            thread.start()
        try:
            _phases(options, requests, clone, history, followed)
        finally:
            stop.set()
            for thread in (*clients, sampler):
                thread.join()
        _report(options, requests, memory)


def _phases(
    options: Namespace,
    requests: Requests,
    clone: MovingClone,
    history: Sequence[str],
    followed: Repository,
) -> None:
    seconds = 60 * options.minutes
    time.sleep(min(60, seconds / 20))  # what was never asked is not in memory yet
    requests.phase = "alone"
    time.sleep(seconds * ALONE)
    requests.phase = "indexing"
    deadline = time.monotonic() + seconds * (1 - ALONE)
    pushed = 0
    for number, commit in enumerate(history[1:], start=1):
        if time.monotonic() > deadline:
            break
        clone.point(BRANCH, commit)
        _wait_for(tasks.request_index(repository=followed, by=followed.owner), deadline)
        pushed = number
        if number % COMMITS_A_FORK == 0:
            _fork(clone, followed.owner, deadline)
    left = deadline - time.monotonic()
    early = f", and then the history ended, {left / 60:.0f} minutes early" if left > 0 else ""
    print(f"{pushed} commits were indexed{early}", flush=True)


def _fork(clone: MovingClone, owner: User, deadline: float) -> None:
    """A fork that comes and goes: the content is known, so that it is rows alone."""
    fork = _registered(clone, owner, "fork")
    _wait_for(tasks.request_index(repository=fork, by=owner), deadline)
    repositories.remove(fork, by=owner)


@contextmanager
def _installation() -> Iterator[subprocess.Popen[bytes]]:
    """What `make run` starts."""
    command = [sys.executable, "-m", "codeindex.local_services"]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + START_SECONDS
            while not address.answers(HOST, _port(), settings.ALLOWED_HOSTS):
                if time.monotonic() > deadline or process.poll() is not None:
                    raise RuntimeError("The installation does not start.")
                time.sleep(1)
            yield process
        finally:
            process.terminate()


def _port() -> int:
    return int(settings.PORT)


def _registered(clone: MovingClone, owner: User, name: str) -> Repository:
    return repositories.register(
        url=str(clone.path), owner=owner, by=None, name=name, branch=BRANCH,
        visibility="internal", trusted_path=True,
    )  # fmt: skip


def _user(number: int) -> Person:
    user, browser = User.objects.create_user(f"client{number}"), Client()
    browser.force_login(user)
    session = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return Person(tokens.issue(user, "load", by=user), session)


def _wait_for(run: IndexRun, deadline: float | None = None) -> None:
    """Until the run has ended, or the deadline."""
    deadline = deadline or time.monotonic() + RUN_SECONDS
    while not run.finished and time.monotonic() < deadline:
        time.sleep(0.5)
        run.refresh_from_db()
    if run.error:
        raise RuntimeError(f"{run} failed: {run.error}")


def _wait_until_refined() -> None:
    """Searches are not alone before."""
    deadline = time.monotonic() + RUN_SECONDS
    while Embedding.objects.filter(draft=True).exists() and time.monotonic() < deadline:
        time.sleep(5)


def _queries() -> list[str]:
    """First sentences of docstrings, and names."""
    documented = Definition.objects.filter(docstring__regex=r"^\s*\S+(\s+\S+){2,12}\s*(\n|$)")
    texts = [" ".join(text.split()[:12]) for text in documented.values_list("docstring", flat=True)]
    names = Definition.objects.exclude(name="").values_list("name", flat=True)[:QUERIES]
    chosen = random.Random(0).sample(sorted(set(texts)), min(QUERIES, len(set(texts))))
    connection.close()
    return [*chosen, *names]


def _search(
    requests: Requests, stop: Event, person: Person, queries: Sequence[str], pause: float, seed: int
) -> None:
    """One client: asks, waits as long as a person or a program would, and asks again."""
    choose = random.Random(seed)
    kinds, weights = list(KINDS), [weight for _, _, weight in KINDS]
    token = {"Authorization": f"Token {person.token}"}
    session = {settings.SESSION_COOKIE_NAME: person.session}
    base = f"http://{HOST}:{_port()}"
    with httpx.Client(base_url=base, cookies=session, timeout=60, trust_env=False) as client:
        while not stop.is_set():
            ((path, parameters, _),) = choose.choices(kinds, weights)
            asked = {"q": choose.choice(queries), **parameters}
            began = time.monotonic()
            try:
                headers = token if path.startswith("/api/") else {}
                response = client.get(path, params=asked, headers=headers)
                requests.note(began, _ended(path, response))
            except httpx.HTTPError as error:
                requests.note(began, f"{path}: {type(error).__name__}")
            stop.wait(choose.expovariate(1 / pause))


def _ended(path: str, response: httpx.Response) -> str:
    if response.status_code == httpx.codes.OK:
        return "answered"
    is_told = response.status_code in TOLD and "Retry-After" in response.headers
    return "refused" if is_told else f"{path}: {response.status_code}"


def _sample(
    launcher: int, memory: dict[tuple[str, int], list[tuple[float, float]]], stop: Event
) -> None:
    """MB that each process shares with no other, over time."""
    while not stop.wait(SAMPLE_SECONDS):
        for process in psutil.Process(launcher).children(recursive=True):
            try:
                used = process.memory_full_info().uss / 1e6
                memory[_program(process), process.pid].append((time.monotonic(), used))
            except psutil.Error:
                continue  # it has ended


def _program(process: psutil.Process) -> str:
    words = process.cmdline()
    for name in ("ingest", "light", "embed", "beat"):
        if name in words or f"{name}@%h" in words:
            return name
    for name, sign in SIGNS.items():
        if any(sign in word for word in words):
            return name
    return Path(words[0]).name if words else "?"


def _report(
    options: Namespace,
    requests: Requests,
    memory: dict[tuple[str, int], list[tuple[float, float]]],
) -> None:
    rows = list(_rows(requests, min(WINDOW, 60 * options.minutes * ALONE / 3)))
    for row in rows:
        print(
            f"{row.phase:9} minute {row.minute:5.1f}: {row.requests:6,} requests, median"
            f" {row.median:6.1f} ms, p95 {row.p95:7.1f} ms, {row.refused} refused,"
            f" {row.errors} errors"
        )
    memories = list(_memories(memory))
    for each in memories:
        print(
            f"{each.program:10} {each.processes} processes, {each.first:7.1f} MB at first,"
            f" {each.last:7.1f} MB at the end, {each.slope:+7.1f} MB an hour"
        )
    alone, beside = (_p95(requests, phase) for phase in ("alone", "indexing"))
    print(f"p95 {alone:.1f} ms alone, {beside:.1f} ms beside indexing: {beside / alone:.2f} times")
    own = [row for row in rows if row.phase == "indexing" and row.median]
    print(f"p95 at the end: {own[-1].p95 / own[0].p95:.2f} times that of the beginning")
    ends = (ended for _, _, _, ended in requests.noted)
    errors = Counter(ended for ended in ends if ended not in ("answered", "refused"))
    print(f"errors: {dict(errors) or 'none'}")
    if options.record:
        figures = {
            "minutes": options.minutes,
            "clients": options.clients,
            "rows": [asdict(row) for row in rows],
            "memory": [asdict(each) for each in memories],
            "p95": {"alone": alone, "indexing": beside},
            "errors": dict(errors),
        }
        with options.record.open("a") as file:
            file.write(json.dumps(figures) + "\n")


def _p95(requests: Requests, phase: str) -> float:
    """Milliseconds, of what was answered."""
    answered = [
        taken for own, _, taken, ended in requests.noted if own == phase and ended == "answered"
    ]
    return 1_000 * float(np.percentile(answered, 95))


def _rows(requests: Requests, window: float) -> Iterator[Row]:
    for phase in ("alone", "indexing"):
        noted = [each for each in requests.noted if each[0] == phase]
        if not noted:
            continue
        began = min(start for _, start, _, _ in noted)
        parts = defaultdict(list)
        for _, start, taken, ended in noted:
            parts[int((start - began) / window)].append((taken, ended))
        for part, own in sorted(parts.items()):
            answered = [1_000 * taken for taken, ended in own if ended == "answered"]
            median, p95 = np.percentile(answered, [50, 95]) if answered else (0.0, 0.0)
            refused = sum(ended == "refused" for _, ended in own)
            yield Row(
                phase, part * window / 60, len(own), float(median), float(p95), refused,
                len(own) - len(answered) - refused,
            )  # fmt: skip


def _memories(memory: dict[tuple[str, int], list[tuple[float, float]]]) -> Iterator[Memory]:
    """The processes that lived for half of the time or longer, by their programs; the line leaves
    out the first third, in which caches fill."""
    longest = max(map(len, memory.values()), default=0)
    programs = defaultdict(list)
    for (program, _), samples in memory.items():
        if len(samples) >= max(2, longest / 2):
            programs[program].append(samples)
    for program, every in sorted(programs.items()):
        later = [samples[len(samples) // 3 :] for samples in every]
        slopes = [_slope(samples) for samples in later]
        yield Memory(
            program, len(every),
            sum(samples[0][1] for samples in later), sum(samples[-1][1] for samples in later),
            sum(slopes),
        )  # fmt: skip


def _slope(samples: Sequence[tuple[float, float]]) -> float:
    """MB an hour."""
    if len(samples) < 3:
        return 0.0
    times, values = zip(*samples, strict=True)
    return 3_600 * float(np.polyfit(times, values, 1)[0])
