"""The pages of files and folders: at addresses that stay valid; and of a file by an id, which is
valid until a commit changes the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from codeindex.audit import Access
from codeindex.models import SourceFile
from search.accesses import note_listed, note_read
from search.addresses import folders, reading
from search.addresses.origins import WITH_ORIGIN, crumbs, origin_of, permalink
from search.addresses.reading import Address, FoundFile, NoFile
from search.addresses.succession import succession
from search.candidates.branches import UnknownRepository
from search.commits import commits_of
from search.query.filters import BadQuery
from search.web.code.documents import rendered
from search.web.code.outline import outline
from search.web.highlighting import anchored_numbers, listing

Parameters = ParamSpec("Parameters")
View = Callable[Concatenate[HttpRequest, Parameters], HttpResponse]


class AddressConverter:
    """`owner/name@commit/path` in a URL. A path may hold any character, a line break too."""

    regex = r"[\s\S]+"

    def to_python(self, written: str) -> str:
        return written

    def to_url(self, address: str) -> str:
        return address


def follows_moves(view: View[Parameters]) -> View[Parameters]:
    """Decorates the page of a file, or of a definition in it, by ids. If they are no longer live,
    the page redirects to what they have become, or says that they are gone."""

    @wraps(view)
    def wrapper(
        request: HttpRequest, /, *arguments: Parameters.args, **ids: Parameters.kwargs
    ) -> HttpResponse:
        try:
            return view(request, *arguments, **ids)
        except Http404:
            return _successor(request, ids)

    return wrapper


@require_safe
@follows_moves
def file(request: HttpRequest, file_id: int) -> HttpResponse:
    """A file, with links to its definitions."""
    visible = SourceFile.objects.visible_to(request.user).live()
    row = get_object_or_404(visible.select_related("blob", *WITH_ORIGIN), pk=file_id)
    note_read(Access.FILE_READ, request.user, row)
    return _page(request, FoundFile(row), row.branch.name)


@require_safe
def at_address(request: HttpRequest, address: str) -> HttpResponse:
    """The file at `owner/name@ref/path`, of which `lines` are marked; or the folder, if the path
    ends with a slash. `owner/name` alone is the repository's page."""
    try:
        parsed = reading.parse_address(request.user, address)
    except UnknownRepository as error:
        raise Http404 from error
    if address.strip("/") == parsed.repository.full_name and not address.endswith("/"):
        return redirect("repository", parsed.repository.pk)
    try:
        if not parsed.path or parsed.path.endswith("/"):
            return _folder(request, parsed)
        return _page(request, reading.find(parsed), parsed.ref)
    except NoFile as missing:
        if not missing.is_gone and _is_folder(parsed):
            return redirect(permalink(parsed.repository.full_name, parsed.ref, f"{parsed.path}/"))
        context = {
            "repository": parsed.repository,
            "what": parsed.path or parsed.repository.name,
            "reason": missing,
            "file": missing.now,
        }
        return _nothing(request, context, is_gone=missing.is_gone)


def _is_folder(address: Address) -> bool:
    try:
        folders.folder_at(replace(address, path=f"{address.path}/"))
    except NoFile:
        return False
    return True


def _folder(request: HttpRequest, address: Address) -> HttpResponse:
    folder = folders.folder_at(address)
    name, origin, readme = address.repository.full_name, folder.origin, folder.readme
    context: dict[str, object] = {
        "repository": address.repository,
        "folder": folder,
        "crumbs": crumbs(name, folder.ref, folder.path),
        "origin": origin,
        "permalink": origin.permalink(folder.path),
        "host_link": origin.host_link(folder.path.rstrip("/")) if folder.path else "",
        "further": folder.total - len(folder.entries),
        "commit": commits_of(address.repository.pk, [origin.commit]).get(origin.commit),
    }
    note_listed(request.user, address.repository, folder.path)
    if readme is not None:
        note_read(Access.FILE_READ, request.user, readme)
        context |= {"readme": readme, "document": _document(readme, folder.ref)}
    return render(request, "search/folder.html", context)


def _document(row: SourceFile, ref: str) -> SafeString | None:
    """A file as a document, if it is one."""
    located = partial(permalink, row.branch.repository.full_name, ref)
    return rendered(row.blob.content, row.blob.language, row.path, located)


def _page(request: HttpRequest, found: FoundFile, ref: str) -> HttpResponse:
    row, origin = found.file, found.origin
    context = {
        "found": found,
        "file": row,
        "crumbs": crumbs(origin.full_name, ref, row.path),
        "origin": origin,
        "permalink": origin.permalink(row.path),
        "host_link": origin.host_link(row.path),
        "symbols": [*outline(row, found.definitions)],
        "document": _document(row, ref),
        "listing": listing(found.lines, row.blob.language),
    }
    marked: Sequence[int] = ()
    try:
        if lines := reading.parse_lines(request.GET.get("lines", "")):
            marked = found.span(lines)
    except BadQuery as error:
        context["error"] = error
    context |= {"marked": marked, "numbers": anchored_numbers(len(found.lines), marked)}
    return render(request, "search/file.html", context, status=400 if "error" in context else 200)


def _successor(request: HttpRequest, ids: Mapping[str, Any]) -> HttpResponse:
    """Raises `Http404`."""
    found = succession(request.user, ids["file_id"], ids.get("definition_id"))
    successor = found.file if "definition_id" not in ids else found.definition
    match = request.resolver_match
    if found.file is not None and successor is not None and match is not None:
        new = [found.file.pk, *([found.definition.pk] if found.definition else [])]
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        return redirect(f"{reverse(str(match.url_name), args=new)}{query}")
    what = "definition" if "definition_id" in ids and found.file else "file"
    context = {
        "repository": found.past.branch.repository,
        "what": found.past.path,
        "reason": reading.gone_since(what, found.past),
        "file": found.file,
    }
    return _nothing(request, context, is_gone=True)


def _nothing(request: HttpRequest, context: dict[str, object], *, is_gone: bool) -> HttpResponse:
    """Says what became of a file, to somebody who may see its repository, and leads to what is
    there now."""
    now = context["file"]
    if isinstance(now, SourceFile):
        context["origin"] = origin_of(now.branch)
    return render(request, "search/no_file.html", context, status=410 if is_gone else 404)
