"""Tiny real git repositories."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class GitRepository:
    path: Path

    @classmethod
    def made(cls, path: Path) -> GitRepository:
        path.mkdir(parents=True)
        repository = cls(path)
        repository.git("init", "--quiet", "--initial-branch=main")
        return repository

    def git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", "-c", "user.name=Alice", "-c", "user.email=alice@example.org", *arguments],
            cwd=self.path,
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null"},
        ).stdout.strip()

    def commit(self, files: dict[str | bytes, str | bytes | None]) -> str:
        """Write files (None removes one) and commit; the commit."""
        for name, content in files.items():
            place = os.path.join(os.fsencode(self.path), os.fsencode(name))
            if content is None:
                os.remove(place)
                continue
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "change")
        return self.git("rev-parse", "HEAD")
