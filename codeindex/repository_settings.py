"""Changes to the settings of a repository, each recorded in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from codeindex import audit, code_host_links, credentials
from codeindex.audit import Change
from codeindex.ingestion import branches
from codeindex.ingestion.cloning import globs, remotes
from codeindex.ingestion.cloning.remotes import Remote
from codeindex.ingestion.selection import ignore_process
from codeindex.integrations import freshness
from codeindex.models import Branch, Repository
from codeindex.repositories import check_branch, check_patterns, checked_key, checked_remote

MOST_BRANCHES = 20
"""Of one repository."""


@transaction.atomic
def change(repository: Repository, changes: Mapping[str, Any], *, by: User | None) -> None:
    """Change the settings of a repository that `changes` holds:

    - `name`, and `visibility`; `teams` and `people`: all groups and users that it is shared with;
    - `url`. What it leads to is indexed by the next run, and what is indexed stays until then. A
      stored credential and deploy key stay only if it leads to the same host;
    - `credential` and `deploy_key`, which replace the stored one; "" removes it;
    - `link_template`: of links to its code host (`code_host_links`); "" for what the URL tells;
    - `branches`: all branches to index: names, "" for the remote's default one, and patterns;
      `tags` likewise; and of what matches patterns, how many (`newest`). What was indexed of others
      no longer appears in search.

    Raises `ValidationError` by field, and `Repository.DoesNotExist` if it was removed meanwhile.
    """
    row = Repository.objects.select_for_update(no_key=True, of=("self",)).get(pk=repository.pk)
    told = [
        told
        for setting, apply in _SETTINGS.items()
        if setting in changes and (told := apply(row, changes[setting]))
    ]
    if not told:
        return
    row.full_clean()
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        row.validate_constraints()
        raise
    repository.refresh_from_db()
    if row.has_patterns and not changes.keys().isdisjoint(("branches", "tags", "newest")):
        freshness.ask_soon(row.branches.all())
    audit.record(Change.REPOSITORY_CHANGED, row.full_name, by=by, details="; ".join(told))


@transaction.atomic
def change_rules(
    repository: Repository, rules: Mapping[str, bool | str | int | None], *, by: User | None
) -> None:
    """Change how the repository is indexed: the fields of `Repository.RULES` that `rules` holds.
    What is indexed changes with the next run. Raises `ValidationError` by field."""
    patterns = ignore_process.lines(str(rules.get("ignore_patterns", "")))
    for number, line in enumerate(patterns, 1):
        if not ignore_process.is_pattern(line):
            reason = f"Line {number} is not a pattern as in a .gitignore: {line[:100]}"
            raise ValidationError({"ignore_patterns": [reason]})
    for name, value in rules.items():
        setattr(repository, name, value)
    if rules:
        Repository.objects.filter(pk=repository.pk).update(**rules)
    if rules.get("check_minutes"):
        freshness.ask_soon(repository.branches.all())
    audit.record(Change.RULES_CHANGED, repository.full_name, by=by, details=", ".join(rules))


def _set_plain(field: str) -> Callable[[Repository, str], str]:
    def apply(row: Repository, value: str) -> str:
        before = getattr(row, field)
        setattr(row, field, value.strip())
        return f"{field}: {before} → {value.strip()}" if value.strip() != before else ""

    return apply


def _set_related(field: str) -> Callable[[Repository, Iterable[User] | Iterable[Group]], str]:
    def apply(row: Repository, wanted: Iterable[User] | Iterable[Group]) -> str:
        related = getattr(row, field)
        before, after = set(related.all()), set(wanted)
        related.set(after)
        return _difference(field, map(str, before), map(str, after))

    return apply


def _set_url(row: Repository, url: str) -> str:
    if url.strip() == row.url:
        return ""
    before, remote = row.url, checked_remote(url)
    if not _leads_to_same_place(row, remote):
        row.credential = row.deploy_key = ""
    if remote.credential:
        row.credential = credentials.encrypt(remote.credential)
    row.url, row.trusted_path = remote.address, False
    return f"url: {before} → {row.url}"


def _leads_to_same_place(row: Repository, remote: Remote) -> bool:
    """Whether the present URL of a repository does. A URL that is no longer allowed does not."""
    try:
        present = remotes.parse(row.url, trusted_path=row.trusted_path)
    except remotes.RefusedRemote:
        return False
    return remotes.is_same_place(present, remote)


def _set_credential(row: Repository, credential: str) -> str:
    remote = checked_remote(row.url, trusted_path=row.trusted_path)
    if credential and remote.scheme not in ("https", "http"):
        reason = "A credential works only with an https or http URL. For ssh, add a deploy key."
        raise ValidationError({"credential": [reason]})
    if not credential.isprintable():
        raise ValidationError({"credential": ["The credential has unprintable characters."]})
    return _set_secret(row, "credential", credentials.encrypt(credential))


def _set_deploy_key(row: Repository, deploy_key: str) -> str:
    remote = checked_remote(row.url, trusted_path=row.trusted_path)
    return _set_secret(row, "deploy_key", checked_key(deploy_key, remote))


def _set_link_template(row: Repository, template: str) -> str:
    if template.strip():
        try:
            code_host_links.check_template(template.strip())
        except code_host_links.BadTemplate as error:
            raise ValidationError({"link_template": [str(error)]}) from error
    return _set_plain("link_template")(row, template)


def _set_secret(row: Repository, field: str, encrypted: str) -> str:
    had = bool(getattr(row, field))
    setattr(row, field, encrypted)
    title = field.replace("_", " ")
    return f"{title} stored" if encrypted else f"{title} removed" * had


def _set_branches(row: Repository, wanted: Iterable[str]) -> str:
    patterns, names = _split(wanted)
    if not names or len(names) > MOST_BRANCHES:
        reason = f"Name from 1 to {MOST_BRANCHES} branches, besides patterns."
        raise ValidationError({"branches": [reason]})
    for name in filter(None, names):
        check_branch(name, "branches")
    check_patterns(patterns, "branches")
    before = [*row.branches.filter(by_pattern=False).values_list("name", flat=True)]
    told = _difference(
        "branches", map(_shown_branch, before + row.branch_patterns),
        map(_shown_branch, names + patterns),
    )  # fmt: skip
    row.branch_patterns = patterns
    row.branches.filter(name__in=names, is_tag=False).update(by_pattern=False)
    others = row.branches.filter(is_tag=False).exclude(name__in=names)
    matching = _matching(others.exclude(name=""), patterns)
    row.branches.filter(pk__in=matching).update(by_pattern=True)
    branches.remove(others.exclude(pk__in=matching))
    branches.remove(row.branches.filter(name__in=names, is_tag=True))
    present = set(row.branches.values_list("name", flat=True))
    new = [Branch(repository=row, name=name) for name in names if name not in present]
    Branch.objects.bulk_create(new)
    return told


def _set_tags(row: Repository, wanted: Iterable[str]) -> str:
    patterns = list(dict.fromkeys(wanted))
    check_patterns(patterns, "tags")
    told = _difference("tags", row.tag_patterns, patterns)
    row.tag_patterns = patterns
    tags = row.branches.filter(is_tag=True)
    branches.remove(tags.exclude(pk__in=_matching(tags, patterns)))
    return told


def _matching(rows: QuerySet[Branch], patterns: Iterable[str]) -> list[int]:
    """The ids of the rows whose names match."""
    return [pk for pk, name in rows.values_list("pk", "name") if globs.matches(name, patterns)]


def _set_newest(row: Repository, newest: int) -> str:
    before, row.newest = row.newest, newest
    return f"newest: {before} → {newest}" if newest != before else ""


def _split(wanted: Iterable[str]) -> tuple[list[str], list[str]]:
    """Patterns, and names."""
    each_once = list(dict.fromkeys(wanted))
    patterns = [each for each in each_once if globs.is_pattern(each)]
    return patterns, [each for each in each_once if not globs.is_pattern(each)]


_SETTINGS: Mapping[str, Callable[[Repository, Any], str]] = {
    "name": _set_plain("name"),
    "visibility": _set_plain("visibility"),
    "teams": _set_related("teams"),
    "people": _set_related("people"),
    "url": _set_url,
    "credential": _set_credential,
    "deploy_key": _set_deploy_key,
    "branches": _set_branches,
    "tags": _set_tags,
    "newest": _set_newest,
    "link_template": _set_link_template,
}
"""The function that sets each setting. It returns what it has changed, for the audit, or "". The
URL comes before the secrets, which depend on it."""


def _shown_branch(name: str) -> str:
    return name or "the default branch"


def _difference(title: str, before: Iterable[str], after: Iterable[str]) -> str:
    """teams: +new, −gone"""
    old, new = set(before), set(after)
    told = audit.difference(sorted(new - old), sorted(old - new))
    return f"{title}: {told}" if told else ""
