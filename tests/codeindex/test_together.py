"""Searches that arrive together: one run of the encoder for all, each with its own vector."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Event

import numpy as np
import pytest

from codeindex.together import LONG, MOST, SharedRuns

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


Ask = Callable[[object, Recording], "Future[np.ndarray]"]


@pytest.fixture
def runs() -> SharedRuns:
    return SharedRuns()


@pytest.fixture
def ask(runs) -> Iterator[Ask]:
    """Asks in a thread of its own, of an encoder that is not yet let go; returns when it waits."""
    with ThreadPoolExecutor(2 * MOST) as searches:

        def asked(text: object, encoder: Recording) -> Future[np.ndarray]:
            before = len(runs._asked)
            search = searches.submit(runs.vector, str(text), encoder)
            while len(runs._asked) == before and not search.done():
                wait([search], 0.001)
            return search

        yield asked


def numbers(searches: list[Future[np.ndarray]]) -> list[float]:
    return [search.result(SECONDS).item() for search in searches]


def test_a_query_that_finds_nobody_encoding_is_encoded_at_once(runs):
    encoder = Recording()
    encoder.let_go.set()
    assert [runs.vector(text, encoder).tolist() for text in "12"] == [[1], [2]]
    assert encoder.batches == [["1"], ["2"]]


def test_queries_that_come_during_a_run_share_the_next_and_each_gets_its_own_row(ask):
    encoder = Recording()
    searches = [ask(1, encoder)]
    assert encoder.started.wait(SECONDS)
    searches += [ask(number, encoder) for number in range(2, 9)]
    assert encoder.batches == [["1"]]
    encoder.let_go.set()
    assert numbers(searches) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [sorted(batch) for batch in encoder.batches] == [["1"], list("2345678")]


def test_a_run_has_a_bound(ask):
    encoder = Recording()
    searches = [ask(number, encoder) for number in range(MOST + 6)]
    encoder.let_go.set()
    assert numbers(searches) == list(range(MOST + 6))
    assert [len(batch) for batch in encoder.batches] == [1, MOST, 5]


def test_a_long_query_is_encoded_alone(ask):
    encoder, long = Recording(), f"{7:0{LONG + 1}}"
    searches = [ask(text, encoder) for text in (1, 2, long, 3, long, 4)]
    encoder.let_go.set()
    assert numbers(searches) == [1, 2, 7, 3, 7, 4]
    assert sorted(map(sorted, encoder.batches)) == [[long], [long], ["1"], ["2", "3", "4"]]


def test_an_exception_reaches_the_search_that_caused_it_and_no_other(ask):
    encoder = Recording({"3": ValueError("not three"), "5": KeyError("nor five")})
    searches = [ask(number, encoder) for number in range(1, 7)]
    encoder.let_go.set()
    assert numbers([searches[row] for row in (0, 1, 3, 5)]) == [1, 2, 4, 6]
    with pytest.raises(ValueError, match="not three"):
        searches[2].result(SECONDS)
    with pytest.raises(KeyError, match="nor five"):
        searches[4].result(SECONDS)


def test_a_leader_that_is_interrupted_leaves_the_others_to_the_next(ask):
    encoder = Recording({"1": SystemExit()})
    searches = [ask(number, encoder) for number in range(1, 5)]
    encoder.let_go.set()
    assert numbers(searches[1:]) == [2, 3, 4]
    with pytest.raises(SystemExit):
        searches[0].result(SECONDS)
    assert [sorted(batch) for batch in encoder.batches] == [["1"], ["2", "3", "4"]]


def test_each_query_is_encoded_by_the_encoder_that_it_names(ask):
    old, new = Recording(), Recording()
    searches = [ask(number, old) for number in (1, 2)]
    searches += [ask(3, new), ask(4, old), ask(5, new)]
    old.let_go.set()
    new.let_go.set()
    assert numbers(searches) == [1, 2, 3, 4, 5]
    assert [sorted(batch) for batch in old.batches] == [["1"], ["2", "4"]]
    assert [sorted(batch) for batch in new.batches] == [["3", "5"]]


def test_nothing_is_kept_of_queries_that_were_answered(ask, runs):
    encoder = Recording({"2": ValueError()})
    searches = [ask(number, encoder) for number in range(1, 5)]
    encoder.let_go.set()
    wait(searches, SECONDS)
    assert runs._asked == []
