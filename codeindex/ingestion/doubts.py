"""Which names are in doubt: judged when vectors are stored, and later for vectors that an earlier
version stored."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Max

from codeindex.models import Definition, Embedding, EmbeddingState, NameDoubt, Space, SpaceState
from embeddings.naming.disagreement import Thresholds, doubt
from embeddings.paths import CODE

BATCH = 2_000
SECONDS = 60.0
"""How long one round takes at most. The next round continues."""

Predicted = Sequence[tuple[str, float]]


def record(named: Sequence[tuple[Embedding, Predicted]]) -> None:
    """Replace the doubts about the names of some texts of one space by those that their predicted
    names raise. The caller has locked the rows."""
    if named:
        rows = [(each.pk, each.text_id, predicted) for each, predicted in named]
        _replace(rows, named[0][0].space.name_thresholds)


def judge_older(seconds: float = SECONDS) -> int:
    """Judge the names of the active space's vectors that an earlier version stored, the newest
    first; returns how many there were."""
    space = Space.objects.filter(state=SpaceState.ACTIVE).first()
    until, done = time.monotonic() + seconds, 0
    while space is not None and (count := _judge_batch(space)):
        done += count
        if time.monotonic() > until:
            break
    return done


@transaction.atomic
def _judge_batch(space: Space) -> int:
    ready = Embedding.objects.filter(space=space, state=EmbeddingState.READY)
    if space.names_judged_from is None:
        space.names_judged_from = (ready.aggregate(last=Max("pk"))["last"] or 0) + 1
    older = ready.filter(pk__lt=space.names_judged_from).exclude(predicted_names=[])
    locked = older.select_for_update().order_by("-pk")[:BATCH]
    rows = [
        (pk, text, [(str(name), float(score)) for name, score in names])
        for pk, text, names in locked.values_list("pk", "text", "predicted_names")
    ]
    _replace(rows, space.name_thresholds)
    space.names_judged_from = rows[-1][0] if rows else 0
    space.save(update_fields=["names_judged_from"])
    return len(rows)


def _replace(rows: Sequence[tuple[int, int, Predicted]], thresholds: Thresholds) -> None:
    """`rows` are embeddings with their texts and predicted names."""
    NameDoubt.objects.filter(embedding__in=[embedding for embedding, *_ in rows]).delete()
    names = _own_names(text for _, text, predicted in rows if predicted)
    judged = (
        NameDoubt(embedding_id=embedding, doubt=doubt(names.get(text, ""), predicted, thresholds))
        for embedding, text, predicted in rows
    )
    NameDoubt.objects.bulk_create(each for each in judged if each.doubt)


def _own_names(texts: Iterable[int]) -> dict[int, str]:
    """text → the name of the functions of that text, which is part of it."""
    functions = Definition.objects.filter(text__in=list(texts), kind__in=CODE)
    return dict(functions.values_list("text", "name").distinct())
