"""The broker as organisations have it: with TLS, passwords and rights, and behind Sentinels, where
one server takes over from another in the middle of work."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import pytest
import redis

from tests.git import GitRepository
from tests.journeys.installation import ONE_OF_EACH, WITHOUT_LIMITS, Browser, Installation, until
from tests.topology import postgres, programs
from tests.topology.authority import Authority
from tests.topology.codeindexes import SHOP, Codeindex
from tests.topology.postgres import Server

USER, PASSWORD = "indexer", "brokers-secret"

RIGHTS = f"user {USER} on >{PASSWORD} ~* &* +@all -@admin -@dangerous +info"
"""What codeindex needs."""

USED = """
from codeindex.accounts.limits import counts
from codeindex.celery import app
from codeindex.observability import queues
app.send_task("codeindex.tasks.sweep", queue="light")
store = counts.apply(lambda store: store.incr("tests", 60) and type(store).__name__)
print(queues.lengths()["light"], store)
"""
"""Sends a task, and counts a request."""


@dataclass(frozen=True)
class Broker:
    port: int
    folder: Path


@contextmanager
def started(*lines: str, port: int = 0, options: tuple[str, ...] = ()) -> Iterator[Broker]:
    """A server with the lines of a configuration, on a port."""
    program = programs.program("valkey-server", "redis-server")
    port = port or programs.free_port()
    with programs.folder() as folder:
        configuration = folder / "server.conf"
        own = [f"dir {folder}", "bind 127.0.0.1", "daemonize no"]
        configuration.write_text("\n".join([*own, *lines]) + "\n")
        programs.give(configuration)
        with programs.running([program, configuration, *options], port, folder / "log"):
            yield Broker(port, folder)


def codeindex(home: Path, broker: str, **more: str) -> Codeindex:
    """Commands that use no database."""
    return Codeindex(home, {"DATABASE_URL": "postgres://none", "BROKER_URL": broker, **more})


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    with programs.folder() as folder:
        yield Authority(folder)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres.started(postgres.oldest()) as server:
        server.make_database()
        yield server


@pytest.fixture(scope="module")
def guarded(authority: Authority) -> Iterator[Broker]:
    """Speaks TLS alone, and lets one user in."""
    pair, port = authority.server(), programs.free_port()
    lines = [
        *("port 0", f"tls-port {port}", "tls-auth-clients no", "user default off", RIGHTS),
        *(f"tls-cert-file {pair.certificate}", f"tls-key-file {pair.key}"),
        f"tls-ca-cert-file {authority.certificate}",
    ]
    with started(*lines, port=port) as broker:
        yield broker


def test_a_broker_with_tls_and_rights_is_used_by_tasks_and_counts(
    guarded: Broker, authority: Authority, tmp_path: Path
) -> None:
    url = f"rediss://{USER}:{PASSWORD}@localhost:{guarded.port}/0"
    own = codeindex(tmp_path, url, SSL_CERT_FILE=str(authority.certificate))
    assert own.command("shell", "-c", USED).split()[-2:] == ["1", "RedisStorage"]


def test_a_broker_of_another_authority_is_refused(guarded: Broker, tmp_path: Path) -> None:
    url = f"rediss://{USER}:{PASSWORD}@localhost:{guarded.port}/0"
    asked = "from codeindex.celery import app; app.connection().ensure_connection(max_retries=1)"
    refused = codeindex(tmp_path, url).try_command("shell", "-c", asked)
    assert "CERTIFICATE_VERIFY_FAILED" in refused.stderr


def test_a_cluster_is_refused(server: Server, tmp_path: Path) -> None:
    asked = "from codeindex.local_services.servers import external; external.await_ready()"
    port = programs.free_port()
    with started("cluster-enabled yes", f"port {port}", port=port):
        services = {"DATABASE_URL": server.url(), "BROKER_URL": f"redis://127.0.0.1:{port}"}
        refused = Codeindex(tmp_path, services).try_command("shell", "-c", asked)
    assert "The broker at BROKER_URL is a cluster" in refused.stderr
    named = codeindex(tmp_path, "redis://one:6379,two:6379").try_command("check")
    assert "it names several servers" in named.stderr


@contextmanager
def sentinels() -> Iterator[tuple[Broker, Broker, str]]:
    """A primary, a replica that takes over, and the URL of the Sentinel that decides it."""
    password = f"requirepass {PASSWORD}"
    with ExitStack() as stack:
        first_port, second_port, port = (programs.free_port() for _ in range(3))
        first = stack.enter_context(
            started(f"port {first_port}", password, f"masterauth {PASSWORD}", port=first_port)
        )
        second = stack.enter_context(
            started(
                *(f"port {second_port}", password, f"masterauth {PASSWORD}"),
                f"replicaof 127.0.0.1 {first_port}",
                port=second_port,
            )
        )
        stack.enter_context(
            started(
                *(f"port {port}", "protected-mode no"),
                f"sentinel monitor queues 127.0.0.1 {first_port} 1",
                f"sentinel auth-pass queues {PASSWORD}",
                "sentinel down-after-milliseconds queues 1000",
                "sentinel failover-timeout queues 5000",
                port=port,
                options=("--sentinel",),
            )
        )
        yield first, second, f"sentinel://:{PASSWORD}@127.0.0.1:{port}/0"


def test_nothing_is_lost_when_another_server_takes_over(server: Server, tmp_path: Path) -> None:
    repository = GitRepository.made(tmp_path / "shop")
    repository.commit(dict(SHOP))
    with sentinels() as (first, second, url):
        settings = {
            "DATABASE_URL": server.url(),
            "BROKER_URL": url,
            "CODEINDEX_SENTINEL_MASTER": "queues",
        }
        installation = Installation(tmp_path / "home", **settings, **WITHOUT_LIMITS, **ONE_OF_EACH)
        commands = Codeindex(tmp_path / "home", settings)
        installation.start()
        try:
            browser = installation.browser()
            browser.submit("/account/login/", username="admin", password=installation.password)
            commands.command("index", str(repository.path))
            replica = redis.Redis(port=second.port, password=PASSWORD)
            until(lambda: replica.info("replication")["master_link_status"] == "up")
            with searching(browser) as statuses:
                repository.commit(more_files())
                commands.command("index", str(repository.path), "--detach")
                os.kill(pid_of(first), signal.SIGKILL)
                until(lambda: replica.info("replication")["role"] == "master", 60)
                until(lambda: "find_42" in browser.get("/", q="find_42").text, 120)
            assert set(statuses) == {200}
            assert commands.command("shell", "-c", USED).split()[-1] == "RedisStorage"
            workers = browser.get("/administration/workers/").text
            assert "ingest" in workers
        finally:
            installation.interrupt()


def more_files() -> dict[str | bytes, str | bytes | None]:
    return {f"part_{n}.py": f"def find_{n}(shelf):\n    return shelf[{n}]\n" for n in range(50)}


def pid_of(broker: Broker) -> int:
    return int(redis.Redis(port=broker.port, password=PASSWORD).info("server")["process_id"])


@contextmanager
def searching(browser: Browser) -> Iterator[list[int]]:
    """Searches go on during the block; their statuses."""
    statuses: list[int] = []
    done = Event()

    def search() -> None:
        while not done.wait(0.2):
            statuses.append(browser.get("/", q="receipt by mail").status)

    thread = Thread(target=search)
    thread.start()
    try:
        yield statuses
    finally:
        done.set()
        thread.join()
