"""Every page in both colour schemes, wide and narrow: nothing that axe-core finds, nothing that
hangs over the edge, no title twice."""

from __future__ import annotations

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
  const options = { resultTypes: ["violations"], ...(rules && { runOnly: rules }) };
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


def findings(page: Page) -> list[str]:
    """What is wrong with a page, in both colour schemes."""
    page.evaluate(AXE)
    page.evaluate(STILL)
    page.emulate_media(color_scheme="light")
    found = page.evaluate(FINDINGS, None)
    page.emulate_media(color_scheme="dark")
    found += [f"dark {each}" for each in page.evaluate(FINDINGS, ["color-contrast"])]
    page.emulate_media(color_scheme="light")
    over = page.evaluate(OVERHANG)
    return found + ([f"wider than the window by {over}"] if over else [])


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_page_can_be_read_by_everyone(
    visit: Visitor, made: Organisation, size: tuple[int, int]
) -> None:
    faults: dict[str, list[str]] = {}
    titled: dict[str, set[str]] = {}
    """The headings of the pages of each title: a page may have several addresses."""
    page = visit("/", who="root", size=size, reduced_motion="reduce")
    for name, address in pages.addresses(made):
        page.goto(address)
        titled.setdefault(page.title(), set()).add(page.locator("h1").inner_text())
        if found := findings(page):
            faults[name] = found
    assert not faults, "\n".join(f"{name}: {each}" for name in faults for each in faults[name])
    assert {title: headings for title, headings in titled.items() if len(headings) > 1} == {}
