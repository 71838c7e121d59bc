"""Statements of the search."""

from __future__ import annotations

import pytest

from search.candidates import sql


@pytest.mark.django_db
def test_settings_hold_for_their_statement() -> None:
    shown = "SELECT current_setting('enable_sort'), %(number)s::int"
    assert sql.rows(shown, {"number": 1}, {"enable_sort": "off"}) == [("off", 1)]
