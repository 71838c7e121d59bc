"""What has to be done in a restored database: what was left out is requested again, and what was
encrypted with a lost key is removed."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.models import F, Model, Value
from django.db.models.functions import Coalesce, Concat, Now, Substr
from django.template.defaultfilters import pluralize

from codeindex import credentials, tasks
from codeindex.models import (
    UNPUBLISHED,
    Branch,
    CodeHost,
    IndexRun,
    OutgoingWebhook,
    PushWebhook,
    Repository,
    Space,
    SpaceState,
)
from codeindex.operations.backups.contents import LeftOut
from codeindex.spaces import lifecycle


def move_models(old_home: str, new_home: str) -> None:
    """Points spaces whose checkpoint lay in the old state folder to the new one."""
    if old_home != new_home:
        Space.objects.filter(checkpoint__startswith=f"{old_home}/").update(
            checkpoint=Concat(Value(new_home), Substr("checkpoint", len(old_home) + 1))
        )


def request(left_out: LeftOut) -> list[str]:
    """Requests what the backup does without from the workers. Returns what that means for users."""
    if left_out == LeftOut.NOTHING:
        return []
    _drop_vector_indexes()
    if left_out == LeftOut.VECTORS:
        for space in Space.objects.exclude(state=SpaceState.RETIRED):
            lifecycle.request_embeddings(space)
        return ["The workers compute the vectors again. Until then words and names find code."]
    _forget_runs()
    tasks.request_indexes(Branch.objects.filter(repository__paused=False), by=None)
    return ["The workers index every repository again. Until then its code is not found."]


def _drop_vector_indexes() -> None:
    """Rows are written much faster without; the workers build them once all vectors are there."""
    with connection.cursor() as cursor:
        for space in Space.objects.all():
            cursor.execute(f"DROP INDEX IF EXISTS {lifecycle.index_name(space)}")


def _forget_runs() -> None:
    """The history stays; nothing of it is live."""
    IndexRun.objects.filter(status__in=UNPUBLISHED).delete()
    IndexRun.objects.filter(finished=None).update(finished=Coalesce(F("published"), Now()))
    Branch.objects.update(live_run=None)


def forget_unreadable() -> list[str]:
    """Removes what was encrypted with a key that this installation does not have. Returns a remark
    that counts it."""
    lost = [
        _counted(_clear(Repository, "credential"), "credential of a clone URL"),
        _counted(_clear(Repository, "deploy_key"), "deploy key"),
        _counted(_clear(CodeHost, "token"), "token of a code host"),
        _counted(_delete(PushWebhook, "secret"), "push webhook"),
        _counted(_delete(OutgoingWebhook, "secret"), "outgoing webhook"),
        _counted(_delete(Authenticator, "data"), "second factor"),
    ]
    told = [each for each in lost if each]
    if not told:
        return []
    return [
        f"Removed, since they were encrypted with a key that is missing here: {', '.join(told)}."
        " Enter them again. Everybody has to sign in again, and addresses with ids have changed."
    ]


def _clear(model: type[Model], field: str) -> int:
    return model._default_manager.filter(pk__in=unreadable(model, field)).update(**{field: ""})


def _delete(model: type[Model], field: str) -> int:
    lost = unreadable(model, field)
    model._default_manager.filter(pk__in=lost).delete()
    return len(lost)


def unreadable(model: type[Model], field: str) -> list[int]:
    """The rows whose field was encrypted with a key that this process does not have."""
    rows = model._default_manager.values_list("pk", field)
    return [pk for pk, stored in rows.iterator() if not _is_readable(stored)]


def _is_readable(stored: str | dict[str, str]) -> bool:
    """`stored` is encrypted, or the data of a second factor, which has an encrypted secret or
    seed."""
    if isinstance(stored, dict):
        stored = stored.get("secret") or stored.get("seed") or ""
    try:
        credentials.decrypt(stored)
    except credentials.UnreadableCredential:
        return False
    return True


def _counted(count: int, noun: str) -> str:
    first, _, rest = noun.partition(" of ")
    return f"{count:,} {first}{pluralize(count)}{' of ' if rest else ''}{rest}" if count else ""
