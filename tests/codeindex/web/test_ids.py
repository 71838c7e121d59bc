"""Ids as they are shown: opaque, of one kind, and made by us."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import NoReverseMatch, Resolver404, resolve, reverse
from hypothesis import given
from hypothesis import strategies as st

from codeindex import tasks
from codeindex.models import IndexRun, NamesUsed, Repository, Visibility
from codeindex.web import ids
from codeindex.web.ids import Row
from embeddings.types import packed_use
from tests import shelf
from tests.shelf import Written

NUMBERS = st.integers(0, 2**63 - 1)


@pytest.fixture
def new_installation(db: None) -> Iterator[None]:
    """One that never had plain numbers in addresses."""
    known = ids.plain_numbers()
    before = dict(known)
    known.clear()
    yield
    known.update(before)


@given(row=st.sampled_from(Row), number=NUMBERS)
def test_an_id_is_read_back_as_its_own_row_alone(row: Row, number: int) -> None:
    written = ids.opaque(row, number)
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", written)
    assert ids.number(row, written) == number
    for other in set(Row) - {row}:
        with pytest.raises(ValueError, match="is not the id"):
            ids.number(other, written)


@given(written=st.from_regex(r"[A-Za-z_-][A-Za-z0-9_-]{21}", fullmatch=True))
def test_what_was_made_up_is_no_id(written: str) -> None:
    with pytest.raises(ValueError, match="is not the id"):
        ids.number(Row.FILE, written)


@given(number=NUMBERS, last=st.sampled_from("BCDEFGHIJKLMNOP"))
def test_an_id_is_written_in_one_way(number: int, last: str) -> None:
    """The last character holds four bits that belong to no byte."""
    written = ids.opaque(Row.FILE, number)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = alphabet[alphabet.index(written[-1]) | alphabet.index(last)]
    if other != written[-1]:
        with pytest.raises(ValueError, match="is not the id"):
            ids.number(Row.FILE, written[:-1] + other)


def test_ids_survive_a_new_secret_key(settings: Any) -> None:
    old = ids.opaque(Row.RUN, 7)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    assert ids.opaque(Row.RUN, 7) != old
    assert ids.number(Row.RUN, old) == ids.number(Row.RUN, ids.opaque(Row.RUN, 7)) == 7
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(ValueError, match="is not the id"):
        ids.number(Row.RUN, old)


def test_views_get_numbers_and_addresses_are_made_of_them() -> None:
    address = reverse("definition", args=[17, 4711])
    assert not re.search(r"/\d+/", address)
    assert resolve(address).kwargs == {"file_id": 17, "definition_id": 4711}
    with pytest.raises(NoReverseMatch):
        reverse("repository", args=["shop"])


def test_an_id_of_another_row_is_no_address(client: Client, db: None) -> None:
    run = ids.opaque(Row.RUN, 5)
    with pytest.raises(Resolver404):
        resolve(f"/repositories/{run}/")
    assert client.get(f"/api/v1/repositories/{run}").status_code == 404


def test_old_addresses_stay_valid(client: Client, alice: User) -> None:
    file, definition = shelf.put(
        shelf.repository(alice), "a.py", Written("def load(): ...", "load")
    )
    client.force_login(alice)
    repository = file.branch.repository_id
    for address in (
        f"/repositories/{repository}/",
        f"/files/{file.pk}/",
        f"/files/{file.pk}/{definition.pk}/",
        f"/api/v1/repositories/{repository}/runs",
        f"/api/v1/files/{file.pk}/{definition.pk}/similar",
    ):
        assert client.get(address).status_code == 200, address
    for number in (2**63 - 1, 10**19 - 1, 10**25):
        assert client.get(f"/repositories/{number}/").status_code == 404


def test_what_is_new_has_no_number_to_be_tried(
    client: Client, new_installation: None, charlie: User
) -> None:
    """Who could find their own repository by its number would know how many there are."""
    own = shelf.repository(charlie)
    client.force_login(charlie)
    assert client.get(reverse("repository", args=[own.pk])).status_code == 200
    assert client.get(f"/repositories/{own.pk}/").status_code == 404
    assert client.get(f"/api/v1/repositories/{own.pk}").status_code == 404


def test_no_page_and_no_json_has_a_number(client: Client, alice: User) -> None:
    """Numbers that nothing else has, in no page, form or answer."""
    shop = Repository.objects.create(
        pk=770077001, owner=alice, name="shop", visibility=Visibility.PUBLIC
    )
    branch = shop.branches.create(pk=770077002)
    branch.live_run = IndexRun.objects.create(pk=770077003, branch=branch, status="published")
    branch.save()
    alice.groups.add(Group.objects.create(pk=770077004, name="another"))
    file, definition = shelf.put(shop, "a.py", Written("def load(): ...", "load"))
    NamesUsed.objects.create(
        blob=file.blob, names=["load"], ends=[1], uses=[packed_use(9, 0, 0)], is_cut=False
    )
    type(definition).objects.filter(pk=definition.pk).update(id=770077005)
    type(file).objects.filter(pk=file.pk).update(id=770077006)
    tasks.request_index(repository=shop, by=alice)
    IndexRun.objects.filter(status="queued").update(id=770077007)
    client.force_login(alice)
    own, at = [770077001], [770077006, 770077005]
    addresses = (
        *("/?q=load", "/repositories/", "/repositories/register", "/account/", "/api/v1/schema"),
        *("/api/v1/search?q=load", "/api/v1/search?q=load&group=file", "/api/v1/repositories"),
        *(reverse(name, args=own) for name in ("repository", "progress", "remove")),
        *(reverse(name, args=own) for name in ("api-repository", "api-runs")),
        *(
            reverse(name, args=at)
            for name in ("definition", "similar", "api-similar", "references")
        ),
        *(reverse(f"api-{name}", args=at[1:]) for name in ("references", "callers", "callees")),
        reverse("file", args=at[:1]),
    )
    for address in addresses:
        response = client.get(address)
        assert response.status_code == 200, address
        assert b"770077" not in response.content, address
    assert "770077" not in client.post(reverse("index-again", args=own))["Location"]
    run = client.post(reverse("api-runs", args=own), content_type="application/json")
    assert b"770077" not in run.content
