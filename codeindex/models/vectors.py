"""Spaces, and in each the vectors and predicted names of texts."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from pgvector.django import HalfVectorField

from codeindex import leases
from codeindex.models.files import SourceFile, Text
from codeindex.models.repositories import Repository
from embeddings.naming.disagreement import DEFAULT, Thresholds


class SpaceState(models.TextChoices):
    BUILDING = "building"
    ACTIVE = "active"
    RETIRED = "retired"


class Space(models.Model):
    """One encoder's vectors. Vectors of two spaces are never compared.

    The encoder is loaded from `checkpoint` (the name of a shipped one, or a folder) with the
    language model `llm`; with `text_only` it is that model alone. `dtype` is that of its weights,
    `runtime` the library that runs it. An empty value means what the checkpoint says."""

    name = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, unique=True)
    checkpoint = models.TextField(default="default")
    llm = models.TextField(blank=True)
    text_only = models.BooleanField(default=False)
    dtype = models.CharField(max_length=8, blank=True, default="")
    runtime = models.CharField(max_length=10, blank=True, default="")
    dimensions = models.PositiveSmallIntegerField()
    figures = models.JSONField(default=dict, blank=True)  # what was measured → value (interval)
    problem = models.TextField(blank=True)  # why no vectors are computed for it
    state = models.CharField(max_length=10, choices=SpaceState.choices, default=SpaceState.BUILDING)
    # What drafts its vectors: the `draft_fingerprint` of its encoder
    drafted_by = models.CharField(max_length=64, blank=True, default="", db_default="")
    refining = models.BooleanField(default=True, db_default=True)  # or paused
    # `embeddings.naming.disagreement.Thresholds` of its encoder
    name_sure = models.FloatField(default=DEFAULT.sure, db_default=DEFAULT.sure)
    name_likely = models.FloatField(default=DEFAULT.likely, db_default=DEFAULT.likely)
    # The embeddings with lower ids were made before names were judged as vectors are stored
    names_judged_from = models.BigIntegerField(null=True, editable=False)
    created = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=SpaceState.ACTIVE), name="one_active_space"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name_thresholds(self) -> Thresholds:
        return Thresholds(self.name_sure, self.name_likely)


class EmbeddingState(models.TextChoices):
    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


ATTEMPTS = 3
"""How often a run or a text is tried before it is given up, if its workers crash."""


class Claim:
    """Pending embeddings, or drafts, that are leased to the caller, who takes them `part` by
    `part`."""

    def __init__(
        self,
        waiting: models.QuerySet[Embedding],
        token: uuid.UUID,
        lease: leases.Lease,
        taken: list[int],
    ) -> None:
        """Appends the ids of what is taken to `taken`."""
        self.token = token
        self.lease = lease
        self._waiting = waiting
        self._taken = taken

    @transaction.atomic
    def part(self, limit: int, *, suspects: bool = True) -> Sequence[Embedding]:
        """Up to `limit` more with their texts, in the order of their turns. Texts that have crashed
        a worker come one at a time, so that they take no other text down with them, and not at all
        without `suspects`."""
        taken = self._part(limit, attempts=0)
        if suspects and not taken:
            taken = self._part(1, attempts__gt=0, attempts__lt=ATTEMPTS)
        return taken

    def _part(self, limit: int, **attempts: int) -> Sequence[Embedding]:
        free = (
            self._waiting.select_for_update(skip_locked=True, of=("self",))
            .filter(leases.FREE, **attempts)
            .order_by("turn", "pk")[:limit]
        )
        claimed = [embedding.pk for embedding in free.only("pk")]
        self._taken += claimed
        Embedding.objects.filter(pk__in=claimed).update(
            lease=self.token, leased_until=leases.until(), attempts=F("attempts") + 1
        )
        embeddings = Embedding.objects.filter(pk__in=claimed)
        return list(embeddings.select_related("text").order_by("turn", "pk"))


class EmbeddingManager(models.Manager["Embedding"]):
    def pending(self, space: Space) -> models.QuerySet[Embedding]:
        return self.filter(space=space, state=EmbeddingState.PENDING)

    def drafts(self, space: Space) -> models.QuerySet[Embedding]:
        """The drafts that may be refined: of at least one repository that pauses neither refining
        nor everything, unless it is paused for the whole space, and not those that have crashed
        `ATTEMPTS` workers or failed."""
        if not space.refining:
            return self.none()
        drafts = self.filter(space=space, draft=True, attempts__lt=ATTEMPTS)
        if not Repository.objects.filter(Q(refining=False) | Q(paused=True)).exists():
            return drafts
        return drafts.filter(
            Exists(
                SourceFile.objects.filter(
                    blob__definitions__text=OuterRef("text"),
                    branch__repository__refining=True,
                    branch__repository__paused=False,
                )
            )
        )

    @contextmanager
    def claiming(self, waiting: models.QuerySet[Embedding]) -> Iterator[Claim]:
        """What the caller takes of those `waiting` in the block is leased to it. At the end of the
        block, what has not been stored is released."""
        token, taken = uuid.uuid4(), list[int]()

        def mine() -> models.QuerySet[Embedding]:
            return self.held_by(token).filter(pk__in=taken)

        try:
            with leases.renewing(mine) as lease:
                yield Claim(waiting, token, lease, taken)
        finally:
            leases.update(mine(), lease=None, leased_until=None, attempts=F("attempts") - 1)

    @contextmanager
    def claimed(self, space: Space, *, limit: int) -> Iterator[Sequence[Embedding]]:
        """Up to `limit` pending embeddings with their texts, leased to the caller in the block."""
        with self.claiming(self.pending(space)) as claim:
            yield claim.part(limit)

    def held_by(self, token: uuid.UUID | None) -> models.QuerySet[Embedding]:
        """What the holder of a lease still has to encode; others may have deleted some. To be
        filtered by ids as well: no index has leases, since Postgres would add a row's vector to its
        index again whenever the row is leased."""
        return self.filter(lease=token)

    def fail_deadly(self) -> int:
        """Record the texts that crashed `ATTEMPTS` workers as failed; returns their number."""
        return self.filter(
            leases.FREE, state=EmbeddingState.PENDING, attempts__gte=ATTEMPTS
        ).update(
            state=EmbeddingState.FAILED,
            reason=f"{ATTEMPTS} workers crashed while they encoded it",
            lease=None,
            leased_until=None,
        )


class Embedding(models.Model):
    """The fused vector of a text in a space, the request for one, or the reason why it failed. A
    draft is ready, too: it is searched like the vector that refines it later."""

    space = models.ForeignKey(Space, models.CASCADE, related_name="embeddings")
    text = models.ForeignKey(Text, models.CASCADE, related_name="embeddings")
    state = models.CharField(
        max_length=8, choices=EmbeddingState.choices, default=EmbeddingState.PENDING
    )
    draft = models.BooleanField(default=False, db_default=False)
    turn = models.BigIntegerField(db_default=0)  # interleaves the texts of all waiting runs
    reason = models.TextField(blank=True)  # why it failed; if ready, what of the text was cut off
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    vector = HalfVectorField(null=True, blank=True)  # its width is its space's
    # What the code added to the vector, where the fusion is a sum; the rest is the text's share
    structure = HalfVectorField(null=True, blank=True)
    predicted_names = models.JSONField(default=list)  # [[name, expected F1], …], best first

    objects = EmbeddingManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["text", "space"], name="one_embedding_a_text"),
        ]
        indexes = [
            models.Index(
                fields=["space", "turn", "id"],
                condition=Q(state=EmbeddingState.PENDING),
                name="pending_embeddings",
            ),
            models.Index(
                fields=["space", "turn", "id"], condition=Q(draft=True), name="draft_embeddings"
            ),
        ]
