"""Repositories: registered and removed, each in one transaction with the record of who did it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, transaction

from codeindex import audit, credentials
from codeindex.audit import Change
from codeindex.ingestion import store
from codeindex.ingestion.cloning import globs, remotes
from codeindex.ingestion.cloning.remotes import Remote
from codeindex.models import Branch, IndexRun, Repository, SourceFile, Visibility


@transaction.atomic
def register(
    *,
    url: str,
    owner: User,
    by: User | None,
    name: str = "",
    branch: str = "",
    visibility: str = Visibility.PRIVATE,
    teams: Iterable[Group] = (),
    deploy_key: str = "",
    trusted_path: bool = False,
) -> Repository:
    """A new repository of `owner` with the branch to index. A credential in the URL is taken out
    and stored encrypted, as is the deploy key. `trusted_path`: whoever registers the repository
    can read local paths anyway.

    Raises `ValidationError` by field.
    """
    _check_quota(owner)
    remote = checked_remote(url, trusted_path=trusted_path)
    if branch:
        check_branch(branch, "branch")
    repository = Repository(
        owner=owner,
        name=name.strip() or remote.name,
        url=remote.address,
        credential=credentials.encrypt(remote.credential),
        deploy_key=checked_key(deploy_key, remote),
        trusted_path=trusted_path and not remote.scheme,
        visibility=visibility,
    )
    repository.full_clean()
    try:
        with transaction.atomic():
            repository.save()
    except IntegrityError:
        repository.validate_constraints()  # explains it if another request has just used the name
        raise
    repository.teams.set(teams)
    Branch.objects.create(repository=repository, name=branch)
    audit.record(Change.REPOSITORY_REGISTERED, repository.full_name, by=by)
    return repository


@dataclass(frozen=True, slots=True)
class Imported:
    """A repository to register with others: a checked remote, and a name that its owner has not
    used yet."""

    name: str
    remote: Remote


@transaction.atomic
def register_all(
    wanted: Sequence[Imported],
    *,
    owner: User,
    by: User | None,
    credential: str,
    visibility: str,
    teams: Sequence[Group],
    source: str,
    branch_patterns: Sequence[str] = (),
    tag_patterns: Sequence[str] = (),
) -> list[Repository]:
    """New repositories, in the order of `wanted`, each with its default branch and the branches and
    tags that match patterns, in a few statements. `credential` is encrypted; `source` says in the
    audit where they come from. The caller has checked the quota (`room`). Raises `IntegrityError`
    if a name is used meanwhile."""
    made = Repository.objects.bulk_create(
        Repository(
            owner=owner,
            name=each.name,
            url=each.remote.address,
            credential=credential,
            visibility=visibility,
            branch_patterns=list(branch_patterns),
            tag_patterns=list(tag_patterns),
        )
        for each in wanted
    )
    Branch.objects.bulk_create(Branch(repository=repository) for repository in made)
    through = Repository.teams.through
    through.objects.bulk_create(
        through(repository=repository, group=team) for repository in made for team in teams
    )
    names = ", ".join(each.name for each in wanted)
    audit.record(Change.REPOSITORIES_IMPORTED, source, by=by, details=names)
    return made


def room(owner: User) -> int:
    """How many more repositories `owner` may have. The owner's row is locked, so that concurrent
    registrations cannot pass together."""
    if owner.is_superuser:
        return sys.maxsize
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    return max(0, settings.CODEINDEX_REPOSITORIES_PER_USER - owner.repositories.count())


@transaction.atomic
def save(repository: Repository, changed: Iterable[str], *, by: User | None) -> None:
    """Save a repository whose fields named `changed` (owner, visibility, teams, …) were edited."""
    repository.save()
    audit.record(Change.REPOSITORY_CHANGED, repository.full_name, by=by, details=", ".join(changed))


def checked_remote(url: str, *, trusted_path: bool = False) -> Remote:
    """Raises `ValidationError` of the field `url`."""
    try:
        return remotes.parse(url.strip(), trusted_path=trusted_path)
    except remotes.RefusedRemote as refusal:
        raise ValidationError({"url": [str(refusal)]}) from refusal


def check_branch(name: str, field: str) -> None:
    """Raises `ValidationError` of the field."""
    if not remotes.is_branch_name(name):
        raise ValidationError({field: [f"{name!r} is not a valid branch name in git."]})


def check_patterns(patterns: Sequence[str], field: str) -> None:
    """Whether branches or tags can match. Raises `ValidationError` of the field."""
    if len(patterns) > globs.MOST_PATTERNS:
        raise ValidationError({field: [f"There may be at most {globs.MOST_PATTERNS} patterns."]})
    for pattern in patterns:
        if not globs.is_valid(pattern):
            raise ValidationError({field: [f"{pattern!r} matches no name that git allows."]})


def checked_key(deploy_key: str, remote: Remote) -> str:
    """The deploy key, encrypted. Raises `ValidationError` of the field `deploy_key`."""
    if not deploy_key.strip():
        return ""
    if remote.scheme != "ssh":
        raise ValidationError({"deploy_key": ["A deploy key works only with an ssh address."]})
    try:
        return credentials.encrypt(credentials.deploy_key(deploy_key))
    except ValueError as error:
        raise ValidationError({"deploy_key": [str(error)]}) from error


def _check_quota(owner: User) -> None:
    """Raises `ValidationError` if `owner` has as many repositories as a user may have."""
    limit = settings.CODEINDEX_REPOSITORIES_PER_USER
    if not room(owner):
        raise ValidationError(
            {
                NON_FIELD_ERRORS: [
                    f"You have {limit:,} repositories, the most that a user can have. "
                    "Remove one, or ask your administrator to raise the limit."
                ]
            }
        )


@transaction.atomic
def remove(repository: Repository, *, by: User | None) -> None:
    """Unregister a repository: its code no longer appears in search. A run of it stops at its next
    write. Texts that only this repository holds are not encoded any further, and are deleted after
    the garbage collector's grace period."""
    if not Repository.objects.select_for_update().filter(pk=repository.pk):  # no new run meanwhile
        return
    runs = IndexRun.objects.filter(branch__repository=repository)
    list(runs.select_for_update())  # a worker that writes for one of them finishes its batch first
    store.delete_files(SourceFile.objects.filter(branch__repository=repository))
    audit.record(Change.REPOSITORY_REMOVED, repository.full_name, by=by)
    repository.delete()
