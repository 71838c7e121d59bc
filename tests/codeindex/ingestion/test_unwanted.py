"""What is cancelled or removed is worked on no further, and leaves no traceback behind."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from codeindex import repositories, tasks
from codeindex.ingestion import embedding, pipeline, publishing, runs
from codeindex.models import Embedding, IndexRun, Repository, RunStatus
from codeindex.spaces import lifecycle
from embeddings.code_encoder import Encoded
from tests.codeindex.ingestion.test_embedding import TinyEncoder
from tests.git import GitRepository

pytestmark = pytest.mark.django_db


class SlowEncoder(TinyEncoder):
    """Takes a tenth of a second a text, and notes what it got."""

    def __init__(self) -> None:
        super().__init__("slow")
        self.got: list[str] = []
        self.began = Event()

    def encode(self, texts: Sequence[str], language: str) -> Encoded:
        self.began.set()
        time.sleep(0.1 * len(texts))
        self.got += texts
        return super().encode(texts, language)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"


@pytest.fixture
def encoder(db: None) -> SlowEncoder:
    slow = SlowEncoder()
    lifecycle.space_for(slow)
    return slow


def index(repository: Repository) -> IndexRun:
    run = tasks.request_index(repository=repository, by=None)
    assert pipeline.index(run.pk)
    run.refresh_from_db()
    return run


@pytest.fixture
def published(source: GitRepository, registered: Repository, encoder: SlowEncoder) -> IndexRun:
    """The first run of a repository of two hundred functions: published, and without vectors."""
    source.commit({"a.py": "\n\n".join(f"def a{n}():\n    return {n}" for n in range(200))})
    return index(registered)


@pytest.fixture
def waiting(source: GitRepository, registered: Repository, encoder: SlowEncoder) -> IndexRun:
    """A later run, which is not published before it has all its vectors."""
    source.commit({"a.py": "def old(): return 1\n"})
    index(registered)
    Embedding.objects.update(state="ready", vector=[1, 0, 0])
    publishing.settle_all()
    source.commit({"b.py": "\n\n".join(f"def b{n}():\n    return {n}" for n in range(200))})
    return index(registered)


@contextmanager
def embedding_in_the_background(encoder: SlowEncoder) -> Iterator[Thread]:
    def work() -> None:
        try:
            embedding.encode_batch(160, load=lambda source: encoder)
        finally:
            connection.close()

    thread = Thread(target=work)
    thread.start()
    assert encoder.began.wait(20)
    yield thread
    thread.join()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", ["cancel", "remove"])
def test_texts_that_nobody_wants_any_more_are_encoded_no_further(
    end: str, request: pytest.FixtureRequest, encoder: SlowEncoder, registered: Repository
) -> None:
    run = request.getfixturevalue("waiting" if end == "cancel" else "published")
    assert Embedding.objects.filter(state="pending").count() >= 200
    with embedding_in_the_background(encoder) as thread:
        if end == "cancel":
            assert runs.cancel(run, by=None)
        else:
            repositories.remove(registered, by=None)
        thread.join(5)
        assert not thread.is_alive()
    assert 0 < len(encoder.got) < 100
    assert not Embedding.objects.filter(state="pending").exists()


@pytest.mark.django_db(transaction=True)
def test_texts_that_another_run_wants_too_are_encoded(
    waiting: IndexRun, encoder: SlowEncoder, alice: User, tmp_path: Path, source: GitRepository
) -> None:
    fork = GitRepository.made(tmp_path / "fork")
    fork.commit({"b.py": (source.path / "b.py").read_text().replace("def b1()", "def of_fork()")})
    other = index(
        repositories.register(url=str(fork.path), owner=alice, by=alice, trusted_path=True)
    )
    assert runs.cancel(waiting, by=None)
    functions = Embedding.objects.filter(text__kind="function")
    assert functions.filter(text__body__contains="def of_fork").exists()
    assert not functions.filter(text__body__contains="def b1()").exists()
    assert Embedding.objects.filter(state="pending").count() == other.texts


def test_what_was_cancelled_is_wanted_again_by_the_next_run(
    waiting: IndexRun, registered: Repository
) -> None:
    assert runs.cancel(waiting, by=None)
    assert not Embedding.objects.filter(state="pending").exists()
    again = index(registered)
    assert Embedding.objects.filter(state="pending").count() == again.texts - 1 >= 200


def test_the_deaths_that_a_text_has_cost_are_not_forgotten(waiting: IndexRun) -> None:
    deadly = Embedding.objects.filter(state="pending").first()
    Embedding.objects.filter(pk=deadly.pk).update(attempts=2)
    runs.cancel(waiting, by=None)
    assert Embedding.objects.get(state="pending") == deadly


def removing_at(words: str, repository: Repository) -> AbstractContextManager[None]:
    """Removes the repository just after the first statement that holds the words."""
    done: list[bool] = []

    def execute(execute: Callable[..., Any], statement: str, *arguments: Any) -> Any:
        result = execute(statement, *arguments)
        if not done and words in statement:
            done.append(True)
            repositories.remove(repository, by=None)
        return result

    return connection.execute_wrapper(execute)


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param('"attempts" = ("codeindex_indexrun"."attempts" + ', id="taken"),
        pytest.param('"timings"', id="fetched"),
        pytest.param('"lease" = NULL, "leased_until" = NULL', id="read"),
        pytest.param('"texts_ready"', id="counted"),
    ],
)
def test_a_repository_may_be_removed_at_any_time(
    moment: str,
    source: GitRepository,
    registered: Repository,
    encoder: SlowEncoder,
    caplog: pytest.LogCaptureFixture,
) -> None:
    source.commit({"a.py": "def a(): return 1\n"})
    run = tasks.request_index(repository=registered, by=None)
    with removing_at(moment, registered), caplog.at_level(logging.INFO):
        pipeline.index(run.pk)
        tasks.sweep()
    assert not Repository.objects.exists()
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("address", ["/api/v1/repositories/{}/runs", "/repositories/{}/index"])
def test_indexing_what_is_being_removed_is_not_found(
    address: str, registered: Repository, alice: User, client: Client
) -> None:
    client.force_login(alice)
    address = address.format(registered.pk)
    with removing_at('ORDER BY "codeindex_repository"."id" ASC LIMIT 1', registered):
        assert client.post(address).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_requests_and_a_removal_at_once_end_in_order(registered: Repository) -> None:
    errors: list[Exception] = []

    def request() -> None:
        try:
            for _ in range(20):
                run = tasks.request_index(repository=registered, by=None)
                IndexRun.objects.filter(pk=run.pk).update(status=RunStatus.CANCELLED)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [Thread(target=request) for _ in range(4)]
    for thread in threads:
        thread.start()
    repositories.remove(registered, by=None)
    for thread in threads:
        thread.join()
    assert {type(error) for error in errors} <= {Repository.DoesNotExist}
    assert not IndexRun.objects.exists()
