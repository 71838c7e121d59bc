"""Searching in a browser: what only scripts do, and what is left without them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.django_db


def test_a_facet_narrows_and_is_taken_back(visit: Visitor) -> None:
    page = visit("/?q=retry")
    facets = page.get_by_role("complementary", name="Narrow the results")
    facets.get_by_role("link", name="python").first.click()
    page.wait_for_url("**lang=python**")
    expect(page.locator(".result .language").first).to_have_text("python")
    page.get_by_role("link", name="Remove the filter lang:python").click()
    page.wait_for_url("**/?q=retry")


def test_changing_an_option_searches_again(visit: Visitor) -> None:
    page = visit("/?q=retry")
    page.locator(".options summary").click()
    page.get_by_label("Group by file").uncheck()
    page.wait_for_url("**group=definition**")
    expect(page.get_by_label("Group by file")).to_be_focused()
    expect(page.locator(".options")).to_have_attribute("open", "")
    assert "repo=" not in page.url


@pytest.mark.parametrize("scripts", [True, False])
def test_more_results_come_after_those_that_there_are(visit: Visitor, scripts: bool) -> None:
    page = visit("/?q=lang:python&group=definition&limit=2", java_script_enabled=scripts)
    names = page.locator(".result h2").all_inner_texts()
    page.get_by_role("link", name="Show more results").click()
    if scripts:
        expect(page.locator(".result").nth(2)).to_be_visible()
        assert page.locator(".result h2").all_inner_texts()[:2] == names
        page.wait_for_url("**limit=**")
        count = page.locator(".result").count()
        page.reload()
        expect(page.locator(".result")).to_have_count(count)
    else:
        expect(page.locator("ol.results")).to_have_attribute("start", "3")


def test_pasted_code_keeps_its_lines_and_leads_to_similar_code(visit: Visitor) -> None:
    page = visit("/repositories/")
    code = "def retry(call):\n    return call()"
    page.locator("#q").fill(code)
    page.get_by_role("link", name="Find similar code").click()
    expect(page.locator("#code")).to_have_value(code)
    expect(page.locator(".result").first).to_be_visible()


def test_a_query_that_is_too_long_is_not_cut(visit: Visitor) -> None:
    page = visit("/")
    page.locator("#q").fill("x" * 2_001)
    expect(page.locator(".box-note")).to_have_text("2,001 characters; at most 2,000 are allowed.")
    expect(page.locator("#q")).to_have_value("x" * 2_001)
    page.goto("/similar/")
    page.locator("#code").fill("y" * 2_002)
    expect(page.locator("main .box-note")).to_contain_text("2,002 characters")


def test_a_search_is_saved(visit: Visitor) -> None:
    page = visit("/?q=retry", who="bob")
    page.locator(".save summary").click()
    page.get_by_label("Alert me to new code").check()
    page.locator(".save").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="retry")).to_be_visible()
    expect(page.get_by_label("Alert me to new code")).to_be_checked()
    page.get_by_role("button", name="Remove retry").click()
    expect(page.locator("main")).to_contain_text("has been removed")
