"""A saved search alerts to code that an index run has added, and to nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail as outbox_of_mail
from django.utils import timezone

from codeindex.integrations import outgoing
from codeindex.models import (
    Alert,
    AwaitedComparison,
    OutgoingDelivery,
    Repository,
    SavedSearch,
    Visibility,
)
from codeindex.searches import alerts, mail, saved
from codeindex.searches.alerts import CannotCompare
from search import new_code
from tests.codeindex.searches.conftest import Publish, compare, save

SOURCE = "def read_csv(): return 2"


def test_new_code_that_matches_is_told_once(
    alice: User, shop: Repository, publish: Publish
) -> None:
    save(alice, "q=read_csv")
    publish(shop, new=SOURCE, other="def add(): return 3")
    assert compare() == {"csv": ["new.py"]}
    publish(shop, third="def third(): return 4")
    assert compare() == {"csv": ["new.py"]}


def test_code_that_was_there_is_not_new(alice: User, shop: Repository, publish: Publish) -> None:
    """Whether it moves, is copied, or stands in a file that changes beside it."""
    save(alice, "kind=function")
    publish(shop, replaces=("old.py",), moved="def load_csv(): return 1")
    assert compare() == {"csv": []}
    publish(shop, copy="def load_csv(): return 1", new=SOURCE)
    assert compare() == {"csv": ["new.py"]}


def test_filters_are_those_of_the_search(alice: User, shop: Repository, publish: Publish) -> None:
    save(alice, "q=read_csv&path=src", "elsewhere")
    save(alice, "kind=function&label=implementation", "listed")
    publish(shop, new=SOURCE, test_new="def test_csv(): return 5")
    assert compare() == {"elsewhere": [], "listed": ["new.py"]}


def test_only_what_its_owner_may_see(
    alice: User, charlie: User, shop: Repository, publish: Publish
) -> None:
    save(charlie, "q=read_csv")
    publish(shop, new=SOURCE)
    assert compare() == {"csv": []}
    shop.visibility = Visibility.PUBLIC
    shop.save()
    publish(shop, further="def read_csv(): return 6")
    assert compare() == {"csv": ["further.py"]}
    shop.visibility = Visibility.PRIVATE
    shop.save()
    assert compare() == {"csv": []}


def test_what_finished_before_the_alert_was_switched_on_is_not_new(
    alice: User, shop: Repository, publish: Publish
) -> None:
    save(alice, "q=nothing", "other")
    publish(shop, new=SOURCE)
    save(alice, "q=read_csv")
    assert compare()["csv"] == []


def test_nothing_waits_where_no_search_alerts(
    alice: User, shop: Repository, publish: Publish
) -> None:
    saved.save(alice, "quiet", "q=read_csv", alerts=False, mail=False)
    publish(shop, new=SOURCE)
    assert not AwaitedComparison.objects.exists()
    assert not alerts.is_due()


def test_runs_wait_while_nothing_can_be_compared(
    alice: User, shop: Repository, publish: Publish
) -> None:
    def find(search: object, runs: object) -> Any:
        raise CannotCompare("the model is loading")

    save(alice, "q=read_csv")
    publish(shop, new=SOURCE)
    with pytest.raises(CannotCompare):
        alerts.compare_next(find)
    assert alerts.is_due()
    assert compare() == {"csv": ["new.py"]}


def test_a_search_that_fails_keeps_no_other_from_being_compared(
    alice: User, shop: Repository, publish: Publish
) -> None:
    save(alice, "q=read_csv&repo=gone", "broken")
    save(alice, "q=read_csv")
    publish(shop, new=SOURCE)
    assert compare() == {"broken": [], "csv": ["new.py"]}


def test_a_lost_comparison_writes_nothing(alice: User, shop: Repository, publish: Publish) -> None:
    def find(search: SavedSearch, runs: Any) -> Any:
        AwaitedComparison.objects.update(lease=None, leased_until=None)
        return new_code.matches(search, runs)

    save(alice, "q=read_csv")
    publish(shop, new=SOURCE)
    alerts.compare_next(find)
    assert not Alert.objects.exists()
    assert compare() == {"csv": ["new.py"]}


class TestMail:
    @pytest.fixture(autouse=True)
    def server(self, settings: Any, alice: User) -> None:
        settings.EMAIL_HOST = "mail.example.org"
        settings.CODEINDEX_URL = "https://code.example.org"
        alice.email = "alice@example.org"
        alice.save()

    def test_it_says_what_matched_and_where(
        self, alice: User, shop: Repository, publish: Publish
    ) -> None:
        save(alice, "q=read_csv", "csv\nBcc: eve@example.org", mail=True)
        publish(shop, new=SOURCE)
        compare()
        assert mail.is_due()
        assert mail.send_due()
        assert not mail.send_due()
        (sent,) = outbox_of_mail.outbox
        assert sent.to == ["alice@example.org"]
        assert sent.subject == "1 new match for “csv Bcc: eve@example.org”"
        assert "alice/shop: new.py:1–1\n  read_csv (function" in sent.body
        assert "https://code.example.org/r/alice/shop@" in sent.body
        assert "https://code.example.org/?q=read_csv" in sent.body

    def test_nothing_is_sent_of_what_has_become_hidden(
        self, alice: User, bob: User, shop: Repository, publish: Publish
    ) -> None:
        bob.email = "bob@example.org"
        bob.save()
        save(bob, "q=read_csv", mail=True)
        publish(shop, new=SOURCE)
        compare()
        shop.teams.clear()
        assert mail.send_due()
        assert outbox_of_mail.outbox == []

    def test_a_mail_that_is_not_taken_is_sent_again(
        self,
        alice: User,
        shop: Repository,
        publish: Publish,
        settings: Any,
    ) -> None:
        save(alice, "q=read_csv", mail=True)
        publish(shop, new=SOURCE)
        compare()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", 1, False
        mail.send_due()
        alert = Alert.objects.get()
        assert "The mail server did not take it" in alert.error
        assert alert.attempts == 1
        assert alert.mail_due is not None
        assert alert.mail_due > timezone.now()


def test_a_webhook_of_the_owner_is_told(
    alice: User, bob: User, shop: Repository, publish: Publish
) -> None:
    for owner in (alice, bob):
        outgoing.create(owner, "ci", "https://hooks.example", ["search.matched"], None, by=owner)
    save(alice, "q=read_csv")
    publish(shop, new=SOURCE)
    compare()
    delivery = OutgoingDelivery.objects.get()
    assert delivery.webhook.owner == alice
    told = json.loads(outgoing._message(delivery).body)
    assert told["type"] == "search.matched"
    assert told["data"]["search"] == "csv"
    (match,) = told["data"]["matches"]
    assert match["repository"] == "alice/shop"
    assert (match["path"], match["name"]) == ("new.py", "read_csv")
    assert not str(match["repository_id"]).isdecimal()
    Repository.objects.filter(pk=shop.pk).update(owner=bob)
    shop.teams.clear()
    assert outgoing._allowed([delivery]) == []
