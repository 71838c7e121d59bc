"""What only a browser shows: keys, pages that update by themselves, what works without scripts, and
where an address leads somebody who has not signed in."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import Page, expect

from codeindex.models import IndexRun, RunStatus
from tests.browser.conftest import NARROW, Visitor
from tests.browser.organisation import PASSWORD, Organisation

pytestmark = pytest.mark.django_db

CART = "/r/alice/shop/web/cart.ts"
NONE = "/r/alice/none/web/cart.ts"


def committed(write: Callable[[], Any]) -> Any:
    """Writes outside the transaction of the test, so that the server sees it."""

    def written() -> Any:
        try:
            return write()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as executor:
        return executor.submit(written).result()


def sign_in(page: Page, name: str = "alice", password: str = PASSWORD) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.locator("main").get_by_role("button", name="Sign in").click()


class TestSearching:
    def test_from_the_start_page_to_similar_code(self, visit: Visitor) -> None:
        page = visit("/")
        page.get_by_role("textbox").fill("retry")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="retry", exact=True).click()
        expect(page.locator("h1")).to_contain_text("retry")
        expect(page.locator(".source")).to_contain_text("raise GaveUp")
        page.get_by_role("link", name="Similar code").click()
        expect(page.locator("h1")).to_contain_text("Similar to retry")
        expect(page.locator(".result").first).to_be_visible()

    def test_by_keys_alone(self, visit: Visitor) -> None:
        page = visit("/repositories/")
        page.keyboard.press("/")
        expect(page.locator("#q")).to_be_focused()
        page.keyboard.type("retry")
        page.keyboard.press("Enter")
        page.wait_for_url("**/?q=retry**")
        names = page.locator(".result h2").all_inner_texts()
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("k")
        expect(page.locator(".result").first.locator("h2 a")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text(names[0])

    def test_keys_are_shown(self, visit: Visitor) -> None:
        page = visit("/repositories/")
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
        expect(dialog).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()

    def test_the_search_box_completes_what_is_typed(self, visit: Visitor) -> None:
        page = visit("/")
        box = page.locator("#q")
        box.press_sequentially("find_se")
        expect(page.get_by_role("option").first).to_contain_text("find_settings")
        box.press("ArrowDown")
        chosen = page.locator("[aria-selected=true]").get_attribute("id")
        expect(box).to_have_attribute("aria-activedescendant", chosen or "")
        box.press("Enter")
        expect(box).to_have_value("find_settings")
        expect(page.locator("#q-suggestions")).to_be_hidden()
        box.press_sequentially(" kind:fun")
        expect(page.locator("#q-suggestions")).to_contain_text("function")
        box.press("Escape")
        expect(page.locator("#q-suggestions")).to_be_hidden()

    def test_without_scripts(self, visit: Visitor) -> None:
        page = visit("/account/login/?next=/", who="", java_script_enabled=False)
        sign_in(page, "bob")
        page.get_by_role("textbox").fill("retry")
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name="retry", exact=True).click()
        expect(page.locator(".source")).to_contain_text("raise GaveUp")
        page.locator("details.menu summary").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("link", name="Sign in").first).to_be_visible()

    def test_on_a_phone_results_are_in_sight(self, visit: Visitor) -> None:
        page = visit("/?q=retry", size=NARROW, has_touch=True, is_mobile=True)
        box = page.locator(".result").first.bounding_box()
        assert box
        assert box["y"] < NARROW[1] / 2
        expect(page.get_by_role("button", name="Keyboard shortcuts")).to_be_hidden()

    def test_in_the_dark(self, visit: Visitor) -> None:
        page = visit("/?q=retry", color_scheme="dark")
        lightness = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
        assert max(page.evaluate(lightness)) < 64

    def test_strangers_scripts_stay_text(self, visit: Visitor) -> None:
        page = visit("/?q=ATTACK")
        expect(page.locator(".source").first).to_contain_text("<script>alert(1)</script>")


class TestSignIn:
    @pytest.mark.parametrize("address", [f"{CART}#L14-L16", NONE])
    def test_leads_back_to_the_address_that_was_asked_for(
        self, visit: Visitor, address: str
    ) -> None:
        page = visit(address, who="")
        expect(page.locator("h1")).to_have_text("Page not found")
        page.locator("main").get_by_role("link", name="Sign in").click()
        sign_in(page, password="a wrong password")
        sign_in(page)
        page.wait_for_url(f"**{address}")

    def test_says_the_same_of_what_is_hidden_and_what_does_not_exist(self, visit: Visitor) -> None:
        said = [visit(address, who="").locator("main").inner_text() for address in (CART, NONE)]
        assert said[0] == said[1]

    def test_keeps_the_search(self, visit: Visitor) -> None:
        page = visit("/?q=cart+total", who="")
        page.get_by_role("navigation", name="Main").get_by_role("link", name="Sign in").click()
        sign_in(page)
        page.wait_for_url("**/?q=cart+total")

    def test_leads_nowhere_else(self, visit: Visitor, server: str) -> None:
        page = visit("/account/login/?next=https://example.org/", who="")
        sign_in(page)
        page.wait_for_url(f"{server}/")


class TestMenu:
    def test_escape_and_a_click_elsewhere_close_it(self, visit: Visitor) -> None:
        page = visit("/repositories/")
        menu, link = page.locator("details.menu"), page.get_by_role("link", name="Your account")
        menu.locator("summary").click()
        expect(link).to_be_visible()
        page.keyboard.press("Escape")
        expect(link).to_be_hidden()
        expect(menu.locator("summary")).to_be_focused()
        menu.locator("summary").click()
        page.locator("h1").click()
        expect(link).to_be_hidden()


class TestRepositories:
    def test_settings_are_saved(self, visit: Visitor, made: Organisation) -> None:
        page = visit(f"/repositories/{made.shop.pk}/settings")
        form = page.locator("form#rules")
        vendored = form.get_by_label("Index vendored code")
        vendored.check()
        form.get_by_role("button", name="Save").click()
        expect(vendored).to_be_checked()
        vendored.uncheck()
        form.get_by_role("button", name="Save").click()
        expect(vendored).not_to_be_checked()

    def test_a_run_is_watched_to_its_end(self, visit: Visitor, made: Organisation) -> None:
        branch = made.shop.branches.get()
        run = committed(
            lambda: IndexRun.objects.create(
                branch=branch,
                status=RunStatus.DEFINITIONS,
                stage_started=timezone.now(),
                files=10,
                files_read=2,
            )
        )
        page = visit(f"/repositories/{made.shop.pk}/")
        shown, bar = page.locator("#progress"), page.locator("progress")
        expect(shown).to_contain_text("Extracting definitions")
        expect(bar).to_have_attribute("value", "20")
        change = IndexRun.objects.filter(pk=run.pk).update
        committed(lambda: change(files_read=7))
        expect(bar).to_have_attribute("value", "70")
        fault = "There is no such host."
        committed(lambda: change(status=RunStatus.FAILED, error=fault, finished=timezone.now()))
        expect(page.locator("main")).to_contain_text(fault)
        expect(page.get_by_role("button", name="Index again")).to_be_visible()
        committed(IndexRun.objects.filter(pk=run.pk).delete)


def test_the_api_s_page_leads_to_an_operation_and_its_answer(visit: Visitor) -> None:
    page = visit("/api/v1/docs")
    page.get_by_role("navigation", name="Operations").get_by_role(
        "link", name="search", exact=True
    ).last.click()
    page.locator("#search").get_by_role("link", name="Answer").click()
    expect(page.locator("#object-Answer")).to_be_in_viewport()
