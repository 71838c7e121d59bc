"""The doctor finds what a test has broken, and nothing in what works."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as live_settings
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from codeindex import credentials
from codeindex.ingestion.cloning import mirrors
from codeindex.local_services.state import State
from codeindex.models import (
    Branch,
    Embedding,
    EmbeddingState,
    IndexRun,
    Repository,
    RunStatus,
    ScheduledTask,
    Space,
    Text,
    Upstream,
)
from codeindex.operations import checkup
from codeindex.operations.checkup import (
    Finding,
    broker,
    database,
    index,
    machine,
    model,
    security,
    workers,
)
from tests import shelf
from tests.shelf import Written

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DAY = timedelta(days=1)


def told(check: Callable[[], Iterator[Finding]]) -> str:
    return " ".join(finding.what for finding in check())


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def shop(alice: User) -> Repository:
    """A repository whose one definition has a vector."""
    shop = shelf.repository(alice)
    shelf.space()
    written = Written("def load(csv): return csv", "load", vector=(1, 0, 0, 0))
    shelf.put(shop, "load.py", written)
    return shop


def in_database() -> list[Finding]:
    """What is found there, but for what this machine's administrator has to give, and what all
    tests have switched off."""
    expected = ("huge pages", "autovacuum")
    return [
        finding for finding in database.examine() if not any(x in finding.what for x in expected)
    ]


class TestDatabase:
    def test_the_private_one_is_sound(self, shop: Repository) -> None:
        assert in_database() == []

    def test_a_migration_that_is_not_applied(self) -> None:
        execute("DELETE FROM django_migrations WHERE name = '0044_quality'")
        assert "1 migrations are not applied: codeindex.0044_quality" in told(database.examine)

    def test_an_index_that_is_missing(self) -> None:
        execute("DROP INDEX text_words")
        (finding,) = in_database()
        assert "text_words is missing" in finding.what
        assert finding.fix.startswith('CREATE INDEX CONCURRENTLY "text_words" ON')
        execute(finding.fix.replace("CONCURRENTLY", ""))
        assert in_database() == []

    def test_an_index_that_is_invalid(self) -> None:
        execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'text_words'::regclass")
        (finding,) = in_database()
        assert finding.fix == "REINDEX INDEX CONCURRENTLY text_words;"

    def test_settings_that_slow_searches(self) -> None:
        execute("SET LOCAL jit = on; SET LOCAL work_mem = '1MB'")
        found = told(database.examine)
        assert "jit is on." in found
        assert "work_mem is 1 MB." in found

    def test_a_database_that_nothing_vacuums(self) -> None:
        assert "autovacuum is off." in told(database.examine)


class TestBroker:
    def test_the_private_one_is_sound(self) -> None:
        assert told(broker.examine) == ""

    def test_one_that_forgets(self) -> None:
        client = redis.Redis(
            unix_socket_path=str(State(live_settings.CODEINDEX_HOME).valkey_socket)
        )
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            assert "maxmemory-policy is allkeys-lru" in told(broker.examine)
        finally:
            client.config_set("maxmemory-policy", "noeviction")

    def test_one_that_is_away(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("codeindex.observability.queues.lengths", lambda: None)
        assert "cannot be reached" in told(broker.examine)


class TestWorkers:
    def test_those_that_are_missing_and_a_beat_that_is_silent(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(workers, "ANSWER_SECONDS", 0.1)
        ScheduledTask.objects.create(name="sweep", sent_at=NOW - DAY)
        words = told(workers.examine)
        assert "beat has sent nothing" in words
        assert all(f"the queue {queue}." in words for queue in ("embed", "ingest", "light"))

    def test_a_worker_that_does_not_know_the_command(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def reply(command: str, **_: Any) -> list[dict[str, Any]]:
            older = {"embed@a": {"error": "KeyError('codeindex')"}}
            return [older] if command == workers.CONTROL else []

        monkeypatch.setattr(workers.app.control, "broadcast", reply)
        assert f"run another version than {workers.version()}: embed@a." in told(workers.examine)

    def test_a_clock_that_is_wrong(self) -> None:
        (finding,) = workers.skewed({"embed@a": 4.0, "embed@b": -90.0})
        assert finding.what == "The clock of embed@b differs from the database's by -90 s."
        assert abs(workers.seconds_ahead()) < 1


class TestMachine:
    @pytest.fixture
    def home(self, settings: Any, tmp_path: Path) -> Path:
        home = tmp_path / "home"
        home.mkdir(mode=0o700)
        (home / "secret_key").touch(mode=0o600)
        settings.CODEINDEX_HOME = home
        return home

    def test_this_one_is_sound(self, home: Path) -> None:
        assert told(machine.examine) == ""

    def test_a_full_disk(self, home: Path, settings: Any) -> None:
        settings.CODEINDEX_CLONE_BYTES = 2**50
        assert "are free on the disk of the state folder" in told(machine.examine)

    def test_commands_quote_paths(self, home: Path, settings: Any, tmp_path: Path) -> None:
        settings.CODEINDEX_HOME = home.rename(tmp_path / "my home")
        settings.CODEINDEX_HOME.chmod(0o755)
        assert [finding.fix for finding in machine.examine()] == [f"chmod 700 '{tmp_path}/my home'"]

    def test_a_folder_and_a_key_that_others_can_read(self, home: Path) -> None:
        home.chmod(0o755)
        (home / "secret_key").chmod(0o640)
        assert [finding.fix for finding in machine.examine()] == [
            f"chmod 700 {home}", f"chmod 600 {home / 'secret_key'}"
        ]  # fmt: skip

    def test_no_git(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        assert told(machine.examine) == "git does not run."


class TestSecurity:
    def test_stored_credentials_of_another_key(self, shop: Repository, settings: Any) -> None:
        Repository.objects.update(credential=credentials.encrypt("secret"))
        assert told(security.examine) == ""
        settings.SECRET_KEY = "another that is long enough not to be found for itself"
        assert told(security.examine) == "Some stored credentials cannot be decrypted."

    def test_the_recommended_settings_are_clean(self, tmp_path: Path) -> None:
        recommended = {
            "CODEINDEX_BEHIND_TLS": "true",
            "ALLOWED_HOSTS": "code.example.org",
            "CODEINDEX_HOME": str(tmp_path / "home"),
        }
        done = subprocess.run(
            [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            cwd=live_settings.BASE_DIR,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "codeindex.settings", **recommended},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def test_the_settings_of_a_deployment(self, settings: Any) -> None:
        settings.DEBUG = True
        settings.SECRET_KEY = "short"
        settings.ALLOWED_HOSTS = ["*"]
        settings.CODEINDEX_HOST = "0.0.0.0"
        own = [each.id for each in run_checks(include_deployment_checks=True)]
        assert own.count("codeindex.E201") == 1
        assert own.count("codeindex.W201") == 3


class TestIndex:
    def test_a_sound_one(self, shop: Repository) -> None:
        assert told(index.examine) == ""

    def test_branches_that_are_behind_or_whose_host_is_silent(self, shop: Repository) -> None:
        branch = shop.branches.get()
        Upstream.objects.create(branch=branch, head="new", moved=NOW - 2 * DAY)
        assert "behind their hosts for more than a day" in told(index.examine)
        Upstream.objects.update(head="", failures=3, error="refused")
        assert "hosts of these branches do not answer" in told(index.examine)

    def test_runs_that_wait_or_failed(self, shop: Repository) -> None:
        branch = Branch.objects.create(repository=shop, name="other")
        run = IndexRun.objects.create(branch=branch, created=NOW - DAY)
        assert "1 index runs have waited" in told(index.examine)
        IndexRun.objects.filter(pk=run.pk).update(status=RunStatus.FAILED)
        assert "latest index run of these branches failed: shop@other" in told(index.examine)

    def test_many_branches_are_counted_and_a_few_are_named(self, shop: Repository) -> None:
        many = (Branch(repository=shop, name=f"b{number:03}") for number in range(120))
        branches = Branch.objects.bulk_create(many)
        IndexRun.objects.bulk_create(
            IndexRun(branch=branch, status=RunStatus.FAILED) for branch in branches
        )
        assert "failed: shop@b000, shop@b001, shop@b002, shop@b003, shop@b004 and 115 more." in (
            told(index.examine)
        )

    def test_texts_that_nobody_encodes_or_asks_for(self, shop: Repository) -> None:
        Embedding.objects.update(state=EmbeddingState.PENDING)
        assert "no worker is encoding any" in told(index.examine)
        Embedding.objects.all().delete()
        assert "1 live texts have no vector" in told(index.examine)

    def test_a_space_with_a_problem(self, shop: Repository) -> None:
        Space.objects.update(problem="its checkpoint is gone")
        assert "its checkpoint is gone" in told(index.examine)

    def test_a_mirror_that_is_damaged(self, shop: Repository) -> None:
        mirror = mirrors.mirror_of(shop)
        subprocess.run(["git", "init", "--quiet", "--bare", mirror], check=True)
        assert told(index.examine) == ""
        (mirror / "HEAD").write_text("nonsense")
        assert f"{mirror} is not a git repository." == told(index.examine)
        shutil.rmtree(mirror)
        mirror.touch()
        assert f"{mirror} is not a git repository." == told(index.examine)

    def test_a_cleanup_that_does_not_run(self, shop: Repository) -> None:
        Text.objects.create(hash="0", language="python", kind="function", body="", words="",
                            unused_since=NOW - 7 * DAY)  # fmt: skip
        assert "1 contents and texts that nothing uses" in told(index.examine)

    def test_contents_in_which_nothing_is_found(self, shop: Repository) -> None:
        execute("DELETE FROM codeindex_definition")
        assert "1 live files have no definitions" in told(index.examine)


class TestModel:
    def test_a_checkpoint_that_is_gone(self, shop: Repository, tmp_path: Path) -> None:
        Space.objects.update(checkpoint=str(tmp_path / "gone"))
        assert "The model cannot be loaded" in told(model.examine)


class TestCommand:
    def test_problems_are_told_with_what_mends_them(self, settings: Any) -> None:
        settings.DEBUG = True
        output = StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command("doctor", "--only", "security", stdout=output)
        assert ended.value.code == 1
        assert "security: problem: DEBUG is on." in output.getvalue()
        assert "→ Unset DEBUG, and restart." in output.getvalue()

    def test_advice_is_no_failure(self, settings: Any) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        output = StringIO()
        call_command("doctor", "--json", "--only", "security", stdout=output)
        (told,) = json.loads(output.getvalue())
        assert (told["part"], told["weight"]) == ("security", "advice")

    def test_a_check_that_fails_is_a_finding_beside_those_before(self) -> None:
        def fails() -> Iterator[Finding]:
            yield before
            execute("SELECT 1 FROM nothing")

        before = Finding("It leaks.", "Water is lost.", "Close it.")
        ((_name, [first, second]),) = checkup.examine({"part": fails})
        assert first == before
        assert second.what.startswith('The check of the part failed: relation "nothing"')
