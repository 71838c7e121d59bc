"""CSS, SCSS and LESS."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from embeddings.code.definitions import extract
from embeddings.code.languages import by_path
from embeddings.types import Kind

CSS = """\
@import url(//fonts.example/shop.css);
:root {
  /* Of links. */
  --colour: #05a; --gap: 2px;
}
/* Cards. */
.card > a[href="{;}"],
.card:is(.wide, .tall) {
  color: var(--colour);
}
@media (min-width: 40em) {
  .card { width: 50%; }
}
@keyframes slide {
  from { left: 0; }
}
"""

SCSS = """\
// Between things.
$gap: 8px !default; // in print, too
$colours: (link: #05a, text: black);

/// Half of it.
@function half($length, $by: 2) {
  $local: 1;
  @return math.div($length, $by);
}
@mixin card($shadow: true) {
  @if $shadow { box-shadow: none; } @else { @content; }
}
%message { padding: half($gap); }
.card {
  @include card(false) { color: red; }
  @extend %message;
  font: { weight: bold; }
  &:hover, &.is-#{$open} { color: blue; }
}
"""

LESS = """\
@gap: 8px;
@rules: { color: red; };
.rounded(@radius; @corner: 2px) when (@radius > 0) {
  border-radius: @radius;
}
.card {
  .rounded(4px);
  @rules();
  .@{name} { width: ~"calc(100% - @{gap})"; }
}
"""


def test_rules_are_named_by_their_first_selector():
    assert found(CSS, "a.css") == [
        (Kind.TYPE, ":root", "", 2, 5),
        (Kind.CONSTANT, ":root --colour", "Of links.", 4, 4),
        (Kind.CONSTANT, ":root --gap", "", 4, 4),
        (Kind.TYPE, '.card > a[href="{;}"]', "Cards.", 7, 10),
        (Kind.TYPE, ".card", "", 12, 12),
        (Kind.TYPE, "slide", "", 14, 16),
    ]


def test_scss_has_variables_functions_mixins_and_nested_rules():
    assert found(SCSS, "a.scss") == [
        (Kind.CONSTANT, "$gap", "Between things.", 2, 2),
        (Kind.CONSTANT, "$colours", "", 3, 3),
        (Kind.FUNCTION, "half", "Half of it.", 6, 9),
        (Kind.MACRO, "card", "", 10, 12),
        (Kind.TYPE, "%message", "", 13, 13),
        (Kind.TYPE, ".card", "", 14, 19),
        (Kind.TYPE, ".card &:hover", "", 18, 18),
    ]


def test_less_has_mixins_with_guards_and_rules_in_variables():
    assert found(LESS, "a.less") == [
        (Kind.CONSTANT, "@gap", "", 1, 1),
        (Kind.MACRO, "@rules", "", 2, 2),
        (Kind.MACRO, ".rounded", "", 3, 5),
        (Kind.TYPE, ".card", "", 6, 10),
        (Kind.TYPE, ".card .@{name}", "", 9, 9),
    ]


PIECES = r"""
    a .b { } ( ) [ ] ; : , ' " /* */ // @media @mixin $x --x #{ @{ url( & % é 1
"""


@given(st.lists(st.sampled_from([*PIECES.split(), "\n"]), max_size=60))
def test_every_word_of_any_text_is_found(pieces: list[str]):
    source = " ".join(pieces)
    texts = "\n".join(unit.text for unit in extract(source, by_path("a.scss")).definitions)
    assert not [piece for piece in pieces if any(map(str.isalnum, piece)) and piece not in texts]


def found(source: str, path: str) -> list[tuple]:
    """The definitions of a source, as kind, qualified name, documentation and lines."""
    return [
        (unit.kind, unit.qualified_name, unit.docstring, unit.start_line, unit.end_line)
        for unit in extract(source, by_path(path)).definitions
        if unit.kind != Kind.BLOCK
    ]
