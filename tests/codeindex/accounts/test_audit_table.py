"""The audit's table: rows are only added, and say who did what, from where and by which token."""

from __future__ import annotations

from contextvars import copy_context
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.utils import timezone

from codeindex import audit, celery, tasks
from codeindex.accounts import tokens
from codeindex.audit import Access
from codeindex.models import AuditRecord, Token
from tests import shelf
from tests.audited import empty, rows

SECRET = "a long enough secret"


@pytest.fixture(autouse=True)
def nothing_yet(db: None) -> None:
    empty()


@pytest.fixture
def with_password(alice: User) -> User:
    alice.set_password(SECRET)
    alice.save()
    empty()
    return alice


def sign_in(password: str, name: str = "alice") -> Client:
    client = Client(REMOTE_ADDR="192.0.2.7")
    client.post("/account/login/", {"username": name, "password": password})
    return client


class TestTheTable:
    @pytest.fixture
    def row(self) -> AuditRecord:
        audit.note(Access.SEARCHED, None, text="csv")
        return AuditRecord.objects.get()

    def test_refuses_every_change(self, row: AuditRecord) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE codeindex_auditrecord ENABLE TRIGGER append_only_truncate")
        for statement in (
            "UPDATE codeindex_auditrecord SET text = ''",
            "DELETE FROM codeindex_auditrecord",
            "TRUNCATE codeindex_auditrecord",
        ):
            with (
                pytest.raises(ProgrammingError, match="The audit is append-only"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
        with pytest.raises(ProgrammingError), transaction.atomic():
            row.delete()
        assert AuditRecord.objects.get().text == "csv"

    def test_forgets_what_is_older_than_the_setting_says(
        self, row: AuditRecord, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit, "BATCH", 2)
        for days in (0.5, 29, 31, 40, 400):
            at = timezone.now() - timedelta(days=days)
            AuditRecord.objects.create(action="searched", door="page", at=at, text=f"{days}")
        settings.CODEINDEX_AUDIT_DAYS = 0
        tasks.forget()
        assert AuditRecord.objects.count() == 6
        settings.CODEINDEX_AUDIT_DAYS = 30
        tasks.forget()
        kept = AuditRecord.objects.order_by("pk").values_list("text", flat=True)
        assert list(kept) == ["csv", "0.5", "29"]

    @pytest.mark.parametrize("text", ["", "a\x00b", "\ud800", "x" * 100_000])
    def test_takes_any_text(self, text: str) -> None:
        audit.note(Access.SEARCHED, None, text=text, subject=text, details=text)
        assert len(AuditRecord.objects.get().text) <= 2_000


class TestSigningIn:
    def test_in_and_out(self, with_password: User) -> None:
        client = sign_in(SECRET)
        client.post("/account/logout/")
        assert rows("action", "user", "user_id", "door", "address") == [
            ("signed_in", "alice", with_password.pk, "page", "192.0.2.7"),
            ("signed_out", "alice", with_password.pk, "page", "192.0.2.7"),
        ]

    def test_wrongly(self, with_password: User) -> None:
        sign_in("wrong")
        sign_in(SECRET, "nobody")
        assert rows("action", "subject", "user", "address") == [
            ("sign_in_failed", "alice", "", "192.0.2.7"),
            ("sign_in_failed", "nobody", "", "192.0.2.7"),
        ]

    def test_no_row_holds_a_password(self, with_password: User) -> None:
        sign_in("not-the-password")
        sign_in(SECRET)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT row_to_json(codeindex_auditrecord)::text FROM codeindex_auditrecord"
            )
            told = str(cursor.fetchall())
        assert "not-the-password" not in told
        assert SECRET not in told


def test_what_a_worker_does_is_recorded_as_its_own() -> None:
    def work() -> None:
        celery.record_as_worker()
        audit.note(Access.SEARCHED, None)

    copy_context().run(work)
    audit.note(Access.SEARCHED, None)
    assert rows("door") == [("worker",), ("command",)]


class TestUsers:
    @pytest.fixture
    def root(self, client: Client) -> User:
        root = User.objects.create_superuser("root")
        client.force_login(root)
        empty()
        return root

    def change(self, client: Client, user: User, **changes: object) -> None:
        now = timezone.now()
        form = {
            "username": user.username, "email": "", "first_name": "", "last_name": "",
            "date_joined_0": now.date(), "date_joined_1": "00:00:00", "is_active": "on", **changes,
        }  # fmt: skip
        form = {name: value for name, value in form.items() if value is not None}
        answer = client.post(f"/admin/auth/user/{user.pk}/change/", form)
        assert answer.status_code == 302, answer.content

    def test_rights_and_passwords(self, client: Client, root: User, alice: User) -> None:
        empty()
        self.change(client, alice, is_superuser="on", is_staff="on")
        new = {"password1": "another long secret", "password2": "another long secret"}
        client.post(f"/admin/auth/user/{alice.pk}/password/", new | {"usable_password": "true"})
        self.change(client, alice, is_active=None)
        client.post(f"/admin/auth/user/{alice.pk}/delete/", {"post": "yes"})
        assert rows("user", "action", "subject", "details") == [
            ("root", "user_changed", "alice", "is_staff: True, is_superuser: True"),
            ("root", "password_changed", "alice", ""),
            (
                "root", "user_changed", "alice",
                "is_active: False, is_staff: False, is_superuser: False",
            ),
            ("root", "user_removed", "alice", ""),
        ]  # fmt: skip

    def test_by_command(self, alice: User) -> None:
        empty()
        call_command("remove-user", "alice")
        assert rows("action", "user", "door") == [("user_removed", "", "command")]

    def test_a_sign_in_changes_nobody(self, with_password: User) -> None:
        sign_in(SECRET)
        assert [action for action, _ in rows("action", "subject")] == ["signed_in"]


class TestDeactivation:
    @pytest.fixture
    def at_work(self, alice: User) -> tuple[Client, Client]:
        """Alice in a browser and by a token; Bob, too, in others."""
        shelf.repository(alice, "shop")
        browser, program = Client(), Client()
        browser.force_login(alice)
        program.defaults["HTTP_AUTHORIZATION"] = f"Bearer {tokens.issue(alice, by=alice)}"
        assert browser.get("/account/").status_code == 200
        assert len(program.get("/api/v1/repositories").json()) == 1
        return browser, program

    def refused(self, at_work: tuple[Client, Client]) -> None:
        browser, program = at_work
        assert browser.get("/account/").status_code == 302
        assert browser.get("/api/v1/repositories").json() == []
        assert program.get("/api/v1/repositories").status_code == 401

    def test_ends_sessions_and_tokens_for_good(
        self, alice: User, bob: User, at_work: tuple[Client, Client]
    ) -> None:
        other = Client()
        other.force_login(bob)
        tokens.issue(bob, by=bob)
        alice.is_active = False
        alice.save()
        self.refused(at_work)
        assert not Token.objects.filter(user=alice).exists()
        assert Session.objects.count() == 1
        alice.is_active = True
        alice.save()
        self.refused(at_work)
        assert other.get("/account/").status_code == 200
        assert Token.objects.get().user == bob

    def test_also_in_the_database_alone(self, alice: User, at_work: tuple[Client, Client]) -> None:
        User.objects.filter(pk=alice.pk).update(is_active=False)
        self.refused(at_work)
        again = User.objects.get(pk=alice.pk)
        again.is_active = True
        again.save()
        self.refused(at_work)

    def test_so_does_removal(self, alice: User, at_work: tuple[Client, Client]) -> None:
        call_command("remove-user", "alice", "--remove-repositories")
        self.refused(at_work)
