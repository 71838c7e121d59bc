"""How much of the active space is refined, and what is refined next."""

from __future__ import annotations

import time
from collections.abc import Collection
from functools import lru_cache

from django.conf import settings
from django.db import transaction

from codeindex import leases
from codeindex.models import Definition, Embedding, EmbeddingState, Space, SpaceState

COUNTED_SECONDS = 10.0
"""How long a count is shown: a million vectors are counted in a tenth of a second."""

WANTED = -1
"""The turn of drafts that somebody has seen: before all others."""


def pause(space: Space) -> None:
    """Stop refining the space's drafts until `resume` is called."""
    Space.objects.filter(pk=space.pk).update(refining=False)


def resume(space: Space) -> None:
    Space.objects.filter(pk=space.pk).update(refining=True)


def has_drafts(space: Space) -> bool:
    """Whether the space holds drafts that may be refined."""
    return settings.CODEINDEX_REFINING and Embedding.objects.drafts(space).exists()


def refined_percent(space: Space) -> int | None:
    """The share of the space's vectors that need no refining; None if it is all of them."""
    return _percent(space.pk, int(time.monotonic() / COUNTED_SECONDS))


def active_percent() -> int | None:
    """The same of the active space."""
    space = Space.objects.filter(state=SpaceState.ACTIVE).first()
    return refined_percent(space) if space else None


@lru_cache(4)
def _percent(space_id: int, _: int) -> int | None:
    space = Space.objects.get(pk=space_id)
    if not has_drafts(space):
        return None
    waiting = Embedding.objects.drafts(space).count()
    ready = Embedding.objects.filter(space=space, state=EmbeddingState.READY).count()
    return 100 * (ready - waiting) // max(ready, 1)


def refine_first(space: Space, definitions: Collection[int]) -> None:
    """Refine the drafts of these definitions, which somebody has just seen, before all others. Rows
    that are being refined are not waited for."""
    if refined_percent(space) is None:  # counted every few seconds, and not by each search
        return
    texts = Definition.objects.filter(pk__in=definitions).values("text")
    drafts = Embedding.objects.drafts(space).filter(text__in=texts)
    with transaction.atomic():
        leases.unlocked(drafts).update(turn=WANTED)
