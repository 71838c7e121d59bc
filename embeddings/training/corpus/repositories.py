"""Git repositories as sources of training code, named by a manifest in TOML or JSON:

[[repository]]
url = "https://example.org/owner/name"
commit = "…"            # 40 hexadecimal digits
licence = "MIT"
path = "checkouts/name" # optional: an existing clone, relative to the manifest

The commit is read, whatever the clone has checked out."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from embeddings.training.corpus.projects import Project
from embeddings.training.corpus.sources import Batch, SourceUnavailable, is_own_source

COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
REGULAR_FILES = {"100644", "100755"}
ADDRESS = re.compile(r"([\w.-]+)[/:]([\w.-]+?)(?:\.git)?/?$")


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at a commit. `clone` is the folder that it is fetched into from `url`. Without a
    URL, it is somebody's own clone and only read."""

    project: Project
    clone: Path
    url: str = ""

    @property
    def name(self) -> str:
        return self.project.name

    @property
    def version(self) -> str:
        return repr(self.project)

    def batches(self) -> Iterator[Batch]:
        if self.url:
            self._fetch()
        batch = Batch(self.project)
        for path, data in _own_files(self.clone, self.project.version):
            if data is None:
                batch.leave_out("file unreadable")
            else:
                batch.add_file(path, data)
        yield batch

    def _fetch(self) -> None:
        """Fetches the commit, without its history, unless the clone has it."""
        if not self.clone.exists():
            self.clone.mkdir(parents=True)
            _git(self.clone, "init", "--quiet", "--bare")
        if not _has(self.clone, self.project.version):
            _git(self.clone, "fetch", "--quiet", "--depth=1", "--", self.url, self.project.version)


def listed_repositories(manifest: Path, clones: Path) -> Iterator[Repository]:
    """The repositories of a manifest. Those without a `path` are cloned into a folder of `clones`.
    Raises SourceUnavailable for an entry that is incomplete."""
    for number, entry in enumerate(_entries(manifest), 1):
        address = ADDRESS.search(entry.get("url", ""))
        if not (address and COMMIT.fullmatch(entry.get("commit", "")) and entry.get("licence")):
            reason = f"repository {number} needs a url, a whole commit id and a licence"
            raise SourceUnavailable(f"{manifest}: {reason}")
        name = f"{address[1]}/{address[2]}"
        project = Project(name, entry["commit"], entry["licence"], (name.lower(),))
        if path := entry.get("path"):
            yield Repository(project, manifest.parent / path)
        else:
            yield Repository(project, clones / name, entry["url"])


def _entries(manifest: Path) -> list[dict[str, str]]:
    text = manifest.read_text(encoding="utf-8")
    try:
        read = tomllib.loads(text) if manifest.suffix == ".toml" else json.loads(text)
    except ValueError as error:
        raise SourceUnavailable(f"{manifest}: {error}") from error
    return list(read["repository"])


def _own_files(clone: Path, commit: str) -> Iterator[tuple[str, bytes | None]]:
    """The paths and contents of a commit's own sources; None for what a partial clone lacks."""
    paths, objects = [], []
    for entry in _git(clone, "ls-tree", "-r", "-z", commit).split(b"\0")[:-1]:
        described, _, path = entry.decode("utf-8", "surrogateescape").partition("\t")
        mode, _, name = described.split()
        if mode in REGULAR_FILES and is_own_source(PurePosixPath(path)):
            paths.append(path)
            objects.append(name)
    answers = io.BytesIO(_git(clone, "cat-file", "--batch", asked="\n".join(objects)))
    for path in paths:
        *_, size = answers.readline().split()
        yield path, None if size == b"missing" else answers.read(int(size) + 1)[:-1]


def _has(clone: Path, commit: str) -> bool:
    command = ["git", "-C", str(clone), "cat-file", "-e", f"{commit}^{{commit}}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _git(clone: Path, *arguments: str, asked: str = "") -> bytes:
    done = subprocess.run(
        ["git", "-C", str(clone), *arguments],
        input=asked.encode(),
        capture_output=True,
        check=False,
        env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1"},
    )
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip()
        raise SourceUnavailable(f"git {arguments[0]} in {clone}: {reason}")
    return done.stdout
