"""An installation that is used by commands alone, as by an administrator in a shell."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from codeindex.local_services.state import State

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Shell:
    """Runs commands of `project` with a state folder."""

    home: Path
    variables: dict[str, str]
    project: Path = PROJECT

    @property
    def state(self) -> State:
        return State(self.home)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in os.environ if not name.startswith("CODEINDEX_")}
        return {
            **kept,
            "DJANGO_SETTINGS_MODULE": "codeindex.settings",
            "CODEINDEX_ENV_FILE": os.devnull,
            "CODEINDEX_HOME": str(self.home),
            **self.variables,
        }

    def begin(self, *arguments: object) -> subprocess.Popen[str]:
        """Starts a command of manage.py."""
        return subprocess.Popen(
            [sys.executable, "manage.py", *map(str, arguments)],
            cwd=self.project,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: object, status: int = 0) -> str:
        """What a command of manage.py prints; it must end with `status`."""
        with self.begin(*arguments) as process:
            output, errors = process.communicate(timeout=240)
        assert process.returncode == status, f"{arguments}: {output}{errors}"
        return output + errors
