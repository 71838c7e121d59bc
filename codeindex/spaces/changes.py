"""What administrators do with spaces, each with its record in the audit."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from codeindex import audit
from codeindex.audit import Change
from codeindex.models import Space
from codeindex.spaces import encoders, lifecycle, refining
from codeindex.spaces.encoders import EncoderSource

PINNED = (
    "The settings name another encoder (CODEINDEX_CHECKPOINT, CODEINDEX_LLM and related settings),"
    " whose space would be activated again. Remove them first."
)


@transaction.atomic
def activate(space: Space, *, by: User | None) -> int:
    """Search the space from now on. If it lacks vectors of live texts it is filled instead; returns
    how many it lacks. Raises `ValidationError` if the settings name another one."""
    pinned = encoders.pinned_source()
    if pinned and pinned != EncoderSource.of_space(space):
        raise ValidationError(PINNED)
    missing = lifecycle.activate(space).missing
    if not missing:
        audit.record(Change.SPACE_ACTIVATED, str(space), by=by)
    return missing


@transaction.atomic
def retire(space: Space, *, by: User | None) -> None:
    """Stop filling it. Raises `ValidationError` for the active one."""
    if not lifecycle.retire(space):
        raise ValidationError(f"{space} is active. Activate another space first.")
    audit.record(Change.SPACE_RETIRED, str(space), by=by)


@transaction.atomic
def pause(space: Space, *, by: User | None) -> None:
    """Stop refining its drafts."""
    refining.pause(space)
    audit.record(Change.SPACE_CHANGED, str(space), by=by, details="refining: paused")


@transaction.atomic
def resume(space: Space, *, by: User | None) -> None:
    refining.resume(space)
    audit.record(Change.SPACE_CHANGED, str(space), by=by, details="refining: on")


def remove(space: Space, *, by: User | None) -> bool:
    """Delete a retired space with its vectors, which may take minutes; False for any other. Not
    within a transaction, since its index is dropped without blocking others."""
    if not lifecycle.remove(space):
        return False
    with transaction.atomic():
        audit.record(Change.SPACE_REMOVED, str(space), by=by)
    return True
