"""Code hosts, and the organisations whose repositories are imported from them."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Value
from django.db.models.functions import Now
from django.utils import timezone

from codeindex.models.repositories import Repository, Visibility


class HostKind(models.TextChoices):
    GITHUB = "github", "GitHub"
    GITLAB = "gitlab", "GitLab"
    GITEA = "gitea", "Gitea or Forgejo"
    BITBUCKET = "bitbucket", "Bitbucket Cloud"
    BITBUCKET_SERVER = "bitbucket-server", "Bitbucket Server or Data Center"


class CodeHost(models.Model):
    """A code host, and the token by which its owner reads there. `url` is its web address."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="code_hosts")
    kind = models.CharField(max_length=20, choices=HostKind.choices)
    name = models.CharField(max_length=100)
    url = models.CharField(max_length=300)
    username = models.CharField(max_length=200, blank=True)  # Bitbucket's tokens may need one
    token = models.TextField(blank=True, editable=False)  # encrypted: codeindex.credentials
    created = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Import(models.Model):
    """The repositories of an organisation, group or user of a code host, kept as they are there.

    Until it is `started` it only says what it would import. `held` repositories are no longer
    listed, but are so many that somebody has to confirm their removal; `confirmed` says how many
    were."""

    host = models.ForeignKey(CodeHost, models.CASCADE, related_name="imports")
    namespace = models.CharField(max_length=300)
    # Which repositories
    archived = models.BooleanField(default=False)
    forks = models.BooleanField(default=False)
    topics = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    patterns = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    # Which branches and tags of them, besides the default branch
    branch_patterns = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    tag_patterns = models.JSONField(default=list, db_default=Value([], models.JSONField()))
    # Who sees them
    visibility = models.CharField(
        max_length=10, choices=Visibility.choices, default=Visibility.PRIVATE
    )
    team = models.ForeignKey(Group, models.SET_NULL, null=True, blank=True, related_name="imports")

    started = models.BooleanField(default=False)
    created = models.DateTimeField(db_default=Now())
    # What the host said last
    synced = models.DateTimeField(null=True, blank=True)
    listed = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)  # by the filters
    names = models.JSONField(default=list, db_default=Value([], models.JSONField()))  # some
    notice = models.TextField(blank=True)
    held = models.PositiveIntegerField(default=0)
    confirmed = models.PositiveIntegerField(default=0)
    # When it is asked again
    due = models.DateTimeField(null=True, blank=True, db_default=Now())
    failures = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["host", "namespace"], name="namespace_of_code_host"),
        ]
        indexes = [models.Index(fields=["due"], name="imports_due")]

    def __str__(self) -> str:
        return f"{self.namespace} of {self.host}"

    @property
    def follows_host(self) -> bool:
        """Whether who may read its repositories at the code host may find them here."""
        return hasattr(self, "permission_sync")


class ImportedRepository(models.Model):
    """A repository of an import, by the host's own id, which outlives its name. `repository` is
    None if it could not be registered (`problem`), or was removed here by hand: such a one is not
    imported again."""

    source = models.ForeignKey(Import, models.CASCADE, related_name="repositories")
    repository = models.OneToOneField(
        Repository, models.SET_NULL, null=True, blank=True, related_name="imported"
    )
    host_id = models.CharField(max_length=100)
    full_name = models.CharField(max_length=300)
    problem = models.CharField(max_length=300, blank=True)
    missing = models.DateTimeField(null=True, blank=True)  # since when it is not listed
    # If visibility follows the host: when the host was last asked who may read it, and when it last
    # said so; whether everyone may; and why it did not say
    readers_asked = models.DateTimeField(null=True, blank=True)
    readers_known = models.DateTimeField(null=True, blank=True)
    public_at_host = models.BooleanField(default=False, db_default=False)
    readers_error = models.CharField(max_length=300, blank=True, default="", db_default="")

    class Meta:
        verbose_name_plural = "imported repositories"
        constraints = [
            models.UniqueConstraint(fields=["source", "host_id"], name="imported_once"),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def are_readers_known(self) -> bool:
        """Whether the host has said lately enough who may read it."""
        hours = timedelta(hours=settings.CODEINDEX_PERMISSION_HOURS)
        return self.readers_known is not None and self.readers_known > timezone.now() - hours


class PermissionSync(models.Model):
    """As long as an import has this row, the visibility of its repositories follows the code host:
    who may read one there may find it here."""

    source = models.OneToOneField(
        Import, models.CASCADE, primary_key=True, related_name="permission_sync"
    )
    synced = models.DateTimeField(null=True, blank=True)  # when all repositories were asked for
    notice = models.TextField(blank=True)
    # When the host is asked again
    due = models.DateTimeField(null=True, blank=True, db_default=Now())
    failures = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        indexes = [models.Index(fields=["due"], name="permission_syncs_due")]

    def __str__(self) -> str:
        return f"permissions of {self.source}"


class HostReader(models.Model):
    """A user who may read an imported repository at its code host, by what the host said last."""

    imported = models.ForeignKey(ImportedRepository, models.CASCADE, related_name="readers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["imported", "user"], name="reader_of_imported"),
        ]

    def __str__(self) -> str:
        return f"{self.user} reads {self.imported}"


class HostAccount(models.Model):
    """The e-mail address that a code host has verified of an account there; "" if it tells none.
    Kept for a while, since hosts are asked for each account by itself."""

    host = models.ForeignKey(CodeHost, models.CASCADE, related_name="accounts")
    uid = models.CharField(max_length=100)
    email = models.CharField(max_length=254, blank=True)  # in lower case
    asked = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["host", "uid"], name="account_of_code_host"),
        ]

    def __str__(self) -> str:
        return f"{self.uid} at {self.host}"
