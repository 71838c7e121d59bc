"""Registered repositories, their branches, and the runs that index them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core import validators
from django.db import models
from django.db.models import Exists, Func, OuterRef, Q, Value
from django.db.models.functions import Concat, Lower, Now

from codeindex.models.teams import Membership, Role
from embeddings.files.origins import Origin
from embeddings.types import READING_VERSION

if TYPE_CHECKING:
    from codeindex.models.code_hosts import ImportedRepository


class Visibility(models.TextChoices):
    PRIVATE = "private"
    INTERNAL = "internal"
    PUBLIC = "public"


IGNORE_PATTERNS = 10_000
"""The most characters of a repository's patterns."""

CHECK_MINUTES = 60 * 24 * 30
"""The most minutes between two questions to a host."""


DEFAULT_MATCHING, MOST_MATCHING = 10, 50
"""How many branches, and how many tags, that match patterns are indexed."""


UP_TO_PATH = r"^(?:[a-z]+://)?(?:[^/@]*@)?(\[[^]]*\]|[^/:]+)(?::\d+(?=/))?[:/]+"
AFTER_PATH = r"/*(?:\.git)?/*$"
"""What stands before and after the path of any clone URL, for Python and Postgres alike."""


def host_path(url: str) -> str:
    """`host/path` of a clone URL in lower case, which is the same for https, ssh and scp's form."""
    return re.sub(AFTER_PATH, "", re.sub(UP_TO_PATH, r"\1/", url.lower(), count=1), count=1)


def _replaced(expression: Func, pattern: str, replacement: str) -> Func:
    return Func(expression, Value(pattern), Value(replacement), function="REGEXP_REPLACE")


class RepositoryQuerySet(models.QuerySet["Repository"]):
    def visible_to(self, user: User | AnonymousUser) -> RepositoryQuerySet:
        """The repositories that `user` may see: their own, those that are shared with them or with
        one of their teams, those that they may read at the code host that decides about them, and
        those whose visibility includes them. The one permission rule: every other one is built on
        it."""
        public_there = Repository.objects.followed().filter(imported__public_at_host=True)
        if not user.is_authenticated:
            for_all = public_there.filter(imported__source__visibility=Visibility.PUBLIC)
            return self.filter(Q(visibility=Visibility.PUBLIC) | Q(pk__in=for_all))
        if user.is_superuser:
            return self
        read_there = Repository.objects.followed().filter(imported__readers__user=user.pk)
        with_team = Repository.teams.through.objects.filter(
            repository=OuterRef("pk"), group__user=user.pk
        )
        with_user = Repository.people.through.objects.filter(
            repository=OuterRef("pk"), user=user.pk
        )
        return self.filter(
            Q(owner=user.pk)
            | ~Q(visibility=Visibility.PRIVATE)
            | Exists(with_team)
            | Exists(with_user)
            | Q(pk__in=read_there)
            | Q(pk__in=public_there.exclude(imported__source__visibility=Visibility.PRIVATE))
        )

    def followed(self) -> RepositoryQuerySet:
        """Those whose visibility follows a code host which has said lately enough who may read
        them."""
        oldest = Now() - timedelta(hours=settings.CODEINDEX_PERMISSION_HOURS)
        return self.filter(
            imported__source__permission_sync__isnull=False, imported__readers_known__gt=oldest
        )

    def with_audience(self) -> RepositoryQuerySet:
        """With all that says who sees them, in a few statements."""
        followed = "imported__source__permission_sync"
        loaded = self.select_related("owner", "imported__source__host", followed)
        return loaded.prefetch_related("teams", "people")

    def managed_by(self, user: User | AnonymousUser) -> RepositoryQuerySet:
        """The repositories that `user` may index, change and remove: their own, and those of the
        teams that they maintain; an administrator may do so with all."""
        if not user.is_authenticated:
            return self.none()
        if user.is_superuser:
            return self
        maintained = Membership.objects.filter(
            role=Role.MAINTAINER, row__user=user.pk, row__group__repositories=OuterRef("pk")
        )
        return self.filter(Q(owner=user.pk) | Exists(maintained))

    def called(self, name: str) -> RepositoryQuerySet:
        """The repositories of this name, or the one that `owner/name` names."""
        owner, _, own_name = name.partition("/")
        return self.filter(Q(name=name) | Q(owner__username=owner, name=own_name))

    def called_like(self, part: str) -> RepositoryQuerySet:
        """The repositories whose `owner/name` contains `part`, in upper or lower case."""
        named = self.alias(owner_and_name=Concat("owner__username", Value("/"), "name"))
        return named.filter(owner_and_name__icontains=part)


class Repository(models.Model):
    """A registered git repository. `url` never holds a credential. `trusted_path`: the local path
    was registered by someone who could read it anyway, so it need not lie in an allowed folder."""

    # Protected: `accounts.departure` hands repositories over or removes them, with their runs
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="repositories")
    name = models.CharField(max_length=100)
    url = models.TextField()
    credential = models.TextField(blank=True, editable=False)  # encrypted: codeindex.credentials
    deploy_key = models.TextField(
        blank=True, editable=False, default="", db_default=""
    )  # for ssh, encrypted
    # By which push webhooks find it: `host_path`
    host_path = models.GeneratedField(
        expression=_replaced(_replaced(Lower("url"), UP_TO_PATH, r"\1/"), AFTER_PATH, ""),
        output_field=models.TextField(),
        db_persist=True,
    )
    trusted_path = models.BooleanField(editable=False, default=False, db_default=False)
    # A kind of code host, or a template of its links, instead of what its URL tells
    link_template = models.CharField(max_length=500, blank=True, default="", db_default="")
    teams = models.ManyToManyField(Group, blank=True, related_name="repositories")
    people = models.ManyToManyField(User, blank=True, related_name="shared_repositories")
    visibility = models.CharField(
        max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE
    )
    # Branches and tags that are indexed because they match, and how many of each, the newest first
    branch_patterns = models.JSONField(
        blank=True, default=list, db_default=Value([], models.JSONField())
    )
    tag_patterns = models.JSONField(
        blank=True, default=list, db_default=Value([], models.JSONField())
    )
    newest = models.PositiveSmallIntegerField(
        default=DEFAULT_MATCHING,
        db_default=DEFAULT_MATCHING,
        validators=[validators.MinValueValidator(1), validators.MaxValueValidator(MOST_MATCHING)],
    )
    # Whether files that our own rules leave out are indexed, and patterns of others that are not
    index_vendored = models.BooleanField(default=False, db_default=False)
    index_generated = models.BooleanField(default=False, db_default=False)
    index_minified = models.BooleanField(default=False, db_default=False)
    ignore_patterns = models.TextField(
        blank=True, default="", db_default="", max_length=IGNORE_PATTERNS
    )  # as in a .gitignore
    # Whether the drafts of its vectors are refined
    refining = models.BooleanField(default=True, db_default=True)
    # Minutes between two questions to the host for new commits; 0: never; None: by the settings
    check_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[validators.MinValueValidator(0), validators.MaxValueValidator(CHECK_MINUTES)],
    )
    # Whether its runs wait, whatever their stage (`codeindex.ingestion.pausing`)
    paused = models.BooleanField(default=False, db_default=False, editable=False)
    created = models.DateTimeField(db_default=Now())

    RULES = (
        "index_vendored", "index_generated", "index_minified", "ignore_patterns", "refining",
        "check_minutes",
    )  # fmt: skip

    objects = RepositoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "repositories"
        constraints = [
            # Unique for an owner, not for all: a collision must not tell a stranger of a name.
            models.UniqueConstraint(fields=["owner", "name"], name="repository_name_of_owner"),
        ]
        indexes = [models.Index(fields=["host_path"], name="repositories_by_host_path")]

    def __str__(self) -> str:
        return self.name

    @property
    def full_name(self) -> str:
        """`owner/name`, which is unique."""
        return f"{self.owner.get_username()}/{self.name}"

    @property
    def has_patterns(self) -> bool:
        return bool(self.branch_patterns or self.tag_patterns)

    @property
    def followed_import(self) -> ImportedRepository | None:
        """Its row of an import whose visibility follows the code host."""
        imported: ImportedRepository | None = getattr(self, "imported", None)
        return imported if imported and imported.source.follows_host else None

    @property
    def indexed_origins(self) -> frozenset[Origin]:
        """The origins whose files are indexed like any other."""
        switches = {
            Origin.VENDORED: self.index_vendored,
            Origin.GENERATED: self.index_generated,
            Origin.MINIFIED: self.index_minified,
        }
        return frozenset(origin for origin, is_on in switches.items() if is_on)


class Branch(models.Model):
    """A branch that is indexed, or a tag. An empty name follows the remote's default branch. One
    that is there `by_pattern` goes when the host no longer has it."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="branches")
    name = models.CharField(max_length=255, blank=True)
    is_tag = models.BooleanField(default=False, db_default=False)
    by_pattern = models.BooleanField(default=False, db_default=False)
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

    @property
    def reference(self) -> str:
        """What git calls it."""
        if not self.name:
            return "HEAD"
        return f"refs/tags/{self.name}" if self.is_tag else f"refs/heads/{self.name}"


class RunStatus(models.TextChoices):
    QUEUED = "queued", "waiting for a worker"
    CHECKOUT = "checkout", "fetching the repository"
    DEFINITIONS = "definitions", "extracting definitions"
    EMBEDDING = "embedding", "building the semantic index"
    PUBLISHED = "published", "searchable"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


UNPUBLISHED = (
    RunStatus.QUEUED,
    RunStatus.CHECKOUT,
    RunStatus.DEFINITIONS,
    RunStatus.EMBEDDING,
)

UNREAD = UNPUBLISHED[:-1]
"""The definitions of these runs are still to be stored."""


class IndexRunQuerySet(models.QuerySet["IndexRun"]):
    def unpaused(self) -> IndexRunQuerySet:
        """The runs of repositories that are not paused. A subquery, so that whoever locks the runs
        locks no repository."""
        return self.filter(branch__in=Branch.objects.filter(repository__paused=False))


class IndexRun(models.Model):
    """One attempt to index a commit of a branch: progress record, ledger and history.

    A branch's first run is published as soon as words can find its definitions. `finished` is set
    when every text of a run has a vector or a recorded failure, or when the run failed or was
    cancelled.
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
    # More is to be read than its worker reads of an update; another worker takes it
    large = models.BooleanField(default=False, db_default=False)
    # The version of what is found in files; rows that say nothing are of the first one.
    reading = models.PositiveSmallIntegerField(default=READING_VERSION, db_default=1)

    files = models.PositiveIntegerField(default=0)  # to be indexed
    files_read = models.PositiveIntegerField(default=0)
    files_reused = models.PositiveIntegerField(default=0)  # their blob was live in the repository
    files_broken = models.PositiveIntegerField(default=0)  # with syntax errors
    files_stray = models.PositiveIntegerField(default=0, db_default=0)  # with bytes not in UTF-8
    notices = models.JSONField(default=list, db_default=Value([], models.JSONField()))  # sentences
    skips = models.JSONField(default=dict)  # reason → {"count": n, "examples": [path, …]}
    definitions = models.PositiveIntegerField(default=0)
    texts = models.PositiveIntegerField(default=0)  # distinct, of all definitions
    texts_reused = models.PositiveIntegerField(default=0)  # live in the repository, with a vector
    texts_known = models.PositiveIntegerField(
        default=0, db_default=0
    )  # with a vector or a failure, in any repository: never to be shown
    texts_ready = models.PositiveIntegerField(default=0)
    texts_failed = models.PositiveIntegerField(default=0)

    objects = IndexRunQuerySet.as_manager()

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


class PlainId(models.Model):
    """The last id that appeared in URLs as a plain number, for a kind of row in
    `codeindex.web.ids`: up to there plain numbers stay valid. Written only by a migration; 0 where
    there never were such URLs."""

    row = models.CharField(max_length=20, primary_key=True)
    up_to = models.BigIntegerField()
