from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from codeindex.accounts import passwords, tokens
from codeindex.accounts.limits.turns import NoTurn, Turns
from tests.codeindex.accounts.limits.clients import (
    GIVE_UP_SECONDS,
    sign_in,
    until,
)


class SlowHasher(passwords.OneAtATime):
    iterations = 3_000_000


class TestTurns:
    def test_a_few_wait_and_others_are_refused(self) -> None:
        turns = Turns()
        limits = {"at_once": 1, "waiting": 1, "seconds": GIVE_UP_SECONDS}
        has_waited = threading.Event()

        def wait() -> None:
            with turns.hold("a", **limits):
                has_waited.set()

        with turns.hold("a", **limits):
            waiting = threading.Thread(target=wait)
            waiting.start()
            until(lambda: turns._waiting["a"] == 1)
            with pytest.raises(NoTurn), turns.hold("a", **limits):
                pass
            with turns.hold("b", **limits):
                pass
            assert not has_waited.is_set()
        waiting.join(GIVE_UP_SECONDS)
        assert has_waited.is_set()
        assert not turns._held
        assert not +turns._waiting

    def test_nobody_waits_for_ever(self) -> None:
        turns = Turns()
        with turns.hold("a", at_once=1, waiting=1, seconds=0.01):
            for _ in range(2):
                with (
                    pytest.raises(NoTurn),
                    turns.hold("a", at_once=1, waiting=1, seconds=0.01),
                ):
                    pass


@pytest.mark.django_db(transaction=True)
class TestTogether:
    def test_fifty_searches_leave_threads_to_others(
        self, alice: User, bob: User, shop: None
    ) -> None:
        """In a process of eight threads, while Postgres blocks every search."""
        keys = {user: tokens.issue(user, by=user) for user in (alice, bob)}

        def search(user: User) -> int:
            try:
                signed = {"Authorization": f"Token {keys[user]}"}
                return Client().get("/api/v1/search?q=csv", headers=signed).status_code
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as threads:
            with searches_held_up():
                many = [threads.submit(search, alice) for _ in range(50)]
                until(lambda: done(many) == 48)
                assert Counter(answer.result() for answer in many if answer.done()) == {429: 48}
                other = threads.submit(search, bob)
                until(lambda: searches_under_way() == 3)
            assert other.result(GIVE_UP_SECONDS) == 200
            assert Counter(answer.result(GIVE_UP_SECONDS) for answer in many) == {429: 48, 200: 2}

    def test_eight_who_sign_in_leave_threads_to_searches(self, shop: None, settings: Any) -> None:
        settings.PASSWORD_HASHERS = [f"{__name__}.SlowHasher"]
        together = threading.Barrier(8)

        def wrong(number: int) -> tuple[int, float]:
            together.wait()
            began = time.monotonic()
            try:
                answer = sign_in(f"user {number}", "wrong", address=f"192.0.2.{number}")
                return answer.status_code, time.monotonic() - began
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as threads:
            answers = list(threads.map(wrong, range(8)))
        statuses = Counter(status for status, _ in answers)
        assert set(statuses) == {200, 429}
        assert statuses[429] >= 4
        slowest = max(seconds for _, seconds in answers)
        assert all(seconds < slowest / 2 for status, seconds in answers if status == 429)


def done(many: Sequence[Future[int]]) -> int:
    return sum(answer.done() for answer in many)


@contextmanager
def searches_held_up() -> Iterator[None]:
    """Whoever looks for definitions waits until the end of the block."""
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("LOCK TABLE codeindex_definition IN ACCESS EXCLUSIVE MODE")
        yield


def searches_under_way() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return cursor.fetchone()[0]
