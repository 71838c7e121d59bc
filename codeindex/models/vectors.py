"""What it means: spaces, and in each the vectors and predicted names of texts."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from pgvector.django import HalfVectorField

from codeindex import leases
from codeindex.models.files import Text


class SpaceState(models.TextChoices):
    BUILDING = "building", "being filled"
    ACTIVE = "active", "searched and published by"
    RETIRED = "retired", "kept, not filled"


class Space(models.Model):
    """One encoder's vectors. Vectors of two spaces are never compared. The encoder is loaded from
    `checkpoint` (a shipped one's name, or a folder) with the language model `llm`, if that is not
    the checkpoint's own; `text_only`: it is that model alone, with weights of a `dtype`. What
    computes it is its `runtime`. Empty: as the checkpoint says."""

    name = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, unique=True)
    checkpoint = models.TextField(default="default")
    llm = models.TextField(blank=True)
    text_only = models.BooleanField(default=False)
    dtype = models.CharField(max_length=8, blank=True, default="")
    runtime = models.CharField(max_length=10, blank=True, default="")
    dimensions = models.PositiveSmallIntegerField()
    figures = models.JSONField(default=dict, blank=True)  # what was measured → value (interval)
    problem = models.TextField(blank=True)  # why nothing is encoded for it
    state = models.CharField(max_length=10, choices=SpaceState.choices, default=SpaceState.BUILDING)
    created = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=SpaceState.ACTIVE), name="one_active_space"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EmbeddingState(models.TextChoices):
    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


ATTEMPTS = 4
"""How often a worker may die on a run or a text before it is given up."""


class EmbeddingManager(models.Manager["Embedding"]):
    @contextmanager
    def claimed(
        self, space: Space, *, limit: int, suspects: bool = True
    ) -> Iterator[Sequence[Embedding]]:
        """Up to `limit` pending embeddings with their texts, leased to the caller in the block.

        Texts that already cost a worker its life come one at a time, so that a text that kills
        workers takes no other down, and not at all if there are to be no `suspects`. What is still
        pending when the block ends is free again.
        """
        lease = uuid.uuid4()
        batch = self._claim(space, lease, limit=limit, attempts=0)
        if suspects and not batch:
            batch = self._claim(space, lease, limit=1, attempts__gt=0)
        mine = self.filter(lease=lease, state=EmbeddingState.PENDING)
        try:
            with leases.kept(mine):
                yield batch
        finally:
            mine.update(lease=None, leased_until=None, attempts=F("attempts") - 1)

    @transaction.atomic
    def _claim(
        self, space: Space, lease: uuid.UUID, *, limit: int, **attempts: int
    ) -> Sequence[Embedding]:
        free = (
            self.select_for_update(skip_locked=True)
            .filter(leases.FREE, space=space, state=EmbeddingState.PENDING, **attempts)
            .order_by("pk")[:limit]
        )
        claimed = [embedding.pk for embedding in free.only("pk")]
        self.filter(pk__in=claimed).update(
            lease=lease, leased_until=leases.until(), attempts=F("attempts") + 1
        )
        return list(self.filter(pk__in=claimed).select_related("text").order_by("pk"))

    def give_up(self) -> int:
        """Record as failed what `ATTEMPTS` workers died on; how many texts that were."""
        return self.filter(
            leases.FREE, state=EmbeddingState.PENDING, attempts__gte=ATTEMPTS
        ).update(
            state=EmbeddingState.FAILED,
            reason=f"{ATTEMPTS} workers died while they encoded it",
            lease=None,
            leased_until=None,
        )


class Embedding(models.Model):
    """The fused vector of a text in a space, or the wish for one, or why there is none."""

    space = models.ForeignKey(Space, models.CASCADE, related_name="embeddings")
    text = models.ForeignKey(Text, models.CASCADE, related_name="embeddings")
    state = models.CharField(
        max_length=8, choices=EmbeddingState.choices, default=EmbeddingState.PENDING
    )
    reason = models.TextField(blank=True)  # why it failed; if ready, what of the text is not read
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    vector = HalfVectorField(null=True, blank=True)  # its width is its space's
    # What the code added to the vector, where a fusion is such a sum: the rest is the text's
    structure = HalfVectorField(null=True, blank=True)
    predicted_names = models.JSONField(default=list)  # [[name, expected F1], …], best first

    objects = EmbeddingManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["text", "space"], name="one_embedding_a_text"),
        ]
        indexes = [
            models.Index(
                fields=["space", "id"],
                condition=Q(state=EmbeddingState.PENDING),
                name="pending_embeddings",
            ),
        ]
