"""Two of everything, of which each is stopped, killed, started and upgraded while searches run."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from codeindex.local_services import state_folder
from codeindex.local_services.servers import private
from codeindex.local_services.servers.postgres import Durability
from codeindex.local_services.state import DATABASE, State
from tests.embeddings import tiny
from tests.git import GitRepository
from tests.journeys.installation import PROJECT, WITHOUT_LIMITS
from tests.topology import processes
from tests.topology.codeindexes import Codeindex
from tests.topology.processes import Searches, Service, WebServer, until
from tests.topology.test_killed_worker import source

FILES = 60
GRACE_SECONDS = 10.0
"""Within which every service ends that is told to."""


@dataclass
class Organisation:
    """The installation, its services, and the repository that it indexes."""

    codeindex: Codeindex
    web: list[WebServer]
    workers: dict[str, Service]
    beat: Service
    shop: GitRepository

    @property
    def services(self) -> list[Service]:
        return [*self.web, *self.workers.values(), self.beat]

    def query(self, statement: str) -> list[tuple[object, ...]]:
        host = str(State(self.codeindex.home).sockets)
        with psycopg.connect(host=host, user=DATABASE, dbname=DATABASE) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def has(self, condition: str) -> bool:
        """Whether a row of `table WHERE …` is there."""
        return bool(self.query(f"SELECT 1 FROM {condition} LIMIT 1"))

    def show(self, first: int, last: int) -> None:
        """Commits more files, and asks for an index run."""
        self.shop.commit({f"part{n}.py": source(n) for n in range(first, last)})
        self.codeindex.command("index", "--detach", str(self.shop.path))

    @contextmanager
    def held_up(self, table: str) -> Iterator[Callable[[], None]]:
        """Nobody writes to a table in the block; yields a function that returns when somebody
        wants to, and so is in the middle of something."""
        host = str(State(self.codeindex.home).sockets)
        waiting = f"pg_locks WHERE NOT granted AND relation = '{table}'::regclass"
        with psycopg.connect(host=host, user=DATABASE, dbname=DATABASE) as holder:
            holder.execute(f"LOCK TABLE {table} IN SHARE MODE")
            yield lambda: until(lambda: self.has(waiting), f"nobody writes to {table}")
            holder.rollback()

    def renew(self, names: dict[str, signal.Signals | None], project: Path) -> dict[str, float]:
        """Ends workers by their signals, and starts them from another folder; after how many
        seconds each had ended."""
        took = {}
        for name, number in names.items():
            took[name] = self.workers[name].stop(number)
            self.workers[name].project = project
            self.workers[name].start()
        return took

    def await_index(self, commit: str) -> None:
        live = f"""codeindex_branch AS branch JOIN codeindex_indexrun AS run
            ON run.id = live_run_id WHERE commit = '{commit}' AND finished IS NOT NULL"""
        until(lambda: self.has(live), f"not indexed: {self.query(RUNS)}")


RUNS = "SELECT id, status, error, files_read, files FROM codeindex_indexrun"


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    folder = tmp_path_factory.mktemp("rolling")
    (folder / "model").mkdir()
    (folder / "checkpoint").mkdir()
    shop = GitRepository.made(folder / "allowed/shop")
    home = folder / "home"
    home.mkdir(mode=0o700)
    codeindex = Codeindex(
        home,
        {
            "CODEINDEX_CHECKPOINT": str(
                tiny.checkpoint(folder / "checkpoint", tiny.bert(folder / "model"))
            ),
            "CODEINDEX_LOCAL_ROOTS": str(folder / "allowed"),
            "CODEINDEX_LEASE_SECONDS": "5",
            "CODEINDEX_SWEEP_SECONDS": "2",
            **WITHOUT_LIMITS,
        },
    )
    organisation = Organisation(
        codeindex,
        [processes.web_server(f"web{n}", codeindex, PROJECT) for n in (1, 2)],
        {
            f"{queue}{n}": processes.worker(queue, n, codeindex, PROJECT)
            for queue, numbers in (("ingest", (1, 2)), ("embed", (1, 2)), ("light", (1,)))
            for n in numbers
        },
        processes.beat(codeindex, PROJECT),
        shop,
    )
    state = State(home)
    with state_folder.locked(state), private.started(state, Durability.DISPOSABLE):
        codeindex.command("migrate")
        with processes.ended(organisation.services):
            for service in organisation.services:
                service.start()
            organisation.show(0, 10)
            organisation.query("UPDATE codeindex_repository SET visibility = 'public'")
            organisation.await_index(shop.git("rev-parse", "HEAD"))
            for server in organisation.web:
                server.await_open()
            yield organisation


@pytest.fixture(scope="module")
def newer(organisation: Organisation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone with another commit: another version."""
    clone = tmp_path_factory.mktemp("newer") / "codeindex"
    subprocess.run(
        ["git", "-c", "safe.directory=*", "clone", "--quiet", PROJECT, clone], check=True
    )
    repository = GitRepository(clone)
    repository.commit({"newer.txt": "newer"})
    return clone


def test_a_rolling_upgrade_loses_no_search(organisation: Organisation, newer: Path) -> None:
    with Searches(organisation.web, [f"price_{n}" for n in range(10)]) as searches:
        for server in organisation.web:
            assert server.stop() < GRACE_SECONDS
            server.project = newer
            server.start()
            server.await_open()
        searches.kill(organisation.web[0])
        organisation.web[0].start()
        organisation.web[0].await_open()
        organisation.web[1].reload()
    assert searches.faults == []
    assert searches.answers["200"] > 20


def test_an_index_is_complete_whoever_is_stopped_or_killed(
    organisation: Organisation, newer: Path
) -> None:
    took: dict[str, float] = {}
    with Searches(organisation.web, [f"price_{n}" for n in range(10)]) as searches:
        with organisation.held_up("codeindex_text") as somebody_writes:
            organisation.show(10, FILES)
            somebody_writes()
            took |= organisation.renew(
                {"ingest1": None, "ingest2": signal.SIGKILL, "light1": None}, newer
            )
        with organisation.held_up("codeindex_embedding") as somebody_writes:
            somebody_writes()
            took |= organisation.renew({"embed1": None, "embed2": signal.SIGKILL}, newer)
        took["beat"] = organisation.beat.stop()
        organisation.beat.project = newer
        organisation.beat.start()
        organisation.await_index(organisation.shop.git("rev-parse", "HEAD"))
    assert searches.faults == []
    assert max(took.values()) < GRACE_SECONDS, took
    ((definitions,),) = organisation.query(
        "SELECT count(*) FROM codeindex_sourcefile JOIN codeindex_definition USING (blob_id)"
        " WHERE live"
    )
    assert definitions == 4 * FILES
    assert not organisation.has("codeindex_embedding WHERE state <> 'ready' OR lease IS NOT NULL")
    assert not organisation.has("codeindex_indexrun WHERE status = 'failed' OR lease IS NOT NULL")


def test_a_request_in_flight_is_answered_before_the_server_ends(
    organisation: Organisation,
) -> None:
    """The slow request waits for a lock that the test holds on a table."""
    server = organisation.web[1]
    found: list[list[str]] = []
    asking = threading.Thread(target=lambda: found.append(processes.names_found(server, "price_1")))
    host = str(State(organisation.codeindex.home).sockets)
    with psycopg.connect(host=host, user=DATABASE, dbname=DATABASE) as holder:
        holder.execute("LOCK TABLE codeindex_definition IN ACCESS EXCLUSIVE MODE")
        asking.start()
        until(lambda: organisation.has("pg_locks WHERE NOT granted"), "nothing waits")
        stopping = threading.Thread(target=lambda: took.append(server.stop()))
        took: list[float] = []
        stopping.start()
        time.sleep(4)
        holder.rollback()
    asking.join(30)
    stopping.join(30)
    assert found
    assert "price_1" in found[0]
    assert 4 <= took[0] < GRACE_SECONDS
    server.start()
    server.await_open()


def test_the_doctor_finds_nothing_wrong_but_another_version(
    organisation: Organisation, newer: Path
) -> None:
    parts = [f"--only={part}" for part in ("database", "broker", "workers", "index")]
    done = organisation.codeindex.try_command("doctor", "--json", *parts)
    told = json.loads(done.stdout)
    assert [finding["what"] for finding in told if finding["weight"] == "problem"] == []
    assert any("run another version" in finding["what"] for finding in told)
