"""Weight and speed of the pages as Chromium measures them: `python -m benchmarks.pages`.

An installation of its own holds the small organisation of the tests, with the default model and the
product's web server on this machine. Each page is loaded into an empty cache, and once more into
the filled one. Times are medians: until anything is painted (FCP), until the largest element is
painted (LCP), and for how long scripts keep the page from answering (TBT: of every task beyond 50
ms the rest); CLS says how much the page moves while it loads."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from statistics import median
from typing import Any

from playwright.sync_api import BrowserContext

from tests.browser.demonstration import Demonstration, served

SIZE = (1280, 800)
SETTLED_MILLISECONDS = 400
"""After this time nothing larger is painted."""

OBSERVE = """
window.seen = { lcp: 0, cls: 0, tbt: 0 };
const observe = (type, note) => new PerformanceObserver((list) => list.getEntries().forEach(note))
  .observe({ type, buffered: true });
observe("largest-contentful-paint", (entry) => { window.seen.lcp = entry.startTime; });
observe("layout-shift", (entry) => { if (!entry.hadRecentInput) window.seen.cls += entry.value; });
observe("longtask", (entry) => { window.seen.tbt += entry.duration - 50; });
"""
READ = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const files = performance.getEntriesByType("resource");
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return {
    ...window.seen,
    fcp: paint ? paint.startTime : 0,
    html: page.encodedBodySize,
    plain: page.decodedBodySize,
    requests: 1 + files.length,
    sent: [page, ...files].reduce((sum, entry) => sum + entry.transferSize, 0),
  };
}"""

HEADINGS = ("page", "HTML, gzipped", "HTML", "requests", "first visit", "next visit",
            "FCP", "LCP", "TBT", "CLS")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Visit:
    """Bytes and milliseconds of one load."""

    html: int
    plain: int
    requests: int
    sent: int
    fcp: float
    lcp: float
    tbt: float
    cls: float


def measured(context: BrowserContext, address: str) -> Visit:
    page = context.new_page()
    page.add_init_script(OBSERVE)
    page.goto(address, wait_until="load")
    page.wait_for_timeout(SETTLED_MILLISECONDS)
    figures: dict[str, Any] = page.evaluate(READ)
    page.close()
    return Visit(**figures)


def row(shown: Demonstration, name: str, address: str, repeats: int) -> str:
    first, further = [], []
    for _ in range(repeats):
        context = shown.visitor(*SIZE)
        first.append(measured(context, address))
        further.append(measured(context, address))
        context.close()

    def middle(figure: str) -> float:
        return median(getattr(visit, figure) for visit in first)

    sent = median(visit.sent for visit in further)
    cells = (
        name, f"{middle('html'):,.0f}", f"{middle('plain'):,.0f}", f"{middle('requests'):.0f}",
        f"{middle('sent'):,.0f}", f"{sent:,.0f}", f"{middle('fcp'):.0f} ms",
        f"{middle('lcp'):.0f} ms", f"{middle('tbt'):.0f} ms", f"{middle('cls'):.3f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    with served() as shown:
        print(f"| {' | '.join(HEADINGS)} |")
        print(f"|---|{'---:|' * (len(HEADINGS) - 1)}")
        for name, address in shown.named.items():
            print(row(shown, name, address, options.repeats), flush=True)


if __name__ == "__main__":
    main()
