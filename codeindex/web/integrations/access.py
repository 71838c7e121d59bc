"""The rows that a request names, if its user may manage them, and who may import."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from codeindex.integrations import imports
from codeindex.models import CodeHost, Import, Repository
from codeindex.web import ids


def require_importer(user: User) -> None:
    if not imports.is_allowed(user):
        raise PermissionDenied("Only administrators may import repositories here.")


def own_host(user: User, pk: int) -> CodeHost:
    """Raises `Http404` for another user's code host as for one that does not exist."""
    return get_object_or_404(imports.hosts_of(user), pk=pk)


def own_import(user: User, pk: int) -> Import:
    """Raises `Http404` for another user's import as for one that does not exist."""
    return get_object_or_404(imports.imports_of(user), pk=pk)


def teams_of(user: User) -> QuerySet[Group]:
    """The teams that `user` may share with."""
    own = Group.objects.all() if user.is_superuser else user.groups.all()
    return own.order_by("name")


def managed_by_name(user: User, name: str) -> Repository | None:
    """The repository that `owner/name` names, if `user` manages it; None for an empty name. Raises
    `ValidationError`."""
    if not name:
        return None
    called = Repository.objects.managed_by(user).called(name).select_related("owner")
    found = list(called.order_by("pk")[:2])
    if len(found) != 1:
        raise ValidationError(f"You manage no repository {name}. Write it as owner/name.")
    return found[0]


def named_repository(user: User, name: str) -> Repository | None:
    """As `managed_by_name`, but the error is by field."""
    try:
        return managed_by_name(user, name)
    except ValidationError as error:
        raise ValidationError({"repository": error.messages}) from error


def named_import(user: User | AnonymousUser, written: str) -> Import | None:
    """The user's import with this id; None for "". Raises `ValidationError` of the field `import`
    for another one's as for one that does not exist."""
    if not written:
        return None
    try:
        return imports.imports_of(user).get(pk=ids.number(ids.Row.IMPORT, written))
    except (ValueError, Import.DoesNotExist) as error:
        raise ValidationError({"import": ["You have no such import."]}) from error
