"""Commands and installations of codeindex that use what a test has started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from tests.journeys.installation import PROJECT

SHOP = {
    "prices.py": '''
def parse_price(text):
    """Read an amount of money such as 12.50 from text."""
    return round(float(text.strip().replace(",", ".")), 2)


def total(basket):
    """Add up the prices of a basket."""
    return sum(parse_price(item) for item in basket)
''',
    "mail.py": '''
def send_receipt(address, amount):
    """Send a receipt by mail."""
    return {"to": address, "text": f"You paid {amount}."}
''',
}
"""Files of a repository."""


class Searcher:
    """A running `manage.py search --queries -`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.told: list[str] = []
        Thread(target=self._listen, daemon=True).start()

    def names(self, query: str) -> list[str]:
        """What a query finds, the best first."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{query}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "\n".join(self.told)
        answer = json.loads(line)
        return [result["qualified_name"] for result in answer["results"]]

    def _listen(self) -> None:
        """Keep the notices of answers, and what is logged."""
        assert self._process.stderr
        self.told.extend(line.strip() for line in self._process.stderr)


@dataclass(frozen=True)
class Codeindex:
    """Commands of an installation: `home` is its state folder, `services` the settings that name
    what it uses, `project` where the code lies."""

    home: Path
    services: dict[str, str]
    project: Path = PROJECT

    def environment(self, **more: str) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if "proxy" not in name.lower()
        }
        return inherited | {
            "DJANGO_SETTINGS_MODULE": "codeindex.settings",
            "CODEINDEX_HOME": str(self.home),
            "CODEINDEX_ENV_FILE": os.devnull,
            **self.services,
            **more,
        }

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts a command, whose output can be read meanwhile. Python minds SIGINT, also where
        the tests run in the background and ignore it."""
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=self.project,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def try_command(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.project,
            env=self.environment(**more),
            capture_output=True,
            text=True,
        )

    def command(self, *arguments: str, **more: str) -> str:
        """What a command prints; it must succeed."""
        done = self.try_command(*arguments, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def searcher(self, **more: str) -> Iterator[Searcher]:
        """A process that answers one query after another."""
        process = subprocess.Popen(
            [sys.executable, "-u", "manage.py", "search", "--json", "--queries", "-"],
            cwd=self.project,
            env=self.environment(**more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield Searcher(process)
        finally:
            process.kill()
            process.communicate()

    def search(self, query: str, **more: str) -> dict[str, Any]:
        answer = json.loads(self.command("search", "--json", query, **more))
        assert isinstance(answer, dict)
        return answer

    def names(self, query: str, **more: str) -> list[str]:
        """What a search finds, the best first."""
        return [result["qualified_name"] for result in self.search(query, **more)["results"]]
