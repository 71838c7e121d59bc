"""Pages of code in a browser: lines that are marked, addresses that are pinned, and what pointing
at a path shows."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NARROW, Visitor

pytestmark = pytest.mark.django_db

RETRIES = "/r/alice/toolbox/toolbox/retries.py"


class TestLines:
    def test_a_click_marks_one_and_another_with_shift_a_range(self, visit: Visitor) -> None:
        page = visit(RETRIES)
        page.locator("#L3").click()
        expect(page).to_have_url(re.compile(r"retries\.py#L3$"))
        page.locator("#L5").click(modifiers=["Shift"])
        expect(page).to_have_url(re.compile(r"retries\.py#L3-L5$"))
        expect(page.locator(".numbers .marked")).to_have_count(3)

    def test_an_address_marks_its_lines(self, visit: Visitor) -> None:
        page = visit(f"{RETRIES}#L2-L4")
        expect(page.locator(".numbers .marked")).to_have_text(["2", "3", "4"])

    def test_y_pins_the_address_to_the_commit(self, visit: Visitor) -> None:
        page = visit(f"{RETRIES}#L2-L4")
        page.keyboard.press("y")
        pinned = r"/r/alice/toolbox@[0-9a-f]{40}/toolbox/retries\.py#L2-L4$"
        expect(page).to_have_url(re.compile(pinned))
        page.reload()
        expect(page.locator(".numbers .marked")).to_have_count(3)

    def test_without_scripts_a_line_is_marked(self, visit: Visitor) -> None:
        page = visit(f"{RETRIES}?lines=2-4#L2", java_script_enabled=False)
        expect(page.locator(".numbers .marked")).to_have_count(3)
        expect(page.get_by_role("button", name="Copy path")).to_be_hidden()


def test_the_way_from_a_folder_to_a_symbol(visit: Visitor) -> None:
    page = visit("/r/alice/toolbox/")
    page.get_by_role("link", name="toolbox/", exact=True).click()
    page.get_by_role("link", name="retries.py").click()
    page.get_by_role("link", name="retry", exact=True).click()
    expect(page).to_have_url(re.compile(r"#L\d+$"))
    page.get_by_role("navigation", name="Breadcrumbs").get_by_role(
        "link", name="toolbox"
    ).last.click()
    expect(page.locator("table.folder")).to_contain_text("retries.py")


def test_buttons_copy(visit: Visitor) -> None:
    page = visit(RETRIES, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy path").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "toolbox/retries.py"


@pytest.mark.parametrize("scripts", [True, False])
def test_pointing_at_a_path_marks_its_leaves_and_nodes(visit: Visitor, scripts: bool) -> None:
    page = visit("/?q=retry", java_script_enabled=scripts)
    page.get_by_role("link", name="retry", exact=True).click()
    page.get_by_role("link", name="What the model looks at").click()
    path, leaf = page.locator(".on-2"), page.locator(".leaf.path-2").first
    expect(leaf).to_have_css("outline-style", "none")
    path.hover()
    expect(leaf).to_have_css("outline-style", "solid")
    expect(page.locator(".syntax .path-2").first).to_have_css("outline-style", "solid")


def test_the_history_on_a_phone(visit: Visitor) -> None:
    page = visit("/?q=retry", size=NARROW)
    page.get_by_role("link", name="retry", exact=True).click()
    page.get_by_role("link", name="History").click()
    expect(page.locator("ins.added").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW[0]
