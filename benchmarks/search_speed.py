"""The measurements of `python -m benchmarks.search`, which sets up Django."""

from __future__ import annotations

import random
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection, transaction

from benchmarks import replicated_index, web_server
from benchmarks.http_load import Client, Latencies, time_concurrently, time_sequentially
from benchmarks.nearest_neighbours import (
    NEAREST,
    Index,
    SpaceVectors,
    in_memory_indexes,
    pgvector_index,
    recall,
)
from codeindex.accounts import tokens
from codeindex.local_services import ensure_services
from codeindex.management.index import ADMINISTRATOR
from codeindex.models import Definition, Repository, Space, SpaceState
from codeindex.spaces import encoders, lifecycle
from embeddings import CodeEncoder
from embeddings.types import Matrix
from search.candidates import retrieval, scopes, sql, vectors
from search.candidates.scopes import Scope
from search.candidates.vectors import QueryVector
from search.query import filters

WARM = 300
"""Queries before anything is timed: a database that has just started has nothing cached."""

KEPT = ("", "path:tests", "path:utils", "kind:class", "path:/django/", "path:json", "path:asyncio")
"""Filters that keep different shares of the texts, beside those of each repository."""

TABLES = ("blob", "definition", "embedding", "sourcefile", "text")


@dataclass(frozen=True, slots=True)
class Queries:
    """n queries with their vectors (n, d)."""

    texts: Sequence[str]
    rows: Matrix

    def part(self, start: int, end: int) -> Queries:
        return Queries(self.texts[start:end], self.rows[start:end])


def measure(options: Namespace) -> None:
    """Extends the index as the options say, and prints its figures."""
    with ensure_services():
        call_command("migrate", verbosity=0, interactive=False)
        for path in options.repositories:
            if not Repository.objects.filter(name=path.name).exists():
                call_command("index", str(path), name=path.name)
        space = Space.objects.get(state=SpaceState.ACTIVE)
        if options.grow:
            replicated_index.grow(space, options.grow)
        _build(space)
        encoder = encoders.encoder_for(space)
        texts = docstring_queries(WARM + 2 * options.queries)
        queries = Queries(texts, encoder.encode_queries(texts))
        stored = SpaceVectors.read(space)
        _print_size(space, len(stored.texts))
        _print_speed(encoder, space, queries, stored, options)
        _print_recall(space, queries.part(0, options.recall), stored)


def _build(space: Space) -> None:
    began = time.perf_counter()
    lifecycle.build_index(space)
    seconds = time.perf_counter() - began
    if seconds > 1:
        print(f"HNSW index built in {seconds:,.0f} s")


def docstring_queries(count: int) -> list[str]:
    """First paragraphs of docstrings, of 3 to 20 words; the same ones in each run. Exits if the
    index has too few."""
    docstrings = Definition.objects.filter(
        blob__source_files__live=True, docstring__regex=r"^\s*\S+(\s+\S+){2,19}\s*(\n\s*\n|$)"
    ).exclude(blob__source_files__branch__repository__name__startswith=replicated_index.NAME)
    texts = docstrings.values_list("docstring", flat=True).distinct()
    paragraphs = {" ".join(text.strip().split("\n\n")[0].split()) for text in texts}
    if len(paragraphs) < count:
        sys.exit(
            f"{count:,} queries are needed, but the index has only {len(paragraphs):,} suitable"
            " docstrings. Add repositories, or ask for fewer --queries."
        )
    return random.Random(0).sample(sorted(paragraphs), count)


def _print_size(space: Space, texts: int) -> None:
    definitions = replicated_index.live_definitions()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size('codeindex_' || name)), pg_relation_size(%s),"
            " current_setting('huge_pages_status', true) FROM unnest(%s::text[]) AS name",
            [lifecycle.index_name(space), list(TABLES)],
        )
        disk, index, huge_pages = cursor.fetchone()
    print(
        f"{definitions:,} definitions, {texts:,} texts, {space} in {space.dimensions} dimensions\n"
        f"{disk / definitions:,.0f} bytes per definition on disk, of which the HNSW index takes"
        f" {index / texts:,.0f} per text; huge pages {huge_pages or 'unknown'}"
    )


def _print_speed(
    encoder: CodeEncoder, space: Space, queries: Queries, stored: SpaceVectors, options: Namespace
) -> None:
    warm, first = queries.part(0, WARM), queries.part(WARM, WARM + options.queries)
    second = queries.part(WARM + options.queries, len(queries.texts))

    def encode(query: str) -> Matrix:
        return encoder.encode_queries([query])

    time_sequentially(encode, warm.texts)
    encoding = time_sequentially(encode, first.texts)
    _print("encoding, sequentially", encoding)
    concurrent_encoding = time_concurrently([encode] * options.clients, second.texts)
    _print(f"encoding, {options.clients} threads", concurrent_encoding)
    with web_server.running() as url, _token(Repository.objects.earliest("pk").owner) as token:

        def clients(count: int) -> list[Callable[[str], object]]:
            return [Client(url, token, options.results).search for _ in range(count)]

        time_concurrently(clients(options.clients), warm.texts)
        search = time_sequentially(*clients(1), first.texts)
        _print("over HTTP, one client", search)
        concurrent_search = time_concurrently(clients(options.clients), second.texts)
        _print(f"over HTTP, {options.clients} clients", concurrent_search)
    more = search.percentile(95) - encoding.percentile(95)
    share = concurrent_search.rate / concurrent_encoding.rate
    print(f"p95 over HTTP minus p95 of encoding: {more:.1f} ms")
    print(f"{options.clients} clients: {share:.2f} of the rate of encoding alone")
    exact = stored.exact_nearest(first.rows)
    for index in (pgvector_index(space), *in_memory_indexes(stored)):
        _print_index(index, first, exact)


def _print_index(index: Index, queries: Queries, exact: Sequence[set[int]]) -> None:
    rows = dict(zip(queries.texts, queries.rows, strict=True))
    results = [index.search(row) for row in queries.rows]
    latencies = time_sequentially(lambda query: index.search(rows[query]), queries.texts)
    built = f", built in {index.build_seconds:,.0f} s" if index.build_seconds else ""
    _print(f"{index.name}, recall@{NEAREST} {recall(results, exact):.3f}{built}", latencies)


def _print_recall(space: Space, queries: Queries, stored: SpaceVectors) -> None:
    """The recall of the search for candidates by vectors."""
    print(f"recall@{NEAREST} of the vector search among the texts that a filter keeps")
    for name, within in _scopes():
        visible = within.is_visible("codeindex_text.id")
        statement = f"SELECT id FROM codeindex_text WHERE {visible}"
        kept = stored.restricted_to([text for (text,) in sql.rows(statement, within.parameters)])
        if not len(kept.texts):
            continue
        exact = kept.exact_nearest(queries.rows)
        results, seconds = [], []
        for row in queries.rows:
            began = time.perf_counter()
            vector, enough = QueryVector(space, row), retrieval.minimum_nearest(retrieval.DEPTHS[0])
            nearest = vectors.nearest_texts(vector, within, retrieval.DEPTHS[0], enough)
            results.append(nearest[:NEAREST])
            seconds.append(time.perf_counter() - began)
        latencies = Latencies(seconds, sum(seconds))
        share = len(kept.texts) / len(stored.texts)
        how = "exact" if within.is_small else "by the index"
        _print(f"{share:7.2%} {name:24} {how}, recall {recall(results, exact):.3f}", latencies)


def _scopes() -> Iterator[tuple[str, Scope]]:
    for text in KEPT:
        yield (
            text or "everything",
            scopes.scope_for(ADMINISTRATOR, filters.extract_filters(f"{text} x").filters),
        )
    for name in Repository.objects.values_list("name", flat=True).order_by("pk"):
        yield (
            f"repo:{name}",
            scopes.scope_for(ADMINISTRATOR, filters.extract_filters(f"repo:{name} x").filters),
        )
    with transaction.atomic():
        member = User.objects.create(username=f"{replicated_index.NAME}member")
        team = Group.objects.create(name=f"{replicated_index.NAME}team")
        member.groups.add(team)
        team.repositories.set(Repository.objects.order_by("pk")[:2])
        yield "a user who may see two", scopes.scope_for(member)
        transaction.set_rollback(True)


@contextmanager
def _token(user: User) -> Iterator[str]:
    token = tokens.issue(user, "benchmark", by=user)
    try:
        yield token
    finally:
        tokens.revoke(user, token[: tokens.SHOWN], by=user)


def _print(name: str, latencies: Latencies) -> None:
    print(f"{name:66} {latencies}", flush=True)
