from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from codeindex.accounts.limits import counts
from codeindex.accounts.limits.lockouts import FOR_USER_FROM_ADDRESS
from tests import audited
from tests.codeindex.accounts.limits.clients import (
    SECRET,
    sign_in,
)


class TestSigningIn:
    @pytest.mark.parametrize("name", ["alice", "nobody"])
    def test_guesses_end(self, with_password: None, name: str) -> None:
        answers = [sign_in(name, f"guess {number}") for number in range(40)]
        assert Counter(answer.status_code for answer in answers) == {200: 10, 429: 30}
        refused = answers[-1]
        assert 0 < int(refused.headers["Retry-After"]) <= 600
        assert "Too many wrong passwords" in refused.content.decode()
        assert sign_in("alice", SECRET, "192.0.2.2").status_code == 302
        assert sign_in("bob", SECRET).status_code == 302
        if name == "alice":
            assert sign_in("alice", SECRET).status_code == 429

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


def unlock(name: str, address: str) -> None:
    lock = FOR_USER_FROM_ADDRESS._key("lock", name.encode().hex(), address)
    counts.apply(lambda store: store.clear(lock))
