from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client

from codeindex.accounts import passwords, tokens
from codeindex.accounts.limits import clients, counts
from codeindex.accounts.limits.lockouts import FOR_USER_FROM_ADDRESS
from codeindex.accounts.limits.turns import NoTurn, Turns
from tests import audited, shelf
from tests.shelf import Written

SECRET = "a long enough secret"
LOGIN = "/account/login/"
ADMIN = "/admin/login/"
GIVE_UP_SECONDS = 60.0


@pytest.fixture(autouse=True)
def counted_anew(services: object, settings: Any) -> None:
    """Nothing is counted yet."""
    counts.shared_store(settings.CELERY_BROKER_URL).reset()
    counts.own_store().reset()


@pytest.fixture
def shop(alice: User, team: Group) -> None:
    made = shelf.repository(alice, "shop", teams=[team])
    shelf.put(made, "load.py", Written("def load(csv): ...", "load"))


@pytest.fixture
def with_password(alice: User, bob: User) -> None:
    for user in (alice, bob):
        user.set_password(SECRET)
        user.is_staff = True
        user.save()


def sign_in(name: str, password: str, page: str = LOGIN, address: str = "192.0.2.1") -> Any:
    form = {"username": name, "password": password}
    return Client().post(page, form, REMOTE_ADDR=address)


class TestSigningIn:
    @pytest.mark.parametrize("page", [LOGIN, ADMIN])
    @pytest.mark.parametrize("name", ["alice", "nobody"])
    def test_guesses_end(self, with_password: None, page: str, name: str) -> None:
        answers = [sign_in(name, f"guess {number}", page) for number in range(40)]
        assert Counter(answer.status_code for answer in answers) == {200: 10, 429: 30}
        refused = answers[-1]
        assert 0 < int(refused.headers["Retry-After"]) <= 600
        assert "Too many wrong passwords" in refused.content.decode()
        assert sign_in("alice", SECRET, page, "192.0.2.2").status_code == 302
        assert sign_in("bob", SECRET, page).status_code == 302
        if name == "alice":
            assert sign_in("alice", SECRET, page).status_code == 429

    def test_whoever_knows_the_password_begins_anew(self, with_password: None) -> None:
        for _ in range(3):
            for _ in range(9):
                assert sign_in("alice", "wrong").status_code == 200
            assert sign_in("alice", SECRET).status_code == 302

    def test_an_address_does_not_try_all_names(self, with_password: None, settings: Any) -> None:
        settings.CODEINDEX_ADDRESS_LOGIN_RATE = "5/minute"
        answers = [sign_in(f"user {number}", SECRET).status_code for number in range(7)]
        assert answers == [200] * 5 + [429] * 2
        assert sign_in("alice", SECRET, address="192.0.2.2").status_code == 302

    def test_a_failure_is_logged_without_the_password(
        self, with_password: None, caplog: pytest.LogCaptureFixture
    ) -> None:
        sign_in("alice\nforged", "not this")
        (line,) = [message for message in caplog.messages if "failed to sign in" in message]
        assert line == r"'alice\nforged' failed to sign in from 192.0.2.1."

    def test_locks_grow_and_end(self, with_password: None, settings: Any) -> None:
        """Locks are ended by hand, as time would."""
        settings.CODEINDEX_LOGIN_RATE = "3/hour"
        settings.CODEINDEX_LOCKOUT_SECONDS = 100
        waits = []
        for number in range(8):
            assert sign_in("alice", f"guess {number}").status_code == 200
            refused = sign_in("alice", SECRET)
            if refused.status_code == 429:
                waits.append(int(refused.headers["Retry-After"]))
                unlock("alice", "192.0.2.1")
            else:
                assert refused.status_code == 302
                assert number == 0
                settings.CODEINDEX_LOGIN_RATE = "1/hour"
        assert waits == [15, 30, 60, 100, 100, 100, 100]
        unlock("alice", "192.0.2.1")
        assert sign_in("alice", SECRET).status_code == 302
        assert sign_in("alice", "wrong").status_code == 200
        assert int(sign_in("alice", SECRET).headers["Retry-After"]) == 15

    def test_a_locked_page_says_for_how_long(self, with_password: None, settings: Any) -> None:
        settings.CODEINDEX_LOGIN_RATE = "1/hour"
        sign_in("alice", "wrong")
        told = sign_in("alice", SECRET).content.decode()
        assert "Too many wrong passwords for this user from your address." in told
        assert re.search(r"Try again in 1[45] seconds\.", told)

    def test_many_addresses_do_not_guess_faster(self, with_password: None, settings: Any) -> None:
        settings.CODEINDEX_USER_LOGIN_RATE = "5/hour"
        statuses = [
            sign_in("alice", "wrong", address=f"192.0.2.{number}").status_code
            for number in range(10, 20)
        ]
        assert statuses == [200] * 5 + [429] * 5
        refused = sign_in("alice", "wrong", address="192.0.2.30")
        assert "Too many wrong passwords for this user. Try again in" in refused.content.decode()
        assert sign_in("bob", SECRET, address="192.0.2.19").status_code == 302

    def test_strangers_do_not_lock_a_user_out(self, with_password: None, settings: Any) -> None:
        settings.CODEINDEX_USER_LOGIN_RATE = settings.CODEINDEX_ADDRESS_LOGIN_RATE = "5/hour"
        home = "192.0.2.1"
        assert sign_in("alice", SECRET, address=home).status_code == 302
        for number in range(10, 30):
            sign_in("alice", "wrong", address=f"192.0.2.{number}")
            sign_in(f"user {number}", "wrong", address=home)
        assert sign_in("bob", SECRET, address=home).status_code == 429
        elsewhere = sign_in("alice", SECRET, address="198.51.100.1")
        assert elsewhere.status_code == 429
        assert int(elsewhere.headers["Retry-After"]) <= 60
        assert sign_in("alice", SECRET, address=home).status_code == 302

    def test_right_passwords_lock_no_address(self, with_password: None, settings: Any) -> None:
        settings.CODEINDEX_ADDRESS_LOGIN_RATE = "4/hour"
        for _ in range(3):
            for name in ("alice", "bob"):
                assert sign_in(name, SECRET).status_code == 302

    def test_a_lock_is_audited_once(self, with_password: None, settings: Any) -> None:
        settings.CODEINDEX_LOGIN_RATE = "2/hour"
        audited.empty()
        for _ in range(5):
            sign_in("alice", "wrong")
        assert audited.rows("action", "subject", "address", "details") == [
            ("sign_in_failed", "alice", "192.0.2.1", ""),
            ("sign_in_locked", "alice", "192.0.2.1", "15 seconds"),
            ("sign_in_failed", "alice", "192.0.2.1", ""),
        ]


class TestRates:
    def test_answers_tell_what_is_left(self, alice: User, shop: None, settings: Any) -> None:
        settings.CODEINDEX_SEARCH_RATE = "3/hour"
        client = signed_in(alice)
        told = [
            client.get(address)
            for address in ("/?q=csv", "/api/v1/search?q=", "/api/v1/search?q=csv", "/?q=csv")
        ]
        told.append(client.get("/api/v1/search?q=csv"))
        assert [answer.status_code for answer in told] == [200, 400, 200, 429, 429]
        left = [answer.headers["RateLimit-Remaining"] for answer in told]
        assert left == ["2", "1", "0", "0", "0"]
        for answer in told:
            assert answer.headers["RateLimit-Limit"] == "3"
            assert 0 < int(answer.headers["RateLimit-Reset"]) <= 3600
        assert told[-1].headers["Retry-After"] == told[-1].headers["RateLimit-Reset"]
        assert "RateLimit-Limit" not in client.get("/api/v1/repositories").headers

    @pytest.mark.parametrize(
        ("method", "path", "setting"),
        [
            ("GET", "/api/v1/search?q=csv", "CODEINDEX_TOKEN_SEARCH_RATE"),
            ("GET", "/api/v1/similar?code=", "CODEINDEX_TOKEN_ENCODE_RATE"),
            ("POST", "/api/v1/repositories", "CODEINDEX_TOKEN_INDEX_RATE"),
        ],
    )
    def test_of_a_token(
        self, alice: User, shop: None, settings: Any, method: str, path: str, setting: str
    ) -> None:
        setattr(settings, setting, "2/hour")
        first, second = (tokens.issue(alice, by=alice) for _ in range(2))

        def ask(key: str) -> Any:
            form = {"url": "https://example.org/x", "name": secrets.token_hex(4)}
            return Client(headers={"Authorization": f"Bearer {key}"}).generic(
                method, path, json.dumps(form), content_type="application/json"
            )

        answers = [ask(first) for _ in range(3)]
        assert [answer.status_code == 429 for answer in answers] == [False, False, True]
        assert [each.headers["RateLimit-Remaining"] for each in answers] == ["1", "0", "0"]
        assert "the limit is 2 per hour" in answers[-1].json()["detail"]
        assert ask(second).status_code != 429
        assert signed_in(alice).get("/?q=csv").status_code == 200

    @pytest.mark.parametrize(
        ("address", "setting"),
        [
            ("/?q=csv", "CODEINDEX_SEARCH_RATE"),
            ("/api/v1/search?q=csv", "CODEINDEX_SEARCH_RATE"),
            ("/similar/?code=", "CODEINDEX_ENCODE_RATE"),
            ("/api/v1/similar?code=", "CODEINDEX_ENCODE_RATE"),
        ],
    )
    def test_of_a_user(
        self, alice: User, bob: User, shop: None, settings: Any, address: str, setting: str
    ) -> None:
        setattr(settings, setting, "2/hour")
        signed = {user.username: signed_in(user) for user in (alice, bob)}
        answers = [signed["alice"].get(address) for _ in range(4)]
        assert [answer.status_code == 429 for answer in answers] == [False, False, True, True]
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 3600
        assert "the limit is 2 per hour" in answers[-1].content.decode()
        kind = "application/problem+json" if "/api/" in address else "text/html"
        assert answers[-1].headers["Content-Type"].startswith(kind)
        assert signed["bob"].get(address).status_code != 429
        assert Client().get(address).status_code != 429

    @pytest.mark.parametrize("page", [True, False])
    def test_of_indexing(self, alice: User, shop: None, settings: Any, page: bool) -> None:
        settings.CODEINDEX_INDEX_RATE = "3/hour"
        client = signed_in(alice)
        repository = alice.repositories.get().pk
        again = (
            f"/repositories/{repository}/index"
            if page
            else f"/api/v1/repositories/{repository}/runs"
        )
        register = "/repositories/register" if page else "/api/v1/repositories"

        def registered(name: str) -> int:
            wanted = urlencode(
                {"url": "https://example.org/x", "name": name, "visibility": "private"}
            )
            form = "application/x-www-form-urlencoded"
            return client.post(register, wanted, content_type=form).status_code

        statuses = [registered("x")]
        statuses += [client.post(again).status_code for _ in range(3)]
        assert statuses == [302 if page else 201] * 3 + [429]
        assert registered("y") == 429
        assert alice.repositories.count() == 2

    def test_administrators_index_as_much_as_they_like(
        self, alice: User, shop: None, settings: Any
    ) -> None:
        settings.CODEINDEX_INDEX_RATE = "1/hour"
        User.objects.filter(pk=alice.pk).update(is_superuser=True)
        client = signed_in(alice)
        again = f"/repositories/{alice.repositories.get().pk}/index"
        assert [client.post(again).status_code for _ in range(3)] == [302] * 3

    def test_of_an_address_that_nobody_signed_in_from(self, db: None, settings: Any) -> None:
        settings.CODEINDEX_ANONYMOUS_SEARCH_RATE = "1/hour"

        def statuses(*addresses: str) -> list[int]:
            return [
                Client().get("/?q=csv", REMOTE_ADDR=address).status_code for address in addresses
            ]

        assert statuses("192.0.2.1", "192.0.2.1", "192.0.2.2") == [200, 429, 200]
        assert statuses("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1") == [200, 429, 200]
        assert statuses("::ffff:192.0.2.1", "", "odd") == [429, 200, 429]

    def test_a_page_without_a_search_has_none(self, db: None, settings: Any) -> None:
        settings.CODEINDEX_ANONYMOUS_SEARCH_RATE = "1/hour"
        assert [Client().get("/").status_code for _ in range(3)] == [200] * 3

    def test_behind_a_proxy_its_word_counts(self, rf: Any, settings: Any) -> None:
        request = rf.get("/", HTTP_X_FORWARDED_FOR="203.0.113.9, 192.0.2.7", REMOTE_ADDR="10.0.0.1")
        assert clients.address(request) == "10.0.0.1"
        settings.CODEINDEX_BEHIND_TLS = True
        assert clients.address(request) == "192.0.2.7"


class SlowHasher(passwords.OneAtATime):
    iterations = 3_000_000


class TestTheStore:
    @pytest.fixture
    def away(self, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.CELERY_BROKER_URL = f"redis+socket://{tmp_path}/none.sock"
        monkeypatch.setattr(counts, "_counts", counts.Counts())

    def test_counts_by_process_while_it_is_away(
        self, away: None, db: None, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.CODEINDEX_ANONYMOUS_SEARCH_RATE = "2/hour"
        statuses = [Client().get("/?q=csv").status_code for _ in range(4)]
        assert statuses == [200, 200, 429, 429]
        assert caplog.text.count("rate limits apply per process") == 1

    def test_is_asked_again_later(self, away: None, settings: Any, services: Any) -> None:
        counting = counts.Counts(pause=0.0)
        assert counting.apply(lambda store: store.incr("tests", 60)) == 1
        settings.CELERY_BROKER_URL = services.broker_url
        assert counting.apply(lambda store: store.incr("tests", 60)) == 1
        assert counts.shared_store(services.broker_url).get("tests") == 1


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


def unlock(name: str, address: str) -> None:
    lock = FOR_USER_FROM_ADDRESS._key("lock", name.encode().hex(), address)
    counts.apply(lambda store: store.clear(lock))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


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
