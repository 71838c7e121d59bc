"""`python -m tests.browser.screenshots`: the pictures of the README. With `--every FOLDER`, a
picture of every page instead, wide and narrow, light and dark, to look at after a change."""

from __future__ import annotations

import argparse
import re
from itertools import product
from pathlib import Path

from tests.browser.demonstration import Demonstration, served

DOCS = Path(__file__).parents[2] / "docs"
README = {"light": "screenshot.png", "dark": "screenshot-dark.png"}
SEARCH = "/?q=call+again+after+a+failure+with+exponential+backoff"
SIZE = (1280, 860)
SIZES = {"wide": (1280, 800), "narrow": (360, 740)}


def of_search(shown: Demonstration) -> None:
    for scheme, name in README.items():
        context = shown.visitor(*SIZE, scheme)
        page = context.new_page()
        page.goto(SEARCH)
        page.screenshot(path=DOCS / name)
        context.close()


def of_every_page(shown: Demonstration, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for (size, window), scheme in product(SIZES.items(), README):
        context = shown.visitor(*window, scheme)
        page = context.new_page()
        for number, (name, address) in enumerate(shown.named.items()):
            page.goto(address)
            named = re.sub(r"\W+", "-", name)[:40]
            page.screenshot(
                path=folder / f"{number:02}-{named}-{size}-{scheme}.png", full_page=True
            )
        context.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.browser.screenshots", description=__doc__
    )
    parser.add_argument("--every", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    with served() as shown:
        if options.every:
            of_every_page(shown, options.every)
        else:
            of_search(shown)


if __name__ == "__main__":
    main()
