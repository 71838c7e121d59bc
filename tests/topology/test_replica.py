"""A real replica answers searches, as long as it is there and not too far behind; what must hold at
once is asked of the primary."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Thread

import pytest

from codeindex.local_services.state import State
from tests.git import GitRepository
from tests.journeys.installation import until
from tests.topology import postgres
from tests.topology.codeindexes import SHOP, Codeindex, Searcher
from tests.topology.postgres import DATABASE, Server

PRICES = "how is an amount of money parsed"
LOGGED = {"log_statement": "all", "max_standby_streaming_delay": "0"}


@pytest.fixture(scope="module")
def primary() -> Iterator[Server]:
    with postgres.started(postgres.oldest(), {"autovacuum": "off"}) as server:
        server.make_database()
        yield server


@pytest.fixture(scope="module")
def replica(primary: Server) -> Iterator[Server]:
    with postgres.replicated(primary, LOGGED) as server:
        yield server


@pytest.fixture(scope="module")
def own(
    primary: Server, replica: Server, services: State, tmp_path_factory: pytest.TempPathFactory
) -> Codeindex:
    """An installation that has indexed a repository, and searches by the replica."""
    folder = tmp_path_factory.mktemp("replicated")
    repository = GitRepository.made(folder / "shop")
    repository.commit(dict(SHOP))
    settings = {
        "DATABASE_URL": primary.url(),
        "BROKER_URL": services.broker_url,
        "CODEINDEX_REPLICA_URL": replica.url(),
        "CODEINDEX_REPLICA_LAG_SECONDS": "20",
    }
    own = Codeindex(folder / "home", settings)
    own.command("migrate")
    own.command("index", str(repository.path))
    return own


@pytest.fixture(scope="module")
def searcher(own: Codeindex) -> Iterator[Searcher]:
    with own.searcher() as searcher:
        searcher.names(PRICES)  # loads the model
        yield searcher


def searched_by(server: Server, searcher: Searcher) -> bool:
    """Whether a search reads vectors from this server, and finds what it should."""
    log = server.folder / "log"
    before = log.read_text(errors="replace").count("codeindex_embedding")
    assert "parse_price" in searcher.names(PRICES)
    return log.read_text(errors="replace").count("codeindex_embedding") > before


def test_the_replica_answers(searcher: Searcher, replica: Server) -> None:
    assert searched_by(replica, searcher)


def test_a_lag_is_told_and_one_that_is_too_long_is_not_borne(
    searcher: Searcher, primary: Server, replica: Server
) -> None:
    replica.sql("SELECT pg_wal_replay_pause()")
    primary.sql("UPDATE codeindex_repository SET name = name", database=DATABASE)
    time.sleep(6)
    try:
        assert searched_by(replica, searcher)
        until(lambda: any("seconds may be missing" in line for line in searcher.told), 10)
        until(lambda: not searched_by(replica, searcher), 40, pause=1)
        assert any("The primary answers searches instead" in line for line in searcher.told)
    finally:
        replica.sql("SELECT pg_wal_replay_resume()")
    until(lambda: searched_by(replica, searcher), 20, pause=1)


def test_who_may_see_what_is_asked_of_the_primary(
    searcher: Searcher, primary: Server, replica: Server
) -> None:
    replica.sql("SELECT pg_wal_replay_pause()")
    try:
        hidden = "UPDATE codeindex_branch SET live_run_id = NULL"
        ((run,),) = primary.sql("SELECT live_run_id FROM codeindex_branch", database=DATABASE)
        primary.sql(hidden, database=DATABASE)
        assert searcher.names(PRICES) == []
        primary.sql(f"UPDATE codeindex_branch SET live_run_id = {run}", database=DATABASE)
    finally:
        replica.sql("SELECT pg_wal_replay_resume()")


SLOWLY = (
    "ALTER TABLE codeindex_embedding ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE codeindex_embedding FORCE ROW LEVEL SECURITY",
    "CREATE POLICY slowly ON codeindex_embedding USING (pg_sleep(0.3) IS NOT NULL)",
)
"""Makes a search take seconds."""

LOCKED = "BEGIN; LOCK TABLE codeindex_embedding IN ACCESS EXCLUSIVE MODE; COMMIT"
"""Cancels what reads the table on the replica, where replication waits for nothing."""

READING = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
"""Whether the replica is reading the table (`SLOWLY`)."""


def test_what_replication_cancels_is_asked_of_the_primary(
    searcher: Searcher, primary: Server, replica: Server
) -> None:
    until(lambda: searched_by(replica, searcher), 20, pause=1)
    primary.sql(*SLOWLY, database=DATABASE)
    until(lambda: replica.sql("SELECT count(*) FROM pg_policies", database=DATABASE) == [(1,)], 20)
    found: list[str] = []
    search = Thread(target=lambda: found.extend(searcher.names(PRICES)))
    search.start()
    until(lambda: replica.sql(f"SELECT EXISTS ({READING})") == [(True,)], 20)
    primary.sql(LOCKED, "DROP POLICY slowly ON codeindex_embedding", database=DATABASE)
    primary.sql("ALTER TABLE codeindex_embedding DISABLE ROW LEVEL SECURITY", database=DATABASE)
    search.join()
    assert "parse_price" in found
    assert "conflict with recovery" in (replica.folder / "log").read_text()
    assert searched_by(replica, searcher)


def test_without_the_replica_the_primary_answers(searcher: Searcher, replica: Server) -> None:
    replica.stop()
    assert "parse_price" in searcher.names(PRICES)
