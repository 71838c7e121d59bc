"""Folders of a live commit: what lies in them, indexed or not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from codeindex.models import Branch, SourceFile
from search.addresses.origins import SHORT, WITH_ORIGIN, Origin, origin_of, permalink
from search.addresses.reading import Address, NoFile, live_branch, past_run
from search.candidates import sql
from search.query.filters import quoted

MOST_ENTRIES = 2_000
"""Of a folder on its page."""

_README = re.compile(r"readme(\.(md|markdown|rst|txt))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder in a folder. `files` and `indexed`: how many there are in it, and how many
    of them are indexed. `reason`: why a file is not indexed. Without a `url`, nothing of it is
    kept."""

    name: str
    is_folder: bool
    files: int
    indexed: int
    language: str
    reason: str
    url: str


@dataclass(frozen=True, slots=True)
class Folder:
    """What lies in a folder of a branch's live commit, folders first: at most MOST_ENTRIES of
    `total` entries. `path` is empty or ends with a slash; `ref` is what its address names."""

    branch: Branch
    ref: str
    path: str
    entries: Sequence[Entry]
    total: int
    readme: SourceFile | None

    @property
    def origin(self) -> Origin:
        return origin_of(self.branch)


def folder_at(address: Address) -> Folder:
    """The folder at an address whose path is empty or ends with a slash. Raises `NoFile`, whose
    `now` is empty."""
    branch = _branch(address)
    ref, path = address.ref, address.path
    parameters = {
        "branch": branch.pk, "run": branch.live_run_id, "folder": path,
        "after": len(path) + 1, "most": MOST_ENTRIES,
    }  # fmt: skip
    found = sql.rows(ENTRIES, parameters)
    if not found and path:
        raise NoFile(f"There is no folder {quoted(path)} in the commit that is indexed.")
    name = address.repository.full_name
    entries = [
        Entry(own, is_folder, files, indexed, language or "", reason or "",
              permalink(name, ref, f"{path}{own}/" if is_folder else f"{path}{own}")
              if is_folder or is_kept else "")
        for own, is_folder, files, indexed, language, reason, is_kept, _ in found
    ]  # fmt: skip
    total = found[0][-1] if found else 0
    return Folder(branch, ref, path, entries, total, _readme(branch, path, entries))


def _branch(address: Address) -> Branch:
    """The branch whose live commit an address means. Raises `NoFile`."""
    branch = live_branch(address.repository, address.ref)
    if branch is not None:
        return branch
    if live_branch(address.repository, "") is None:
        raise NoFile(f"No commit of {address.repository.full_name} is indexed yet.")
    if run := past_run(address.repository, address.ref):
        reason = f"Commit {run.commit[:SHORT]} is no longer indexed. Folders of it are not kept."
        raise NoFile(reason, is_gone=True)
    raise NoFile(f"{quoted(address.ref)} is not an indexed branch or commit of this repository.")


def _readme(branch: Branch, path: str, entries: Sequence[Entry]) -> SourceFile | None:
    """The file that describes a folder; of several, the first by name."""
    for entry in entries:
        if not entry.is_folder and entry.url and _README.fullmatch(entry.name):
            files = branch.source_files.live().select_related("blob", *WITH_ORIGIN)
            return files.filter(path=f"{path}{entry.name}", blob__skipped="").first()
    return None


# Blobs are joined for the files of the folder itself alone. A name may be both, a file's and a
# folder's, when bytes that are not UTF-8 are displayed alike.
ENTRIES = """
WITH inside AS (
    SELECT substr(path, %(after)s) AS rest, blob_id, NULL AS reason
    FROM codeindex_sourcefile
    WHERE branch_id = %(branch)s AND live AND starts_with(path, %(folder)s)
    UNION ALL
    SELECT substr(path, %(after)s), NULL, reason
    FROM codeindex_skippedfiles, unnest(paths) AS path
    WHERE run_id = %(run)s AND starts_with(path, %(folder)s)
), entry AS (
    SELECT split_part(rest, '/', 1) AS name, strpos(rest, '/') > 0 AS is_folder,
           count(*) AS files, count(blob_id) AS kept, min(blob_id) AS blob_id, min(reason) AS reason
    FROM inside GROUP BY 1, 2
)
SELECT entry.name, entry.is_folder, entry.files, entry.kept, blob.language,
       CASE WHEN NOT entry.is_folder THEN coalesce(entry.reason, blob.skipped) END,
       entry.kept > 0, count(*) OVER ()
FROM entry LEFT JOIN codeindex_blob AS blob ON blob.id = entry.blob_id AND NOT entry.is_folder
ORDER BY NOT entry.is_folder, lower(entry.name), entry.name
LIMIT %(most)s
"""
