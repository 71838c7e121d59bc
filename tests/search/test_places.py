"""What is known of the files that candidates are in."""

from __future__ import annotations

from search import places
from search.places import Location


def test_depths_are_counted_from_the_foremost_file_of_a_branch() -> None:
    locations = [
        Location(1, 1, "src/shop/a.py", 1, 1),
        Location(1, 1, "src/shop/a.py", 5, 9),
        Location(1, 2, "src/shop/cart/items/b.py", 1, 1),
        Location(2, 3, "deep/er/still/c.py", 1, 1),
    ]
    assert places.depths(locations) == {1: 0, 2: 2, 3: 0}
    assert places.depths([]) == {}
