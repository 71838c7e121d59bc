"""What `python -m benchmarks.search` measures, once Django is set up."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection, transaction

from benchmarks import replicas
from benchmarks.load import Client, Load, alone, together
from benchmarks.neighbours import NEAREST, Means, Vectors, in_memory, of_pgvector, recall
from codeindex.accounts import tokens
from codeindex.local_services import address, ensure_services
from codeindex.management.index import ADMINISTRATOR
from codeindex.models import Definition, Repository, Space, SpaceState
from codeindex.spaces import encoders, lifecycle
from embeddings import CodeEncoder
from embeddings.types import Matrix
from search.candidates import retrieval, scopes, sql, vectors
from search.candidates.scopes import Scope
from search.candidates.vectors import Meaning
from search.query import filters

HOST = "127.0.0.1"
START_SECONDS = 120.0
WARM = 300
"""Queries before anything is timed: a database that has just been started reads from the disk what
one that is used has in memory."""

KEPT = ("", "path:tests", "path:utils", "kind:class", "path:/django/", "path:json", "path:asyncio")
"""Filters that keep different shares; those of repositories come on top."""

TABLES = ("blob", "definition", "embedding", "sourcefile", "text")


@dataclass(frozen=True, slots=True)
class Asked:
    """Queries with their vectors (n, d): those that one client puts, and those of all clients."""

    texts: Sequence[str]
    rows: Matrix

    def part(self, start: int, end: int) -> Asked:
        return Asked(self.texts[start:end], self.rows[start:end])


def measure(options: Namespace) -> None:
    """Prints the figures of the index, which is extended first as `options` say."""
    with ensure_services():
        for path in options.repositories:
            if not Repository.objects.filter(name=path.name).exists():
                call_command("index", str(path), name=path.name)
        space = Space.objects.get(state=SpaceState.ACTIVE)
        if options.grow:
            replicas.grow(space, options.grow)
        _build(space)
        encoder = encoders.encoder_for(space)
        texts = _described(WARM + 2 * options.queries)
        asked = Asked(texts, encoder.encode_queries(texts))
        held = Vectors.of(space)
        _print_size(space, len(held.texts))
        _print_speed(encoder, space, asked, held, options)
        _print_recall(space, asked.part(0, options.recall), held)


def _build(space: Space) -> None:
    began = time.perf_counter()
    lifecycle.build_index(space)
    seconds = time.perf_counter() - began
    if seconds > 1:
        print(f"HNSW index built in {seconds:,.0f} s")


def _described(count: int) -> list[str]:
    """First paragraphs of docstrings, of 3 to 20 words, the same ones each time."""
    docstrings = Definition.objects.filter(
        blob__source_files__live=True, docstring__regex=r"^\s*\S+(\s+\S+){2,19}\s*(\n\s*\n|$)"
    ).exclude(blob__source_files__branch__repository__name__startswith=replicas.NAME)
    found = docstrings.values_list("docstring", flat=True).distinct()
    paragraphs = {" ".join(one.strip().split("\n\n")[0].split()) for one in found}
    return random.Random(0).sample(sorted(paragraphs), count)


def _print_size(space: Space, texts: int) -> None:
    definitions = replicas.live()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size('codeindex_' || name)), pg_relation_size(%s),"
            " current_setting('huge_pages_status', true) FROM unnest(%s::text[]) AS name",
            [lifecycle.index_name(space), list(TABLES)],
        )
        disk, index, huge_pages = cursor.fetchone()
    print(
        f"{definitions:,} definitions, {texts:,} texts, {space} in {space.dimensions} dimensions\n"
        f"{disk / definitions:,.0f} bytes a definition on disk, {index / texts:,.0f} bytes a text"
        f" of them the HNSW index; huge pages {huge_pages or 'unknown'}"
    )


def _print_speed(
    encoder: CodeEncoder, space: Space, asked: Asked, held: Vectors, options: Namespace
) -> None:
    warm, first = asked.part(0, WARM), asked.part(WARM, WARM + options.queries)
    second = asked.part(WARM + options.queries, len(asked.texts))

    def encode(query: str) -> Matrix:
        return encoder.encode_queries([query])

    alone(encode, warm.texts)
    encoding = alone(encode, first.texts)
    _print("encoding, one after the other", encoding)
    encoding_together = together([encode] * options.clients, second.texts)
    _print(f"encoding, {options.clients} at once", encoding_together)
    with _server() as url, _token(Repository.objects.earliest("pk").owner) as token:

        def clients(count: int) -> list[Callable[[str], object]]:
            return [Client(url, token, options.results).search for _ in range(count)]

        together(clients(options.clients), warm.texts)
        answered = alone(*clients(1), first.texts)
        _print("over HTTP, one client", answered)
        answered_together = together(clients(options.clients), second.texts)
        _print(f"over HTTP, {options.clients} clients", answered_together)
    more = answered.percentile(95) - encoding.percentile(95)
    share = answered_together.rate / encoding_together.rate
    print(f"p95 over HTTP less that of encoding: {more:.1f} ms")
    print(f"{options.clients} clients: {share:.2f} of the rate of encoding alone")
    exact = held.nearest(first.rows)
    for means in (of_pgvector(space), *in_memory(held)):
        _print_means(means, first, exact)


def _print_means(means: Means, asked: Asked, exact: Sequence[set[int]]) -> None:
    rows = dict(zip(asked.texts, asked.rows, strict=True))
    found = [means.search(row) for row in asked.rows]
    timed = alone(lambda query: means.search(rows[query]), asked.texts)
    built = f", built in {means.built:,.0f} s" if means.built else ""
    _print(f"{means.name}, recall@{NEAREST} {recall(found, exact):.3f}{built}", timed)


def _print_recall(space: Space, asked: Asked, held: Vectors) -> None:
    """Of the vectors' part of the search, as it is asked for candidates."""
    print(f"recall@{NEAREST} of the vectors' part against all that is kept")
    for name, within in _scopes():
        statement = f"SELECT id FROM codeindex_text WHERE {within.holds('codeindex_text.id')}"
        there = held.kept([text for (text,) in sql.rows(statement, within.given)])
        if not len(there.texts):
            continue
        exact = there.nearest(asked.rows)
        found, took = [], []
        for row in asked.rows:
            began = time.perf_counter()
            meaning, enough = Meaning(space, row), retrieval.enough_of(retrieval.DEPTH)
            nearest = vectors.nearest(meaning, within, retrieval.DEPTH, enough)
            found.append(nearest[:NEAREST])
            took.append(time.perf_counter() - began)
        timed = Load(took, sum(took))
        share = len(there.texts) / len(held.texts)
        how = "all compared" if within.is_small else "by the index"
        _print(f"{share:7.2%} {name:24} {how}, recall {recall(found, exact):.3f}", timed)


def _scopes() -> Iterator[tuple[str, Scope]]:
    for text in KEPT:
        yield text or "everything", scopes.of(ADMINISTRATOR, filters.read(f"{text} x")[1])
    for name in Repository.objects.values_list("name", flat=True).order_by("pk"):
        yield f"repo:{name}", scopes.of(ADMINISTRATOR, filters.read(f"repo:{name} x")[1])
    with transaction.atomic():
        member = User.objects.create(username=f"{replicas.NAME}member")
        team = Group.objects.create(name=f"{replicas.NAME}team")
        member.groups.add(team)
        team.repositories.set(Repository.objects.order_by("pk")[:2])
        yield "a user who may see two", scopes.of(member)
        transaction.set_rollback(True)


@contextmanager
def _token(user: User) -> Iterator[str]:
    token = tokens.issue(user, "benchmark", by=user)
    try:
        yield token
    finally:
        tokens.revoke(user, token[: tokens.SHOWN], by=user)


@contextmanager
def _server() -> Iterator[str]:
    """The product's web server, on a port of its own, once it answers; without limits on what one
    client may ask for."""
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--config", "python:codeindex.webserver"]
    limits = {"CODEINDEX_SEARCH_RATE": "100000/second", "CODEINDEX_SEARCHES_AT_ONCE": "64"}
    environment = os.environ | limits | {"PORT": str(port), "CODEINDEX_HOST": HOST}
    with subprocess.Popen(
        [*command, "codeindex.wsgi"], cwd=settings.BASE_DIR, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            _wait(lambda: address.answers(HOST, port, settings.ALLOWED_HOSTS))
            yield f"http://{HOST}:{port}"
        finally:
            process.terminate()


def _wait(is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_ready():
        if time.monotonic() > deadline:
            raise RuntimeError("The web server does not answer.")
        time.sleep(0.2)


def _print(name: str, load: Load) -> None:
    print(f"{name:66} {load}", flush=True)
