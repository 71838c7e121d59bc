"""What has become of a file or a definition whose row is no longer live. Ids are those of rows,
which are replaced by the commit that changes the file."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from codeindex.models import Definition, SourceFile
from embeddings.types import Kind
from search.addresses.origins import WITH_ORIGIN


@dataclass(frozen=True, slots=True)
class Succession:
    """A file that is no longer live, and what is there now: the `file` at its path, or else another
    one with its content; and the `definition`, if one was asked for, which may be in yet another
    file. None for what is no longer there."""

    past: SourceFile
    file: SourceFile | None
    definition: Definition | None = None


def succession(
    user: User | AnonymousUser, file_id: int, definition_id: int | None = None
) -> Succession:
    """Raises `Http404` for what `user` may not see, and for what is live or never was."""
    replaced = SourceFile.objects.visible_to(user).replaced()
    past = get_object_or_404(replaced.select_related("until_run", *WITH_ORIGIN), pk=file_id)
    live = past.branch.source_files.live().select_related(*WITH_ORIGIN)
    file = live.filter(path=past.path).first() or _first(live.filter(blob=past.blob_id))
    if definition_id is None:
        return Succession(past, file)
    wanted = get_object_or_404(Definition, pk=definition_id, blob=past.blob_id)
    if file is not None and (here := _in_file(wanted, file)):
        return Succession(past, file, here)
    moved = _first(live.filter(blob__definitions__text=wanted.text_id))
    if moved is not None:
        return Succession(past, moved, _in_file(wanted, moved))
    return Succession(past, file)


def _in_file(wanted: Definition, file: SourceFile) -> Definition | None:
    """The definition with the same text, or else with the same name; of several, the one that is
    nearest to where it was."""
    own = Definition.objects.filter(blob=file.blob_id)
    same = own.filter(text=wanted.text_id)
    named = own.filter(kind=wanted.kind, qualified_name=wanted.qualified_name)
    is_named = bool(wanted.qualified_name) or wanted.kind == Kind.MODULE
    return _nearest(same, wanted) or (_nearest(named, wanted) if is_named else None)


def _nearest(found: QuerySet[Definition], wanted: Definition) -> Definition | None:
    return min(found, key=lambda each: abs(each.start_line - wanted.start_line), default=None)


def _first(files: QuerySet[SourceFile]) -> SourceFile | None:
    return files.order_by("path", "pk").first()
