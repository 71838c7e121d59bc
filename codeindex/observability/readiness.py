"""Whether this process can answer searches: its database, the migrations, the broker, the model.

Each check runs in a thread of its own, so that a check that hangs delays no probe for longer than
`SECONDS`; it is not started again while it runs. Results are kept for a moment, so that frequent
probes cost nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import dataclass
from threading import Lock
from types import MappingProxyType

from django.db import DatabaseError, InterfaceError, connection

import embeddings
from codeindex.databases import migrations
from codeindex.observability import queues
from codeindex.spaces import encoders

SECONDS = 2.0
KEPT_SECONDS = 1.0

SILENT = f"does not answer within {SECONDS:.0f} seconds"


@dataclass(frozen=True, slots=True)
class State:
    """The name of a check, and why it is not ready; empty if it is."""

    name: str
    problem: str

    @property
    def is_ready(self) -> bool:
        return not self.problem


Check = Callable[[], str]
"""Returns a problem, or an empty string."""


def database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError) as error:
        return f"cannot be used: {_first_line(error)}"
    finally:
        connection.close()
    return ""


class Migrations:
    """Reads the database until all migrations are applied, and never after that."""

    def __init__(self) -> None:
        self._are_applied = False

    def __call__(self) -> str:
        if self._are_applied:
            return ""
        try:
            missing = migrations.unapplied()
        except (DatabaseError, InterfaceError) as error:
            return f"cannot be read: {_first_line(error)}"
        finally:
            connection.close()
        self._are_applied = not missing
        return (
            f"are not all applied ({len(missing)} missing): run `manage.py migrate`"
            if missing
            else ""
        )


def broker() -> str:
    return "" if queues.lengths() is not None else "cannot be reached"


def model() -> str:
    """Loads the model if no search has done so yet."""
    try:
        encoders.searcher.encoder([])
    except embeddings.EncoderUnavailable as reason:
        return f"cannot be loaded: {reason}"
    finally:
        connection.close()
    return ""


CHECKS: Mapping[str, Check] = MappingProxyType(
    {"database": database, "migrations": Migrations(), "broker": broker, "model": model}
)


class Readiness:
    """The checks of a process, by their names."""

    def __init__(self, checks: Mapping[str, Check] = CHECKS, seconds: float = SECONDS) -> None:
        self._checks, self._seconds = checks, seconds
        self._threads = ThreadPoolExecutor(len(checks), "readiness")
        self._lock = Lock()
        self._asked: dict[str, tuple[float, Future[str]]] = {}

    def states(self, excluded: Collection[str] = ()) -> list[State]:
        """The state of each check but those that are excluded, within `seconds`."""
        wanted = [name for name in self._checks if name not in excluded]
        answers = {name: self._answer(name) for name in wanted}
        deadline = time.monotonic() + self._seconds
        return [State(name, _problem(answer, deadline)) for name, answer in answers.items()]

    def _answer(self, name: str) -> Future[str]:
        """The answer that is outstanding or still fresh, otherwise a new one."""
        with self._lock:
            began, answer = self._asked.get(name, (0.0, None))
            now = time.monotonic()
            if answer is None or (answer.done() and now - began > KEPT_SECONDS):
                answer = self._threads.submit(self._checks[name])
                self._asked[name] = now, answer
            return answer


def _problem(answer: Future[str], deadline: float) -> str:
    try:
        return answer.result(max(0.0, deadline - time.monotonic()))
    except Late:
        return SILENT
    except Exception as error:  # whatever makes a check fail is the problem
        return f"{type(error).__name__}: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]


readiness = Readiness()
