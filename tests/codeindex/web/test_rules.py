"""What is indexed of a repository: shown to whoever sees it, changed by whoever manages it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from codeindex.models import IGNORE_PATTERNS, IndexRun, Repository, RunStatus
from codeindex.web import ids
from tests import shelf


@pytest.fixture
def shop(alice: User, team: Group) -> Repository:
    return shelf.repository(alice, "shop", teams=[team])


@pytest.fixture
def run(shop: Repository) -> IndexRun:
    return IndexRun.objects.create(
        branch=shop.branches.get(),
        status=RunStatus.PUBLISHED,
        notices=["Its only branch has been indexed."],
        skips={
            "vendored, by path": {"count": 31, "examples": ["vendor/<a>.py"]},
            "Git LFS pointer": {"count": 1, "examples": ["model.py"]},
            "too many unclosed brackets": {"count": 1, "examples": ["b.py"]},
        },
    )


def page(client: Client, shop: Repository) -> str:
    return client.get(reverse("repository", args=[shop.pk])).content.decode()


def address(shop: Repository) -> str:
    return f"/api/v1/repositories/{ids.opaque(ids.Row.REPOSITORY, shop.pk)}/rules"


def patch(client: Client, shop: Repository, **rules: Any) -> tuple[int, Any]:
    response = client.patch(address(shop), rules, content_type="application/json")
    return response.status_code, response.json()


def test_the_page_says_what_was_skipped_why_and_what_to_do(client, alice, shop, run):
    client.force_login(alice)
    shown = page(client, shop)
    assert "31 vendored, by path" in shown
    assert "vendor/&lt;a&gt;.py" in shown
    assert "usually holds other people&#x27;s code" in shown
    assert "PATTERN -linguist-vendored</code> in .gitattributes" in shown
    assert "Their contents lie in Git LFS" in shown
    assert "too many unclosed brackets" in shown
    assert "Its only branch has been indexed." in shown
    assert shown.count(reverse("repository-settings", args=[shop.pk])) == 2


def test_only_who_manages_a_repository_gets_to_its_settings(client, bob, charlie, shop, run):
    rules = reverse("rules", args=[shop.pk])
    for user, status in ((bob, 403), (charlie, 404)):
        client.force_login(user)
        assert client.get(rules).status_code == status
        assert client.post(rules, {"index_vendored": "on"}).status_code == status
        assert client.get(address(shop)).status_code == status
        assert patch(client, shop, index_vendored=True)[0] == status
    client.force_login(bob)
    assert reverse("repository-settings", args=[shop.pk]) not in page(client, shop)
    shop.refresh_from_db()
    assert not shop.index_vendored


def test_the_form_changes_the_rules(client, alice, shop):
    client.force_login(alice)
    rules = reverse("rules", args=[shop.pk])
    given = {"index_vendored": "on", "ignore_patterns": "/legacy/\r\n!shop/vendor/\r\n"}
    response = client.post(rules, given, follow=True)
    assert "The next index run follows the new settings." in response.content.decode()
    shop.refresh_from_db()
    assert shop.indexed_origins == {"vendored"}
    assert shop.ignore_patterns.splitlines() == ["/legacy/", "!shop/vendor/"]
    shown = client.get(rules).content.decode()
    assert "/legacy/" in shown
    assert "checked" in shown
    client.post(rules, {})
    shop.refresh_from_db()
    assert (shop.indexed_origins, shop.ignore_patterns) == (frozenset(), "")


def test_a_line_that_is_no_pattern_is_named(client, alice, shop):
    client.force_login(alice)
    response = client.post(reverse("rules", args=[shop.pk]), {"ignore_patterns": "a.py\n!\n"})
    assert response.status_code == 400
    assert "Line 2 is not a pattern" in response.content.decode()
    status, told = patch(client, shop, ignore_patterns="[z-a]")
    assert (status, list(told["errors"])) == (400, ["ignore_patterns"])
    assert patch(client, shop, ignore_patterns="a" * (IGNORE_PATTERNS + 1))[0] == 400


def test_rest_changes_the_rules_that_it_names(client, alice, shop):
    client.force_login(alice)
    status, told = patch(client, shop, index_minified=True, ignore_patterns="*.sql \n")
    assert status == 200
    expected = {
        "index_vendored": False,
        "index_generated": False,
        "index_minified": True,
        "ignore_patterns": "*.sql \n",
        "refining": True,
        "check_minutes": None,
    }
    assert told == expected
    assert patch(client, shop) == (200, expected)
    assert patch(client, shop, index_minified=False)[1] == expected | {"index_minified": False}
    assert client.get(address(shop)).json()["ignore_patterns"] == "*.sql \n"
