"""One server with a small real index for all tests of this folder, and a browser without a
window where the machine has one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from codeindex.spaces import encoders
from tests.browser import organisation
from tests.browser.demonstration import FLAGS
from tests.browser.organisation import Organisation
from tests.embeddings import tiny

collect_ignore = ["sources"]

WIDE, NARROW = (1280, 800), (360, 740)
MILLISECONDS = 20_000
"""How long a page may take to become what a test expects, on a busy machine."""


@pytest.fixture(scope="package")
def chromium() -> str:
    path = shutil.which("chromium")
    if not path:
        pytest.skip("there is no chromium on this machine")
    return path


@pytest.fixture(scope="package")
def made(
    chromium: str,
    django_db_setup: None,
    django_db_blocker: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Organisation]:
    model = tiny.bert(tmp_path_factory.mktemp("bert"))
    checkpoint = tiny.checkpoint(tmp_path_factory.mktemp("checkpoint"), model)
    with django_db_blocker.unblock(), override_settings(CODEINDEX_CHECKPOINT=str(checkpoint)):
        _forget_encoders()
        yield organisation.build(tmp_path_factory.mktemp("organisation"))
        call_command("flush", verbosity=0, interactive=False)
    _forget_encoders()


@pytest.fixture(scope="package")
def server(made: Organisation) -> Iterator[str]:
    live = LiveServer("localhost")
    yield live.url
    live.stop()


@pytest.fixture(scope="package")
def sessions(made: Organisation) -> dict[str, str]:
    return organisation.sessions()


@pytest.fixture(scope="package")
def browser(chromium: str, server: str, sessions: Any) -> Iterator[Browser]:
    """Playwright runs an event loop in this thread, which Django mistakes for a view's."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        expect.set_options(timeout=MILLISECONDS)
        yield playwright.chromium.launch(executable_path=chromium, args=[*FLAGS])


@dataclass
class Visitor:
    """Opens pages as somebody, and collects what the browser complains about."""

    browser: Browser
    server: str
    sessions: dict[str, str]
    complaints: list[str] = field(default_factory=list)

    def __call__(
        self,
        address: str,
        who: str = "alice",
        size: tuple[int, int] = WIDE,
        **options: Any,
    ) -> Page:
        """A page of its own. "" is somebody who has not signed in."""
        width, height = size
        context = self.browser.new_context(
            base_url=self.server, viewport={"width": width, "height": height}, **options
        )
        context.set_default_timeout(MILLISECONDS)
        if who:
            cookie = {"name": "sessionid", "value": self.sessions[who], "url": self.server}
            context.add_cookies([cookie])  # type: ignore[list-item]
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda message: self._note(page, message))
        page.goto(address)
        return page

    def _note(self, page: Page, message: Any) -> None:
        is_expected = "status of 4" in message.text  # the page of an error is one, too
        if message.type == "error" and not is_expected:
            self.complaints.append(f"{page.url}: {message.text}")


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, server: str, sessions: dict[str, str]) -> Iterator[Visitor]:
    visitor = Visitor(browser, server, sessions)
    yield visitor
    for context in browser.contexts:
        context.close()
    assert visitor.complaints == []


def _forget_encoders() -> None:
    encoders.searcher = encoders.Searcher()
    encoders.cached.cache_clear()
