"""Searches that arrive together: one run of the encoder for all, each with its own vector."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Event

import numpy as np
import pytest

from codeindex.spaces.query_batcher import LARGEST_BATCH, LONGEST_BATCHED, QueryBatcher

SECONDS = 10


class Recording:
    """An encoder whose vectors are the numbers that its queries are; it keeps the batches, and each
    run waits until it is let go. `raises` are the texts that it cannot encode."""

    def __init__(self, raises: dict[str, BaseException] | None = None) -> None:
        self.batches: list[list[str]] = []
        self.started, self.let_go = Event(), Event()
        self._raises = raises or {}

    def encode_queries(self, texts: list[str]) -> np.ndarray:
        self.batches.append(texts)
        self.started.set()
        assert self.let_go.wait(SECONDS)
        for text in texts:
            if text in self._raises:
                raise self._raises[text]
        return np.array([[float(text)] for text in texts], np.float32)


@pytest.fixture
def batcher() -> QueryBatcher:
    return QueryBatcher()


def numbers(queries: list[Future[np.ndarray]]) -> list[float]:
    return [query.result(SECONDS).item() for query in queries]


def all_of(
    batcher: QueryBatcher, texts: list[object], encoder: Recording
) -> list[Future[np.ndarray]]:
    """The first query, and the others while it is encoded; then all are let go."""
    queries = [batcher.vector(str(texts[0]), encoder)]
    assert encoder.started.wait(SECONDS)
    queries += [batcher.vector(str(text), encoder) for text in texts[1:]]
    assert encoder.batches == [[str(texts[0])]]
    encoder.let_go.set()
    return queries


def test_a_query_that_finds_nobody_encoding_is_encoded_at_once(batcher: QueryBatcher) -> None:
    encoder = Recording()
    encoder.let_go.set()
    assert [batcher.vector(text, encoder).result(SECONDS).tolist() for text in "12"] == [[1], [2]]
    assert encoder.batches == [["1"], ["2"]]


def test_queries_that_come_during_a_run_share_the_next_and_each_gets_its_own_row(
    batcher: QueryBatcher,
) -> None:
    encoder = Recording()
    assert numbers(all_of(batcher, [1, 2, 3, 4, 5], encoder)) == [1, 2, 3, 4, 5]
    assert encoder.batches == [["1"], ["2", "3", "4", "5"]]


def test_a_run_has_a_bound(batcher: QueryBatcher) -> None:
    encoder, texts = Recording(), list(range(LARGEST_BATCH + 6))
    assert numbers(all_of(batcher, texts, encoder)) == texts
    assert [len(batch) for batch in encoder.batches] == [1, LARGEST_BATCH, 5]


def test_a_long_query_is_encoded_alone(batcher: QueryBatcher) -> None:
    encoder, long = Recording(), f"{7:0{LONGEST_BATCHED + 1}}"
    assert numbers(all_of(batcher, [1, 2, long, 3, long, 4], encoder)) == [1, 2, 7, 3, 7, 4]
    assert encoder.batches == [["1"], ["2", "3", "4"], [long], [long]]


def test_an_exception_reaches_the_search_that_caused_it_and_no_other(batcher: QueryBatcher) -> None:
    encoder = Recording({"3": ValueError("not three"), "5": KeyError("nor five")})
    queries = all_of(batcher, [1, 2, 3, 4, 5, 6], encoder)
    assert numbers([queries[row] for row in (0, 1, 3, 5)]) == [1, 2, 4, 6]
    with pytest.raises(ValueError, match="not three"):
        queries[2].result(SECONDS)
    with pytest.raises(KeyError, match="nor five"):
        queries[4].result(SECONDS)


def test_each_query_is_encoded_by_the_encoder_that_it_names(batcher: QueryBatcher) -> None:
    old, new = Recording(), Recording()
    new.let_go.set()
    queries = [batcher.vector("1", old)]
    assert old.started.wait(SECONDS)
    for text, encoder in (("2", old), ("3", new), ("4", old), ("5", new)):
        queries.append(batcher.vector(text, encoder))
    old.let_go.set()
    assert numbers(queries) == [1, 2, 3, 4, 5]
    assert (old.batches, new.batches) == ([["1"], ["2", "4"]], [["3", "5"]])


def test_an_encoder_that_gives_too_few_vectors_leaves_nobody_waiting(batcher: QueryBatcher) -> None:
    class Short(Recording):
        def encode_queries(self, texts: list[str]) -> np.ndarray:
            return super().encode_queries(texts)[:-1]

    for query in all_of(batcher, [1, 2, 3], Short()):
        with pytest.raises(ValueError, match="zip"):
            query.result(SECONDS)
