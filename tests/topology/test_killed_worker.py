"""A worker that is killed in the middle of an index run costs time and nothing else."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import numpy as np
import psycopg
import pytest

from embeddings import load_encoder
from embeddings.code import definitions, languages
from tests.git import GitRepository
from tests.journeys.installation import Browser, Installation, until

FILES = 40


def source(number: int) -> str:
    return f'''"""Part {number} of a shop."""


class Shelf{number}:
    """Holds articles of kind {number}."""

    def put(self, article, count={number}):
        """Put articles of kind {number} on the shelf."""
        self.articles[{number}] = self.articles.get({number}, 0) + count
        return article


def price_{number}(articles, discount={number}):
    """What articles of kind {number} cost."""
    return sum(article.price for article in articles) * (100 - discount) / 100
'''


@pytest.fixture
def shop(tmp_path) -> GitRepository:
    shop = GitRepository.made(tmp_path / "allowed/shop")
    shop.commit({f"part{number}.py": source(number) for number in range(FILES)})
    return shop


@pytest.fixture
def installation(tmp_path, shop) -> Iterator[Installation]:
    installation = Installation(
        tmp_path / "home",
        CODEINDEX_LOCAL_ROOTS=str(shop.path.parent),
        CODEINDEX_LEASE_SECONDS="6",
        WEB_CONCURRENCY="1",
        # Vectors are compared exactly: 8 bits round over a whole batch, and drafts are others.
        CODEINDEX_RUNTIME="torch",
        CODEINDEX_DRAFTS="off",
    )
    installation.start()
    yield installation
    installation.interrupt()


@pytest.fixture
def database(installation) -> Iterator[psycopg.Connection]:
    with psycopg.connect(
        host=str(installation.state.sockets), dbname="codeindex", user="codeindex", autocommit=True
    ) as connection:
        yield connection


def test_an_index_that_lost_its_worker_ends_complete(installation, database, shop):
    browser = installation.browser()
    browser.submit("/account/login/", username="admin", password=installation.password)
    browser.submit("/repositories/register", url=str(shop.path), visibility="private")

    until(lambda: count(database, "state = 'ready'") > 0, pause=0.02)
    for pid in installation.pids("celery", "worker"):
        os.kill(pid, signal.SIGKILL)
    ready = count(database, "state = 'ready'")
    assert ready < count(database, "true"), "it was killed too late to show anything"
    until(lambda: is_finished(browser), seconds=120)

    assert held_definitions(database) == undisturbed_definitions()
    assert count(database, "state <> 'ready'") == 0
    texts, vectors = stored_vectors(database)
    undisturbed = load_encoder().encode_definitions(texts)
    assert np.einsum("nd,nd->n", vectors, undisturbed).min() > 0.9999


def count(database: psycopg.Connection, condition: str) -> int:
    row = database.execute(f"SELECT count(*) FROM codeindex_embedding WHERE {condition}").fetchone()
    assert row
    return row[0]


def is_finished(browser: Browser) -> bool:
    (repository,) = browser.get("/api/v1/repositories").json
    run = repository["latest_run"]
    return bool(run["status"] == "published" and run["texts_ready"] == run["texts"])


def held_definitions(database: psycopg.Connection) -> set[tuple]:
    return set(
        database.execute(
            "SELECT path, definition.kind, qualified_name, start_line, end_line, hash, body"
            " FROM codeindex_definition AS definition"
            " JOIN codeindex_text AS text ON text.id = text_id"
            " JOIN codeindex_sourcefile AS file USING (blob_id) WHERE live"
        ).fetchall()
    )


def undisturbed_definitions() -> set[tuple]:
    python = languages.by_name("python")
    return {
        (
            f"part{number}.py", str(each.kind), each.qualified_name, each.start_line,
            each.end_line, definitions.text_hash(each), each.text,
        )
        for number in range(FILES)
        for each in definitions.extract(source(number), python).definitions
    }  # fmt: skip


def stored_vectors(database: psycopg.Connection) -> tuple[list[str], np.ndarray]:
    rows = database.execute(
        "SELECT body, vector::text FROM codeindex_embedding"
        " JOIN codeindex_text AS text ON text.id = text_id ORDER BY text.id"
    ).fetchall()
    vectors = np.array([[float(value) for value in row[1][1:-1].split(",")] for row in rows])
    return [body for body, _ in rows], vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
