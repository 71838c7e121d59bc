"""The tables, content-addressed as git is: what is registered, what was read, what it means.

A branch's commit is a set of source files; each points at a blob, which is parsed once, however
many branches and forks hold it. A definition of a blob points at a text, which is encoded once a
space, however many definitions share it. Permissions hang on source files alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, Group, User
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from pgvector.django import HalfVectorField

from codeindex import leases
from embeddings.types import Kind

KINDS = [(kind.value, kind.value) for kind in Kind]


class Visibility(models.TextChoices):
    PRIVATE = "private", "its owner and their teams"
    INTERNAL = "internal", "everyone who is signed in"
    PUBLIC = "public", "everyone"


class RepositoryQuerySet(models.QuerySet["Repository"]):
    def visible_to(self, user: User | AnonymousUser) -> RepositoryQuerySet:
        """What `user` may know of: theirs, their teams', and what is open to them."""
        if not user.is_authenticated:
            return self.filter(visibility=Visibility.PUBLIC)
        if user.is_superuser:
            return self
        shared = Repository.teams.through.objects.filter(
            repository=OuterRef("pk"), group__user=user.pk
        )
        return self.filter(Q(owner=user.pk) | ~Q(visibility=Visibility.PRIVATE) | Exists(shared))

    def managed_by(self, user: User | AnonymousUser) -> RepositoryQuerySet:
        """What `user` may index again, change and remove: theirs, or all for an administrator."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_superuser else self.filter(owner=user.pk)

    def called(self, name: str) -> RepositoryQuerySet:
        """Those of a name, or the one that `owner/name` says."""
        owner, _, own_name = name.partition("/")
        return self.filter(Q(name=name) | Q(owner__username=owner, name=own_name))


class Repository(models.Model):
    """A registered git repository. `url` never holds a credential."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="repositories")
    name = models.CharField(max_length=100)
    url = models.TextField()
    credential = models.TextField(blank=True, editable=False)  # encrypted: codeindex.credentials
    teams = models.ManyToManyField(Group, blank=True, related_name="repositories")
    visibility = models.CharField(
        max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE
    )
    created = models.DateTimeField(db_default=Now())

    objects = RepositoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "repositories"
        constraints = [
            # Unique for an owner, not for all: a collision must not tell a stranger of a name.
            models.UniqueConstraint(fields=["owner", "name"], name="repository_name_of_owner"),
        ]

    def __str__(self) -> str:
        return self.name


class Branch(models.Model):
    """A branch that is indexed. An empty name follows the remote's default branch."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="branches")
    name = models.CharField(max_length=255, blank=True)
    live_run = models.ForeignKey(
        "IndexRun", models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name_plural = "branches"
        constraints = [
            models.UniqueConstraint(fields=["repository", "name"], name="branch_of_repository"),
        ]

    def __str__(self) -> str:
        return f"{self.repository}@{self.name or 'default'}"


class RunStatus(models.TextChoices):
    QUEUED = "queued", "waiting for a worker"
    CHECKOUT = "checkout", "fetching from git"
    DEFINITIONS = "definitions", "reading definitions"
    EMBEDDING = "embedding", "computing meaning"
    PUBLISHED = "published", "searchable"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


UNPUBLISHED = (
    RunStatus.QUEUED,
    RunStatus.CHECKOUT,
    RunStatus.DEFINITIONS,
    RunStatus.EMBEDDING,
)


class IndexRun(models.Model):
    """One attempt at one commit of a branch: the progress record, the ledger, the history.

    A first run is published as soon as words can find its definitions; `finished` is set when
    every text of a run has a vector or a recorded failure, or when the run itself ended badly.
    """

    branch = models.ForeignKey(Branch, models.CASCADE, related_name="runs")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    status = models.CharField(max_length=12, choices=RunStatus.choices, default=RunStatus.QUEUED)
    commit = models.CharField(max_length=64, blank=True)
    error = models.TextField(blank=True)

    created = models.DateTimeField(db_default=Now())
    started = models.DateTimeField(null=True, blank=True)
    stage_started = models.DateTimeField(null=True, blank=True)
    published = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)
    timings = models.JSONField(default=dict)  # stage → seconds

    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)

    files = models.PositiveIntegerField(default=0)  # to be indexed
    files_read = models.PositiveIntegerField(default=0)
    files_reused = models.PositiveIntegerField(default=0)  # their blob was already parsed
    files_broken = models.PositiveIntegerField(default=0)  # indexed in part: syntax errors
    skips = models.JSONField(default=dict)  # reason → {"count": n, "examples": [path, …]}
    definitions = models.PositiveIntegerField(default=0)
    texts = models.PositiveIntegerField(default=0)  # distinct, of all definitions
    texts_reused = models.PositiveIntegerField(default=0)  # had a vector before
    texts_ready = models.PositiveIntegerField(default=0)
    texts_failed = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["branch"],
                condition=Q(status__in=UNPUBLISHED),
                name="one_unpublished_run_a_branch",
            ),
        ]
        indexes = [
            models.Index(
                fields=["status"], condition=Q(finished__isnull=True), name="unfinished_runs"
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.branch}"

    @property
    def is_meaning_complete(self) -> bool:
        return self.finished is not None


class Blob(models.Model):
    """A file's content, by git's own hash and the language it was read as."""

    sha = models.CharField(max_length=64)
    language = models.CharField(max_length=20)
    content = models.TextField(blank=True)  # decoded, lines end in "\n"; empty where skipped
    skipped = models.CharField(max_length=200, blank=True)  # why nothing of it is indexed
    broken = models.BooleanField(default=False)  # has syntax errors
    format_version = models.PositiveSmallIntegerField()  # of the definitions' texts
    unused_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sha", "language", "format_version"], name="blob_read_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["unused_since"],
                condition=Q(unused_since__isnull=False),
                name="unused_blobs",
            ),
        ]


class SourceFileQuerySet(models.QuerySet["SourceFile"]):
    def visible_to(self, user: User | AnonymousUser) -> SourceFileQuerySet:
        """The one gate: live files of repositories that `user` may see."""
        repositories = Repository.objects.visible_to(user)
        return self.filter(live=True, branch__repository__in=repositories)

    def of(self, run: IndexRun) -> SourceFileQuerySet:
        """The files of `run`'s commit, published or not."""
        kept = Q(live=True) & (Q(until_run=None) | ~Q(until_run=run))
        return self.filter(kept | Q(from_run=run, until_run=None), branch=run.branch_id)


class SourceFile(models.Model):
    """A path of a branch from one run until another. A run's own rows are not live until it is
    published; rows that are no longer live are the history."""

    branch = models.ForeignKey(Branch, models.CASCADE, related_name="source_files")
    path = models.TextField()  # bytes that are not UTF-8 are shown as \xNN
    blob = models.ForeignKey(Blob, models.PROTECT, related_name="source_files")
    from_run = models.ForeignKey(IndexRun, models.CASCADE, related_name="+")
    until_run = models.ForeignKey(IndexRun, models.SET_NULL, null=True, related_name="+")
    live = models.BooleanField(default=False)

    objects = SourceFileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "path"], condition=Q(live=True), name="one_live_file_a_path"
            ),
            models.UniqueConstraint(fields=["from_run", "path"], name="one_file_a_path_and_run"),
        ]
        indexes = [
            models.Index(fields=["blob", "branch"], condition=Q(live=True), name="live_places"),
            models.Index(
                fields=["until_run"], condition=Q(until_run__isnull=False), name="leaving_files"
            ),
        ]

    def __str__(self) -> str:
        return self.path


class Text(models.Model):
    """What an encoder reads for a definition, stored and encoded once, whoever holds it."""

    hash = models.CharField(max_length=64, unique=True)
    language = models.CharField(max_length=20)
    kind = models.CharField(max_length=10, choices=KINDS)
    body = models.TextField()
    words = SearchVectorField()  # its identifiers' subtokens and docstring, stemmed
    unused_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            GinIndex(fields=["words"], name="text_words"),
            models.Index(
                fields=["unused_since"],
                condition=Q(unused_since__isnull=False),
                name="unused_texts",
            ),
        ]


class Definition(models.Model):
    """A function, method, class or module in a blob. Lines count from 1 and include both ends."""

    blob = models.ForeignKey(Blob, models.CASCADE, related_name="definitions")
    text = models.ForeignKey(Text, models.PROTECT, related_name="definitions")
    kind = models.CharField(max_length=10, choices=KINDS)
    name = models.TextField(blank=True)  # empty for a module: its name is its path's
    qualified_name = models.TextField(blank=True)
    docstring = models.TextField(blank=True)
    start_line = models.PositiveIntegerField()
    end_line = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["name"], name="definitions_by_name")]

    def __str__(self) -> str:
        return self.qualified_name or "(module)"


class SpaceState(models.TextChoices):
    BUILDING = "building", "being filled"
    ACTIVE = "active", "searched and published by"
    RETIRED = "retired", "kept, not filled"


class Space(models.Model):
    """One encoder's vectors. Vectors of two spaces are never compared. The encoder is loaded from
    `checkpoint` (a shipped one's name, or a folder) with the language model `llm`, if that is not
    the checkpoint's own; `text_only`: it is that model alone."""

    name = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, unique=True)
    checkpoint = models.TextField(default="default")
    llm = models.TextField(blank=True)
    text_only = models.BooleanField(default=False)
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
    def claimed(self, space: Space, *, limit: int) -> Iterator[Sequence[Embedding]]:
        """Up to `limit` pending embeddings with their texts, leased to the caller in the block.

        Texts that already cost a worker its life come one at a time, so that a text that kills
        workers takes no other down. What is still pending when the block ends is free again.
        """
        lease = uuid.uuid4()
        batch = self._claim(space, lease, limit=limit, attempts=0) or self._claim(
            space, lease, limit=1, attempts__gt=0
        )
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
    reason = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)
    vector = HalfVectorField(null=True, blank=True)  # its width is its space's
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


class Evaluation(models.Model):
    """What `manage.py evaluate` found of a file of questions. Two can be compared if they are of
    the same file, by its hash, and of the same commits."""

    file = models.CharField(max_length=255)
    file_hash = models.CharField(max_length=64)
    created = models.DateTimeField(db_default=Now())
    asked_as = models.CharField(max_length=150, blank=True)  # empty: as an administrator
    space = models.CharField(max_length=220, blank=True)  # empty: by words alone
    commits = models.JSONField(default=dict)  # repository → commit
    figures = models.JSONField(default=list)  # [[group, questions, [value, low, high], …], …]
    notices = models.JSONField(default=list)  # what the answers lacked

    MEASURES = ("nDCG@10", "MRR", "recall@10")  # as the figures have them

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.file}, {self.created:%Y-%m-%d %H:%M}"

    def rows(self) -> list[list[str]]:
        """The figures as a table: what was measured, then each group, all questions first."""
        rows = [[group, str(asked), *map(_shown, of)] for group, asked, *of in self.figures]
        return [["", "questions", *self.MEASURES], *rows]


def _shown(figure: Sequence[float]) -> str:
    value, low, high = figure
    return f"{value:.3f} ({low:.3f}–{high:.3f})"
