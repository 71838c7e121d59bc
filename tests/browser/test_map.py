"""The map: drawn from what its reader may see, highlighted by a search, and walked by keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, Visitor

pytestmark = pytest.mark.django_db

PAINTED = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.some((value) => value > 0);
}"""


def test_points_are_drawn_and_a_search_highlights_its_results(visit: Visitor) -> None:
    page = visit("/map/")
    expect(page.locator("#map-count")).to_contain_text("definitions")
    page.wait_for_function(PAINTED, arg=page.locator("#map-canvas").element_handle())
    page.get_by_label("Highlight").fill("retry")
    page.locator("#map").get_by_role("button", name="Search").click()
    expect(page.locator("#map-place")).to_contain_text("best results are on the map")


def test_keys_move_it_and_lead_to_a_definition(visit: Visitor) -> None:
    page = visit("/map/", size=NARROW)
    expect(page.locator("#map-count")).to_contain_text("definitions")
    page.locator("#map-canvas").focus()
    page.keyboard.press("+")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#map-place a")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/r/alice/**")


def test_a_colour_is_shown_alone(visit: Visitor) -> None:
    page = visit("/map/")
    page.get_by_label("Colour", exact=True).select_option("kind")
    first = page.locator("#map-legend button").first
    first.click()
    expect(first).to_have_attribute("aria-pressed", "true")


def test_without_scripts_the_areas_are_a_table(visit: Visitor) -> None:
    page = visit("/map/", java_script_enabled=False)
    expect(page.get_by_role("heading", name="Areas")).to_be_visible()
    expect(page.locator("#map")).to_be_hidden()
    expect(page.locator("table tbody tr").first).to_be_visible()
