"""Recent and saved searches: each user's own, bounded, and cleared when they wish."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from codeindex.models import RecentSearch, Repository, SavedSearch
from codeindex.searches import recent, saved
from tests import audited
from tests.codeindex.searches.conftest import save


class TestRecent:
    def test_a_search_is_found_again(self, client: Client, alice: User, shop: Repository) -> None:
        client.force_login(alice)
        for asked in ("/?q=csv&label=test&limit=50", "/?q=load", "/?q=csv&label=test"):
            assert client.get(asked).status_code == 200
        assert [(each.asked, each.text) for each in recent.latest(alice)] == [
            ("q=csv&label=test", "csv label:test"),
            ("q=load", "load"),
        ]
        assert 'href="/?q=csv&amp;label=test"' in client.get("/").content.decode()

    def test_nobody_else_sees_them(
        self, client: Client, alice: User, charlie: User, shop: Repository
    ) -> None:
        recent.note(alice, "q=secret", "secret")
        client.force_login(charlie)
        for address in ("/", "/searches/", "/api/v1/recent-searches"):
            assert "secret" not in client.get(address).content.decode()
        client.delete("/api/v1/recent-searches")
        assert RecentSearch.objects.count() == 1

    def test_there_are_few(self, alice: User) -> None:
        for number in range(recent.MOST_KEPT + 3):
            recent.note(alice, f"q={number}", str(number))
        kept = recent.latest(alice)
        assert len(kept) == RecentSearch.objects.count() == recent.MOST_KEPT
        assert kept[0].text == str(recent.MOST_KEPT + 2)

    @pytest.mark.parametrize("setting", ["hash", "omit"])
    def test_none_are_kept_where_texts_are_not(
        self, client: Client, alice: User, settings: Any, setting: str
    ) -> None:
        settings.CODEINDEX_AUDIT_TEXT = setting
        client.force_login(alice)
        client.get("/?q=csv")
        assert not RecentSearch.objects.exists()
        assert "is not kept on this server" in client.get("/searches/").content.decode()

    def test_they_can_be_cleared(self, client: Client, alice: User) -> None:
        recent.note(alice, "q=csv", "csv")
        client.force_login(alice)
        assert client.post("/searches/recent/clear").status_code == 302
        assert not RecentSearch.objects.exists()
        assert ("recent_searches_cleared", "alice") in audited.rows("action", "subject")


class TestSaved:
    def test_is_saved_from_the_results(self, client: Client, alice: User, shop: Repository) -> None:
        client.force_login(alice)
        page = client.get("/?q=csv&kind=function&limit=5").content.decode()
        (asked,) = re.findall(r'name="asked" value="([^"]+)"', page)
        form = {"name": "Tables", "asked": asked.replace("&amp;", "&"), "alerts": "on"}
        assert client.post("/searches/", form).status_code == 302
        own = SavedSearch.objects.get()
        assert (own.owner, own.name, own.asked) == (alice, "Tables", "q=csv&kind=function")
        assert own.alerting is not None
        assert "Tables" in client.get("/").content.decode()
        assert ("search_saved", "Tables") in audited.rows("action", "subject")

    def test_a_date_is_no_position(self, client: Client, alice: User, shop: Repository) -> None:
        client.force_login(alice)
        dated = "q=csv&after=2026-01-31"
        shown = client.get(f"/?{dated}&limit=5&cursor=").context
        assert shown["asked"] == recent.latest(alice)[0].asked == dated
        assert shown["why"] == dated

    @pytest.mark.parametrize(
        ("asked", "reason"),
        [
            ("q=csv&kind=none", "Unknown kind"),
            ("", "This field is required."),
            ("q=+", "The query is empty."),
            ("q=csv" + "&a" * 1_000, "too many parameters"),
            ("q=csv&a=" + "é" * 2_000, "longer than 8,190 characters"),
        ],
    )
    def test_what_is_no_search_is_refused(
        self, client: Client, alice: User, asked: str, reason: str
    ) -> None:
        client.force_login(alice)
        answer = client.post("/searches/", {"name": "x", "asked": asked})
        assert answer.status_code == 400
        assert reason in answer.content.decode()

    def test_names_are_unique_and_there_are_few(
        self, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        save(alice, "q=csv")
        with pytest.raises(ValidationError, match="already have a saved search"):
            save(alice, "q=other")
        monkeypatch.setattr(saved, "MOST_PER_USER", 1)
        with pytest.raises(ValidationError, match="already have 1 saved"):
            save(alice, "q=other", "other")

    def test_mail_needs_a_server_and_an_address(self, alice: User, settings: Any) -> None:
        with pytest.raises(ValidationError, match="sends no mail"):
            save(alice, "q=csv", mail=True)
        settings.EMAIL_HOST = "mail.example.org"
        with pytest.raises(ValidationError, match="no email address"):
            save(alice, "q=csv", mail=True)

    def test_alerts_are_switched_and_searches_removed(self, client: Client, alice: User) -> None:
        own = save(alice, "q=csv")
        client.force_login(alice)
        client.post(reverse("change-alerts", args=[own.pk]), {})
        own.refresh_from_db()
        assert own.alerting is None
        client.post(reverse("remove-search", args=[own.pk]))
        assert not SavedSearch.objects.exists()
        assert audited.rows("action", "subject")[-2:] == [
            ("saved_search_changed", "csv"),
            ("saved_search_removed", "csv"),
        ]

    def test_rest_does_the_same(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        json = {"content_type": "application/json"}
        made = client.post(
            "/api/v1/saved-searches", {"name": "csv", "query": "q=csv&limit=3"}, **json
        )
        assert made.status_code == 201
        assert made.json()["query"] == "q=csv"
        assert made.json()["alerts"] is False
        address = f"/api/v1/saved-searches/{made.json()['id']}"
        changed = client.patch(address, {"alerts": True}, **json)
        assert changed.json()["alerts"] is True
        assert client.get(f"{address}/alerts").json() == []
        bad = client.post("/api/v1/saved-searches", {"name": "x", "query": "q=a&kind=b"}, **json)
        assert bad.status_code == 400
        many = {"name": "x", "query": "q=a" + "&b" * 1_000}
        refused = client.post("/api/v1/saved-searches", many, **json)
        assert refused.status_code == 400
        assert "query" in refused.json()["errors"]
        assert [each["name"] for each in client.get("/api/v1/saved-searches").json()] == ["csv"]
        assert client.delete(address).status_code == 204
        assert client.delete(address).status_code == 404
