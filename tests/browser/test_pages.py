"""What only a browser shows: keys, pages that update by themselves, and what the policy blocks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from pytest_django.live_server_helper import LiveServer
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from codeindex.models import IndexRun, Repository, RunStatus
from tests import shelf
from tests.shelf import Written

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS = 60
Visit = Callable[[str], Chrome]


@pytest.fixture
def alice(transactional_db: None) -> User:
    return User.objects.create_user("alice", password="a long enough secret")


@pytest.fixture
def shop(alice: User) -> Repository:
    made = shelf.repository(alice)
    for name in ("first", "second", "third"):
        written = Written(f"def {name}(csv):\n    return '<script>alert(1)</script>'", name)
        shelf.put(made, f"src/{name}.py", written)
    return made


@pytest.fixture
def visit(browser: Chrome, live_server: LiveServer, alice: User) -> Visit:
    """Opens an address as Alice, who signs in on the page."""
    browser.get("about:blank")  # a page that an earlier test left polls no more
    complaints(browser)  # of earlier tests
    browser.get(f"{live_server.url}/account/login/")
    browser.find_element(By.NAME, "username").send_keys("alice")
    browser.find_element(By.NAME, "password").send_keys("a long enough secret", Keys.ENTER)
    until(browser, lambda: "alice" in browser.find_element(By.CLASS_NAME, "account").text)

    def open_address(address: str) -> Chrome:
        browser.get(live_server.url + address)
        return browser

    return open_address


def until(browser: Chrome, condition: Callable[[], object]) -> None:
    waiting = WebDriverWait(browser, SECONDS, ignored_exceptions=[StaleElementReferenceException])
    waiting.until(lambda _: condition())


def complaints(browser: Chrome) -> list[str]:
    return [line["message"] for line in browser.get_log("browser") if line["level"] == "SEVERE"]


def test_searches_from_the_keyboard(visit: Visit, shop: Repository) -> None:
    page = visit("/?q=csv")
    page.find_element(By.TAG_NAME, "body").send_keys("/")
    box = page.switch_to.active_element
    assert box.get_attribute("name") == "q"
    box.send_keys("second", Keys.ENTER)
    until(page, lambda: "q=second" in page.current_url)
    assert page.find_element(By.CSS_SELECTOR, ".result h2").text == "second"


def test_walks_through_results(visit: Visit, shop: Repository) -> None:
    page = visit("/?q=csv")
    body = page.find_element(By.TAG_NAME, "body")
    names = [heading.text for heading in page.find_elements(By.CSS_SELECTOR, ".result h2")]
    assert sorted(names) == ["first", "second", "third"]
    body.send_keys("jjk")
    assert page.switch_to.active_element.text == names[0]
    page.switch_to.active_element.send_keys(Keys.ENTER)
    until(page, lambda: page.find_element(By.TAG_NAME, "h1").text.startswith(names[0]))


def test_strangers_scripts_stay_text(visit: Visit, shop: Repository) -> None:
    page = visit("/?q=first")
    assert "<script>alert(1)</script>" in page.find_element(By.CLASS_NAME, "source").text
    assert complaints(page) == []


def test_a_run_is_watched_to_its_end(visit: Visit, shop: Repository) -> None:
    run = IndexRun.objects.create(
        branch=shop.branches.get(),
        status=RunStatus.DEFINITIONS,
        stage_started=timezone.now(),
        files=10,
        files_read=2,
    )
    page = visit(f"/repositories/{shop.pk}/")

    def shown() -> str:
        return page.find_element(By.ID, "progress").text

    def percent() -> str | None:
        return page.find_element(By.TAG_NAME, "progress").get_attribute("value")

    until(page, lambda: "Extracting definitions" in shown())
    until(page, lambda: percent() == "20")
    IndexRun.objects.filter(pk=run.pk).update(files_read=7)
    until(page, lambda: percent() == "70")
    IndexRun.objects.filter(pk=run.pk).update(
        status=RunStatus.FAILED, error="There is no such host.", finished=timezone.now()
    )
    until(page, lambda: "There is no such host." in shown())
    until(page, lambda: page.find_elements(By.XPATH, "//button[text()='Index again']"))
    assert complaints(page) == []


def test_the_api_s_page_describes_every_operation(visit: Visit) -> None:
    page = visit("/api/v1/docs")
    paths = SchemaGenerator().get_schema(public=True)["paths"]
    operations = sum(map(len, paths.values()))
    until(page, lambda: len(page.find_elements(By.CLASS_NAME, "opblock")) == operations)
    page.find_element(By.CSS_SELECTOR, "[data-path='/api/v1/search']").click()
    until(page, lambda: page.find_elements(By.CSS_SELECTOR, "[data-param-name=q]"))
    assert complaints(page) == []


def test_no_page_needs_what_the_policy_forbids(visit: Visit, shop: Repository) -> None:
    for address in (
        "/",
        "/lines/?q=csv",
        "/repositories/",
        "/repositories/register",
        "/account/",
        "/api/v1/docs",
    ):
        assert complaints(visit(address)) == []


@pytest.mark.usefixtures("shop")
def test_the_search_box_completes_what_is_typed(visit: Visit) -> None:
    browser = visit("/")
    box = browser.find_element(By.NAME, "q")
    box.send_keys("fir")
    until(browser, lambda: browser.find_elements(By.CSS_SELECTOR, ".suggestions li"))
    box.send_keys(Keys.ARROW_DOWN)
    chosen = browser.find_element(By.CSS_SELECTOR, "[aria-selected=true]")
    assert box.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    box.send_keys(Keys.ENTER)
    assert box.get_attribute("value") == "first"
    assert not browser.find_element(By.ID, "q-suggestions").is_displayed()
    box.send_keys(" kind:fun")
    until(browser, lambda: "function" in browser.find_element(By.ID, "q-suggestions").text)
    box.send_keys(Keys.ESCAPE)
    assert not browser.find_element(By.ID, "q-suggestions").is_displayed()
    box.send_keys("ction", Keys.ENTER)
    until(browser, lambda: browser.find_elements(By.CLASS_NAME, "result"))
    assert complaints(browser) == []
