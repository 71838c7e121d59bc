"""The database is migrated while an older version serves, and from the first tables with data."""

from __future__ import annotations

import subprocess
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
from tests.topology.codeindexes import SHOP, Codeindex
from tests.topology.processes import Searches

BEFORE = "codeindex/migrations/0047_bitbucket_server.py"
"""The last migration of the older version. It came with the version that is checked out."""

FIRST = "0004_indexes"
"""The last migration of the first version."""


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the commit that brought the migration `BEFORE`."""
    clone = tmp_path_factory.mktemp("older") / "codeindex"
    git = ["git", "-c", "safe.directory=*"]
    subprocess.run([*git, "clone", "--quiet", PROJECT, clone], check=True)
    log = [*git, "-C", str(clone), "log", "--format=%H", "--diff-filter=A", "--", BEFORE]
    told = subprocess.run(log, check=True, capture_output=True, text=True).stdout.split()
    if not told:
        pytest.skip("the history of this clone does not reach back to the older version")
    subprocess.run([*git, "-C", clone, "checkout", "--quiet", told[0]], check=True)
    return clone


def test_searches_go_on_while_the_database_is_migrated(tmp_path: Path, older: Path) -> None:
    for name in ("model", "checkpoint"):
        (tmp_path / name).mkdir()
    checkpoint = tiny.checkpoint(tmp_path / "checkpoint", tiny.bert(tmp_path / "model"))
    shop = GitRepository.made(tmp_path / "shop")
    shop.commit({**SHOP})
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    settings = {"CODEINDEX_CHECKPOINT": str(checkpoint), **WITHOUT_LIMITS}
    now = Codeindex(home, settings)
    before = Codeindex(home, settings, older)
    state = State(home)
    with state_folder.locked(state), private.started(state, Durability.DISPOSABLE):
        before.command("index", str(shop.path))
        with psycopg.connect(host=str(state.sockets), user=DATABASE, dbname=DATABASE) as rows:
            rows.execute("UPDATE codeindex_repository SET visibility = 'public'")
        server = processes.web_server("web", now, older)
        with processes.ended([server]):
            server.start()
            server.await_open()
            with Searches([server], ["parse_price", "send_receipt"]) as searches:
                now.command("migrate")
            # The older version goes on working with the newer tables
            assert processes.names_found(server, "total")[0] == "total"
            shop.commit({"more.py": "def refund(amount):\n    return -amount\n"})
            before.command("index", str(shop.path))
            assert "refund" in processes.names_found(server, "refund")
        assert now.names("refund")[0] == "refund"
        # The older version also removes what newer tables refer to
        shop.commit({"more.py": "def refund(amount):\n    return 0 - amount\n"})
        now.command("index", str(shop.path))
        before.command("shell", "--command", REMOVED)
    assert searches.faults == []
    assert searches.answers["200"] > 3


def test_the_first_tables_are_migrated_with_their_data(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    codeindex = Codeindex(home, {})
    state = State(home)
    with state_folder.locked(state), private.started(state, Durability.DISPOSABLE):
        codeindex.command("migrate", "auth")
        codeindex.command("migrate", "codeindex", FIRST)
        with psycopg.connect(host=str(state.sockets), user=DATABASE, dbname=DATABASE) as rows:
            rows.execute(DATA)
        codeindex.command("migrate")
        # Words that an older version has analysed are analysed again by the workers; names are
        # found at once
        found = codeindex.search("parse_price")["results"]
    assert [result["qualified_name"] for result in found] == ["parse_price"]


REMOVED = "from codeindex.models import Repository; Repository.objects.all().delete()"

DATA = """
INSERT INTO auth_user (username, password, is_superuser, is_staff, is_active, first_name,
    last_name, email, date_joined) VALUES ('alice', '!', true, true, true, '', '', '', now());
INSERT INTO codeindex_repository (owner_id, name, url, credential, visibility)
    SELECT id, 'shop', 'https://git.example.org/shop.git', '', 'private' FROM auth_user;
INSERT INTO codeindex_branch (repository_id, name) SELECT id, '' FROM codeindex_repository;
INSERT INTO codeindex_indexrun (branch_id, status, commit, error, timings, attempts, files,
    files_read, files_reused, files_broken, skips, definitions, texts, texts_reused, texts_ready,
    texts_failed, published, finished)
    SELECT id, 'published', repeat('a', 40), '', '{}', 1, 1, 1, 0, 0, '{}', 1, 1, 0, 0, 1, now(),
    now() FROM codeindex_branch;
UPDATE codeindex_branch SET live_run_id = (SELECT id FROM codeindex_indexrun);
INSERT INTO codeindex_blob (sha, language, content, skipped, broken, format_version)
    VALUES (repeat('b', 40), 'python', E'def parse_price(text):\n    return float(text)\n', '',
    false, 1);
INSERT INTO codeindex_text (hash, language, kind, body, words)
    VALUES (repeat('c', 64), 'python', 'function', 'def parse_price(text): ...',
    to_tsvector('english', 'parse price'));
INSERT INTO codeindex_definition (blob_id, text_id, kind, name, qualified_name, docstring,
    start_line, end_line)
    SELECT codeindex_blob.id, codeindex_text.id, 'function', 'parse_price', 'parse_price', '', 1, 2
    FROM codeindex_blob, codeindex_text;
INSERT INTO codeindex_sourcefile (branch_id, path, blob_id, from_run_id, live)
    SELECT branch_id, 'prices.py', codeindex_blob.id, codeindex_indexrun.id, true
    FROM codeindex_indexrun, codeindex_blob;
"""
