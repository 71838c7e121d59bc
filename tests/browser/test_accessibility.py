"""Every page in both colour schemes, wide and narrow: nothing that axe-core finds, nothing that
hangs over the edge, no title twice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Page

from tests.browser import pages
from tests.browser.conftest import NARROW, WIDE, Visitor
from tests.browser.organisation import Organisation

pytestmark = pytest.mark.django_db

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
FINDINGS = """async (rules) => {
  // Style sheets are loaded again for experimental rules alone, which do not run
  const preload = { assets: ["media"] };
  const options = { resultTypes: ["violations"], preload, ...(rules && { runOnly: rules }) };
  const { violations } = await axe.run(document, options);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) =>
    `${id}: ${html.slice(0, 200)} ${failureSummary.split("\\n").slice(1).join(" ")}`));
}"""
STILL = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { transition: none !important; animation: none !important; }");
  document.adoptedStyleSheets = [sheet];
}"""
"""Colours that change slowly would be measured half-way."""

OVERHANG = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def findings(page: Page, sizes: Sequence[tuple[int, int]] = (WIDE,)) -> list[str]:
    """What is wrong with a page in windows of these sizes, in both colour schemes."""
    page.evaluate(AXE)
    page.evaluate(STILL)
    return [f"{width} px: {each}" for width, height in sizes for each in _at(page, width, height)]


def _at(page: Page, width: int, height: int) -> list[str]:
    page.set_viewport_size({"width": width, "height": height})
    over = page.evaluate(OVERHANG)
    found = [f"wider than the window by {over}"] if over else []
    found += page.evaluate(FINDINGS, None)
    page.emulate_media(color_scheme="dark")
    found += [f"dark {each}" for each in page.evaluate(FINDINGS, ["color-contrast"])]
    page.emulate_media(color_scheme="light")
    return found


def test_every_page_can_be_read_by_everyone(visit: Visitor, made: Organisation) -> None:
    """A page is loaded once: its window is made narrow, as by somebody who turns a phone."""
    faults: dict[str, list[str]] = {}
    titled: dict[str, set[str]] = {}
    """The headings of the pages of each title: a page may have several addresses."""
    page = visit("/", who="root", reduced_motion="reduce", color_scheme="light")
    for name, address in pages.addresses(made):
        page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        page.goto(address)
        titled.setdefault(page.title(), set()).add(page.locator("h1").inner_text())
        if found := findings(page, (WIDE, NARROW)):
            faults[name] = found
    assert not faults, "\n".join(f"{name}: {each}" for name in faults for each in faults[name])
    assert {title: headings for title, headings in titled.items() if len(headings) > 1} == {}
