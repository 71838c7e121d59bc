"""An installation whose every connection goes through pgbouncer in transaction mode, to three
sessions: nothing that it needs may be a session's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from codeindex.local_services.state import State
from tests.git import GitRepository
from tests.journeys.installation import ONE_OF_EACH, WITHOUT_LIMITS, Installation, until
from tests.topology import postgres, programs
from tests.topology.codeindexes import SHOP, Codeindex
from tests.topology.postgres import DATABASE, PASSWORD, ROLE, Server

SESSIONS = 3


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres.started(postgres.oldest(), access="md5") as server:
        server.make_database()
        yield server


@pytest.fixture(scope="module")
def pooler(server: Server) -> Iterator[int]:
    """The port of pgbouncer."""
    program = programs.program("pgbouncer")
    port = programs.free_port()
    with programs.folder() as folder:
        (folder / "users").write_text(f'"{ROLE}" "{PASSWORD}"\n')
        configuration = folder / "pgbouncer.ini"
        configuration.write_text(
            f"""
[databases]
{DATABASE} = host=127.0.0.1 port={server.port} dbname={DATABASE}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {folder / "users"}
pool_mode = transaction
default_pool_size = {SESSIONS}
max_client_conn = 200
admin_users = {ROLE}
"""
        )
        with programs.running([program, configuration], port, folder / "log"):
            yield port


def test_an_installation_indexes_and_answers_with_three_sessions(
    server: Server, pooler: int, tmp_path: Path, services: State
) -> None:
    repository = GitRepository.made(tmp_path / "shop")
    repository.commit(dict(SHOP))
    settings = {"DATABASE_URL": server.url(port=pooler), "BROKER_URL": services.broker_url}
    installation = Installation(tmp_path / "home", **settings, **WITHOUT_LIMITS, **ONE_OF_EACH)
    commands = Codeindex(tmp_path / "home", settings)
    installation.start()
    try:
        assert "definitions in 2 files" in commands.command("index", str(repository.path))
        browser = installation.browser()
        browser.submit("/account/login/", username="admin", password=installation.password)

        def finds() -> bool:
            return "parse_price" in browser.get("/", q="how is an amount of money parsed").text

        until(finds)
        answers: list[int] = []

        def ask() -> None:
            answers.extend(browser.get("/", q=f"receipt {n}").status for n in range(10))

        asking = [Thread(target=ask) for _ in range(8)]
        for each in asking:
            each.start()
        for each in asking:
            each.join()
        assert answers == [200] * 80
        assert browser.get("/administration/").status == 200
    finally:
        installation.interrupt()
    logs = "".join(each.read_text() for each in (tmp_path / "home/logs").glob("*.log"))
    assert "Traceback" not in logs
    sessions = f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{ROLE}'"
    assert server.sql(sessions)[0][0] <= SESSIONS


LOCKED_TWICE = """
from codeindex import locks
with locks.session("map") as first, locks.session("map") as second, locks.session("other") as other:
    print(first, second, other)
with locks.session("map") as again:
    print(again)
"""


def test_a_lock_is_held_by_nobody_else(
    server: Server, pooler: int, tmp_path: Path, services: State
) -> None:
    """A lock of a session would be held by whoever is given the same one."""
    settings = {"DATABASE_URL": server.url(port=pooler), "BROKER_URL": services.broker_url}
    printed = Codeindex(tmp_path, settings).command("shell", "-c", LOCKED_TWICE)
    assert printed.split()[-4:] == ["True", "False", "True", "True"]
