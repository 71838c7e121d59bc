"""The colours of the style sheets: contrast in both schemes, and one place for each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[1] / "static"
SHEET = (STATIC / "codeindex.css").read_text()
LIGHT, DARK = re.findall(r":root \{(.*?)\n\s*\}", SHEET, re.DOTALL)[:2]

GROUNDS = ("ground", "surface", "raised")
TEXTS = ("text", "muted", "accent", "accent-strong", "good", "warn", "bad")
TINTED = ("accent", "good", "warn", "bad")
CODE = tuple(re.findall(r"--(code-\w+):", LIGHT))
SERIES = tuple(re.findall(r"--(series-\d):", LIGHT))

PAIRS = [
    *((text, ground, 4.5) for text in TEXTS for ground in GROUNDS),
    *((colour, f"{colour}-ground", 4.5) for colour in TINTED),
    *(("text", f"{colour}-ground", 4.5) for colour in TINTED),
    *((code, ground, 4.5) for code in (*CODE, "text", "muted") for ground in ("raised", "mark")),
    *((code, ground, 4.5) for code in (*CODE, "text") for ground in ("added", "removed")),
    ("on-accent", "accent", 4.5),
    ("on-accent", "accent-strong", 4.5),
    *(("border", ground, 3) for ground in GROUNDS),
    *((series, ground, 3) for series in SERIES for ground in GROUNDS),
]


def tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#\w{6});", block))


SCHEMES = {"light": tokens(LIGHT), "dark": tokens(DARK)}


def luminance(colour: str) -> float:
    """Relative luminance, by WCAG 2.2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(("front", "behind", "least"), PAIRS)
def test_what_is_read_stands_out(scheme: str, front: str, behind: str, least: float) -> None:
    colours = SCHEMES[scheme]
    assert contrast(colours[front], colours[behind]) >= least


def test_both_schemes_have_the_same_colours() -> None:
    assert SCHEMES["light"].keys() == SCHEMES["dark"].keys()


def test_rules_use_tokens_and_no_colours_of_their_own() -> None:
    rules = SHEET.partition("/* Elements */")[2].partition("@media print")[0]
    assert re.findall(r"#[0-9a-f]{3,8}\b(?=[;\s])", rules) == []


def test_the_admin_site_has_the_same_colours() -> None:
    known = {colour for scheme in SCHEMES.values() for colour in scheme.values()}
    assert set(re.findall(r"#\w{6}(?=;)", (STATIC / "admin.css").read_text())) <= known
