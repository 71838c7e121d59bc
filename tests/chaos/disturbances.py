"""Failures of an installation: processes killed or suspended, tasks lost or duplicated, the
broker's data lost, a full disk."""

from __future__ import annotations

import contextlib
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from xmlrpc.client import ServerProxy

import psutil
import psycopg
import redis
from celery import Celery
from supervisor.xmlrpc import SupervisorTransport

from tests.chaos.indexes import database
from tests.chaos.searching import Outages
from tests.journeys.installation import Installation

QUEUES = ("ingest", "light", "embed")
SERVICES = ("postgres", "valkey")
TEMPORARY_ERRORS = (psutil.NoSuchProcess, redis.RedisError, psycopg.OperationalError, OSError)

RECOVERY_SECONDS = {"database": 60.0, "web": 60.0}
"""Time within which a disturbed service must be available again."""

PAUSE = 7.0
"""How long a process is suspended, in seconds: longer than a lease."""

FULL_SECONDS = 5.0


class Disturber:
    """Disturbs an installation, and nothing else, at random, and counts what it did."""

    def __init__(
        self, installation: Installation, outages: Outages, random: Random, *, small_disk: bool
    ) -> None:
        self.done: Counter[str] = Counter()
        self.kills = 0
        self._installation, self._outages, self._random = installation, outages, random
        self._small_disk = small_disk

    def disturb(self) -> None:
        """One disturbance. It is not counted if its target was already down."""
        names = [name for name in KINDS if self._small_disk or name != "disk full"]
        name = self._random.choices(names, [KINDS[name][0] for name in names])[0]
        with contextlib.suppress(*TEMPORARY_ERRORS):
            if KINDS[name][1](self):
                self.done[name] += 1

    # Each disturbance returns whether it had a target

    def worker(self) -> bool:
        return self._kill(self._workers())

    def child_of_worker(self) -> bool:
        return self._kill(self._children(self._workers()))

    def held_up_child(self) -> bool:
        """Stopped for longer than a lease lasts; then it goes on, and must notice."""
        child = self._chosen(self._children(self._workers()))
        if child is None:
            return False
        child.suspend()
        time.sleep(PAUSE)
        with contextlib.suppress(psutil.NoSuchProcess):
            child.resume()
        return True

    def web(self) -> bool:
        self._expect("web")
        return self._kill([self._program("web")])

    def child_of_web(self) -> bool:
        self._expect("web")
        return self._kill(self._children([self._program("web")]))

    def beat(self) -> bool:
        return self._kill([self._program("beat")])

    def broker(self) -> bool:
        return self._kill([self._program("valkey")])

    def broker_and_its_data(self) -> bool:
        with self._broker() as broker:
            broker.flushall()
        return self._kill([self._program("valkey")])

    def database(self) -> bool:
        self._expect("database")
        return self._kill([self._program("postgres")])

    def database_quits(self) -> bool:
        self._expect("database")
        return self._kill([self._program("postgres")], signal.SIGQUIT)

    def backend(self) -> bool:
        """A process of PostgreSQL: the others restart, since it may have left a mess in memory."""
        self._expect("database")
        return self._kill(self._children([self._program("postgres")]))

    def tasks_lost(self) -> bool:
        with self._broker() as broker:
            return bool(broker.delete(*QUEUES))

    def tasks_doubled(self) -> bool:
        """Each message that waits is there twice, and each run is asked for twice more."""
        with self._broker() as broker:
            for queue in QUEUES:
                for message in broker.lrange(queue, 0, 50):
                    broker.lpush(queue, message)
        with database(self._installation) as connection:
            runs = connection.execute(LATEST_RUNS).fetchall()
        with Celery(broker=self._installation.state.broker_url) as celery:
            for run in runs * 2:
                celery.send_task("codeindex.tasks.index_run", run, queue="ingest")
            celery.send_task("codeindex.tasks.embed_pending", queue="embed")
        return True

    def full_disk(self) -> bool:
        """No byte is left for some seconds. PostgreSQL may end, and recover."""
        self._expect("database")
        filler = self._installation.state.folder / "filler"
        try:
            _fill(filler)
            time.sleep(FULL_SECONDS)
        finally:
            filler.unlink(missing_ok=True)
            self._expect("database")
        return True

    # On what

    def _program(self, name: str) -> psutil.Process | None:
        return self._programs().get(name)

    def _programs(self) -> dict[str, psutil.Process]:
        """What the supervisor keeps alive, and is alive now."""
        socket = f"unix://{self._installation.state.supervisor_socket}"
        with ServerProxy("http://localhost", SupervisorTransport("", "", socket)) as supervisor:
            told = supervisor.supervisor.getAllProcessInfo()
        return {row["name"]: psutil.Process(row["pid"]) for row in told if row["pid"]}

    def _workers(self) -> list[psutil.Process]:
        others = {"web", "beat", *SERVICES}
        return [process for name, process in self._programs().items() if name not in others]

    def _children(self, parents: Sequence[psutil.Process | None]) -> list[psutil.Process]:
        return [child for each in parents if each for child in each.children(recursive=True)]

    def _chosen(self, processes: Sequence[psutil.Process | None]) -> psutil.Process | None:
        alive = [process for process in processes if process]
        return self._random.choice(alive) if alive else None

    def _kill(
        self,
        processes: Sequence[psutil.Process | None],
        number: signal.Signals = signal.SIGKILL,
    ) -> bool:
        chosen = self._chosen(processes)
        if chosen is None:
            return False
        chosen.send_signal(number)  # psutil looks first whether the number is another's by now
        self.kills += 1
        return True

    def _broker(self) -> redis.Redis:
        return redis.Redis(
            unix_socket_path=str(self._installation.state.valkey_socket), socket_timeout=5
        )

    def _expect(self, what: str) -> None:
        self._outages.expect(what, RECOVERY_SECONDS[what])


def _fill(file: Path) -> None:
    """Writes until the disk is full."""
    with file.open("wb", buffering=0) as filler:
        for size in (1 << 20, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while filler.write(b"0" * size):
                    pass


LATEST_RUNS = "SELECT id FROM codeindex_indexrun ORDER BY id DESC LIMIT 5"

KINDS: dict[str, tuple[float, Callable[[Disturber], bool]]] = {
    "worker killed": (4, Disturber.worker),
    "worker's child killed": (8, Disturber.child_of_worker),
    "worker's child held up": (1, Disturber.held_up_child),
    "web killed": (1, Disturber.web),
    "web's child killed": (3, Disturber.child_of_web),
    "beat killed": (2, Disturber.beat),
    "Valkey killed": (2, Disturber.broker),
    "Valkey killed, its data lost": (2, Disturber.broker_and_its_data),
    "Postgres killed": (1, Disturber.database),
    "Postgres ended by SIGQUIT": (1, Disturber.database_quits),
    "a process of Postgres killed": (2, Disturber.backend),
    "tasks lost": (2, Disturber.tasks_lost),
    "tasks doubled": (2, Disturber.tasks_doubled),
    "disk full": (1, Disturber.full_disk),
}
"""What can happen, and how often beside the others."""
