"""An installation of its own that holds the organisation of the tests, with the default model and
the product's web server: what pictures and figures of the pages are made of."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import django
from django.core.management import call_command
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from codeindex.local_services.servers import private
from codeindex.local_services.servers.postgres import Durability
from codeindex.local_services.state import State
from codeindex.local_services.state_folder import locked

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic")


@dataclass(frozen=True)
class Demonstration:
    url: str
    named: dict[str, str]
    """The address of every page, by its name."""

    session: str
    """The cookie of an administrator."""

    browser: Browser

    def visitor(self, width: int, height: int, scheme: str = "light") -> BrowserContext:
        """A window without anything in its cache, signed in as the administrator."""
        context = self.browser.new_context(
            base_url=self.url,
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        context.add_cookies([{"name": "sessionid", "value": self.session, "url": self.url}])
        return context


@contextmanager
def served() -> Iterator[Demonstration]:
    """The installation while the block runs. Exits where there is no Chromium."""
    chromium = shutil.which("chromium") or sys.exit("Install chromium first.")
    with tempfile.TemporaryDirectory(prefix="codeindex-demonstration-") as name:
        home = Path(name) / "home"
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "codeindex.settings",
            "DJANGO_ALLOW_ASYNC_UNSAFE": "1",  # Playwright runs an event loop in this thread
            "CODEINDEX_ENV_FILE": os.devnull,
            "CODEINDEX_HOME": str(home),
            "LOG_LEVEL": "WARNING",
            "OMP_NUM_THREADS": "1",
        }
        state = State(home)
        with locked(state), private.started(state, Durability.DISPOSABLE):
            django.setup()
            call_command("migrate", verbosity=0, interactive=False)
            call_command("collectstatic", verbosity=0, interactive=False)
            made = import_module("tests.browser.organisation").build(Path(name) / "organisation")
            named = dict(import_module("tests.browser.pages").addresses(made))
            session = import_module("tests.browser.organisation").sessions()["root"]
            with (
                import_module("benchmarks.web_server").running() as url,
                sync_playwright() as playwright,
            ):
                browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS])
                yield Demonstration(url, named, session, browser)
                browser.close()
