"""A clone of a git repository whose branches are moved, as pushes would move them."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path


class MovingClone:
    """A bare clone whose branches are moved."""

    def __init__(self, path: Path, source: Path) -> None:
        self.path = path
        subprocess.run(
            ["git", "clone", "--quiet", "--bare", "--shared", str(source), str(path)], check=True
        )

    def _git(self, *arguments: str) -> str:
        command = ["git", "-c", "user.name=b", "-c", "user.email=b@example.org", *arguments]
        done = subprocess.run(command, cwd=self.path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def history(self, commits: int) -> Sequence[str]:
        """The last commits by first parents, the oldest first, and the one before them."""
        listed = self._git("rev-list", "--first-parent", f"--max-count={commits + 1}", "HEAD")
        return listed.splitlines()[::-1]

    def point(self, branch: str, commit: str) -> None:
        self._git("update-ref", f"refs/heads/{branch}", commit)

    def rename(self, branch: str) -> None:
        """A commit of the same content, all of it in a folder of another name."""
        tree = self._git("rev-parse", f"{branch}^{{tree}}")
        made = subprocess.run(
            ["git", "mktree"], cwd=self.path, input=f"040000 tree {tree}\trenamed\n",
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        commit = self._git("commit-tree", made.stdout.strip(), "-p", branch, "-m", "Rename")
        self.point(branch, commit)
