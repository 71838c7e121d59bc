"""Real sources as git repositories with commits to come."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from embeddings.code.languages import language_by_path
from embeddings.paths.mining import files_under
from tests.git import GitRepository

LARGEST_FILE = 100_000
CHANGED = 0.2
"""How much of a repository a commit changes."""

NAME = re.compile(rb"\b[a-z][a-z_]{5,}\b")
LANDMARK = "landmark_of_{0}_stays"


@dataclass(frozen=True, slots=True)
class History:
    """A repository and all commits that it will ever show, the oldest first."""

    repository: GitRepository
    commits: Sequence[str]

    @property
    def name(self) -> str:
        return self.repository.path.name

    @property
    def landmark(self) -> str:
        """A definition that every commit holds."""
        return LANDMARK.format(self.name)

    def show(self, number: int) -> None:
        self.repository.git("update-ref", "refs/heads/main", self.commits[number])


def create(source: Path, folder: Path, most: int, commits: int, random: Random) -> History:
    """The sources of a folder, `most` of them at most, and changes of them."""
    repository = GitRepository.made(folder / source.name)
    files = _sources(source, most, random)
    landmark = LANDMARK.format(source.name)
    text = f'def {landmark}():\n    """Stays where it is."""\n    return {landmark!r}\n'
    done = [repository.commit(files | {"landmark.py": text})]
    while len(done) < commits:
        changes = _changes(files, len(done), random)
        done.append(repository.commit(changes))
        files = {
            path: content for path, content in (files | changes).items() if content is not None
        }
    return History(repository, done)


def _sources(folder: Path, most: int, random: Random) -> dict[str, bytes]:
    sources = [file for file in sorted(files_under([folder])) if language_by_path(file.name)]
    small = [file for file in sources if 0 < file.stat().st_size <= LARGEST_FILE]
    chosen = random.sample(small, min(len(small), most))
    return {str(file.relative_to(folder)): file.read_bytes() for file in chosen}


def _changes(files: dict[str, bytes], number: int, random: Random) -> dict[str, bytes | None]:
    """Files renamed, deleted, copied and edited."""
    changes: dict[str, bytes | None] = {}
    for path in random.sample(sorted(files), max(4, round(len(files) * CHANGED))):
        other = f"moved/{number}/{path}"
        match random.randrange(8):
            case 0:
                changes |= {path: None}
            case 1:
                changes |= {path: None, other: files[path]}
            case 2:
                changes |= {other: _edited(files[path], number, random)}
            case _:
                changes |= {path: _edited(files[path], number, random)}
    return changes


def _edited(content: bytes, number: int, random: Random) -> bytes:
    """Some names get another ending, so that what mentions them is another text."""
    names = sorted(set(NAME.findall(content)))
    for name in random.sample(names, min(len(names), 5)):
        ending = b"_%d" % number
        content = re.sub(rb"\b%s\b" % name, lambda match, e=ending: match[0] + e, content)
    return content
