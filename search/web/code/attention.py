"""The page that draws what the model looks at over a definition's text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from codeindex.accounts.limits import throttles
from codeindex.audit import Access
from embeddings.paths.trees import PathNode
from search import places
from search.accesses import note_read
from search.attention import Attention, LeafSpan, attention_in
from search.web.code.outline import nested
from search.web.files import follows_moves
from search.web.highlighting import Annotation, annotated


@dataclass(frozen=True, slots=True)
class TreeItem:
    """A node of the drawn tree in nested lists: `opens` and `closes` as in an outline. `paths` are
    the numbers of the paths through it."""

    node: PathNode
    paths: Sequence[int]
    opens: bool
    closes: range


@require_safe
@follows_moves
@throttles.limited(throttles.ENCODE)
def attention(request: HttpRequest, file_id: int, definition_id: int) -> HttpResponse:
    """The paths with the most attention, their leaves in the text, and the tree between them."""
    file, row = places.visible_definition(request.user, file_id, definition_id)
    drawn = attention_in(row)
    lines = drawn.text.count("\n") + 1
    note_read(Access.VECTOR_READ, request.user, file, row)
    context = {
        "place": places.place_in_file(file, row),
        "attention": drawn,
        "most": max((path.attention for path in drawn.paths), default=1),
        "share": round(100 * drawn.share),
        "tree": _items(drawn),
        "numbers": range(drawn.first_line, drawn.first_line + lines) if drawn.first_line else (),
        "html": annotated(drawn.text, row.text.language, [*map(_mark, drawn.leaves)]),
    }
    return render(request, "search/attention.html", context)


def _mark(leaf: LeafSpan) -> Annotation:
    classes = " ".join(f"path-{number}" for number in leaf.paths)
    numbers = ",".join(map(str, leaf.paths))
    return Annotation(
        leaf.start, leaf.stop, f'<mark class="leaf {classes}">', f"<sup>{numbers}</sup></mark>"
    )


def _items(drawn: Attention) -> list[TreeItem]:
    nesting = nested([node.depth for node in drawn.tree])
    return [
        TreeItem(node, [place + 1 for place in node.contexts], opens, closes)
        for node, (opens, closes) in zip(drawn.tree, nesting, strict=True)
    ]
