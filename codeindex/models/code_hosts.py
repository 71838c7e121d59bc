"""Code hosts, and the organisations whose repositories are imported from them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Value
from django.db.models.functions import Now

from codeindex.models.repositories import Repository, Visibility


class HostKind(models.TextChoices):
    GITHUB = "github", "GitHub"
    GITLAB = "gitlab", "GitLab"
    GITEA = "gitea", "Gitea or Forgejo"
    BITBUCKET = "bitbucket", "Bitbucket Cloud"


class CodeHost(models.Model):
    """A code host, and the token by which its owner reads there. `url` is its web address."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="code_hosts")
    kind = models.CharField(max_length=10, choices=HostKind.choices)
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

    class Meta:
        verbose_name_plural = "imported repositories"
        constraints = [
            models.UniqueConstraint(fields=["source", "host_id"], name="imported_once"),
        ]

    def __str__(self) -> str:
        return self.full_name
