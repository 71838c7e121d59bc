"""What is known of the files that candidates are in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from codeindex.models import SourceFile
from search import places
from search.places import BEGINNING, Location
from tests import shelf
from tests.shelf import Written


@pytest.mark.django_db
def test_files_are_read_from_their_beginnings(alice: User) -> None:
    shop = shelf.repository(alice)
    short, _ = shelf.put(shop, "a.py", Written("é = 1", "a"))
    long = shelf.put_source(shop, "b.py", "é" * (BEGINNING + 5))
    assert places.beginnings([short.pk, long.pk]) == {
        short.pk: ("python", "é = 1"),
        long.pk: ("python", "é" * BEGINNING),
    }


@pytest.mark.django_db
def test_files_that_are_gone_have_none(alice: User) -> None:
    file, _ = shelf.put(shelf.repository(alice), "a.py", Written("a = 1", "a"))
    gone = file.pk
    SourceFile.objects.all().delete()
    assert places.beginnings([gone]) == {}
    assert places.beginnings([]) == {}


def test_depths_are_counted_from_the_foremost_file_of_a_branch() -> None:
    locations = [
        Location(1, 1, "src/shop/a.py", 1, 1),
        Location(1, 1, "src/shop/a.py", 5, 9),
        Location(1, 2, "src/shop/cart/items/b.py", 1, 1),
        Location(2, 3, "deep/er/still/c.py", 1, 1),
    ]
    assert places.depths(locations) == {1: 0, 2: 2, 3: 0}
    assert places.depths([]) == {}
