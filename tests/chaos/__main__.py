"""`python -m tests.chaos [FOLDER …]`, or `make chaos ROUNDS=… SECONDS=…`.

Two installations index the same commits of real sources. One runs undisturbed; in the other,
processes are killed and suspended and tasks are lost while it is searched. After each round both
must hold the same definitions and vectors. Prints a table, and exits with 1 after a failure."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from random import Random

import psutil
import psycopg

from codeindex.local_services.processes import children
from tests.chaos import histories, indexes
from tests.chaos.disturbances import Disturber
from tests.chaos.histories import History
from tests.chaos.indexes import Index
from tests.chaos.searching import Outages, Searches
from tests.embeddings import tiny
from tests.journeys.installation import PROJECT, WITHOUT_LIMITS, Browser, Installation, until

PACKAGES = ("requests", "jsonschema")
WAVES = 3
"""Commits per round, so that a kill usually hits work in progress."""

CLIENTS = 2
SETTLE_SECONDS = 240.0
"""Time after a round for all work to finish."""

PATIENCE_SECONDS = 30.0
UNFIT = "Internal error"
"""Part of the reason of a run that must not have failed."""

DISK = "1536m"
IN_NAMESPACE = "CODEINDEX_CHAOS_NAMESPACE"


@dataclass(slots=True)
class Findings:
    """The final report."""

    rounds: int = 0
    kills: int = 0
    disturbances: Counter[str] = field(default_factory=Counter)
    searches: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    compared: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def main() -> int:
    options = _options()
    small_disk = _enter_namespace(options.command_line)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="codeindex-chaos-") as folder:
        findings = _chaos(options, Path(folder), small_disk=small_disk)
    report = _report(findings, options, time.monotonic() - began, small_disk)
    print(report)
    if options.record:
        with options.record.open("a", encoding="utf-8") as file:
            file.write(f"\n{report}")
    return 1 if findings.faults else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, default=_default_folders())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60, help="of disturbances, a round")
    parser.add_argument("--pause", type=float, default=1, help="seconds between two, on average")
    parser.add_argument("--files", type=int, default=100, help="of a repository, at most")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--record", type=Path, metavar="FILE", help="add the table to this file")
    options = parser.parse_args()
    options.command_line = sys.argv[1:]
    return options


def _default_folders() -> list[Path]:
    named = os.environ.get("CHAOS_REPOSITORIES", "").split()
    specs = [find_spec(name) for name in PACKAGES]
    packages = [Path(spec.origin).parent for spec in specs if spec and spec.origin]
    return [Path(each) for each in named] or [PROJECT, *packages]


def _enter_namespace(arguments: Sequence[str]) -> bool:
    """Starts this program again where what it mounts is its own and goes with it, so that a disk
    can be full; whether it is there."""
    if os.environ.get(IN_NAMESPACE):
        return True
    if os.geteuid() != 0 or not shutil.which("unshare"):
        return False
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        return False
    command = ["unshare", "--mount", sys.executable, "-m", "tests.chaos", *arguments]
    os.execvpe("unshare", command, os.environ | {IN_NAMESPACE: "1"})


def _chaos(options: argparse.Namespace, folder: Path, *, small_disk: bool) -> Findings:
    random = Random(options.seed)
    rounds = options.rounds
    repositories = folder / "repositories"
    shown = [
        histories.create(source.resolve(), repositories, options.files, 1 + WAVES * rounds, random)
        for source in options.folders
    ]
    variables = {
        "CODEINDEX_CHECKPOINT": str(_checkpoint(folder)),
        "CODEINDEX_LOCAL_ROOTS": str(repositories),
        **WITHOUT_LIMITS,
    }
    _say(f"indexing {len(shown)} repositories, {rounds} times, in peace …")
    with _running(Installation(folder / "peace", **variables)) as installation:
        undisturbed = [*_undisturbed(installation, shown, rounds)]
    home = folder / "chaos"
    if small_disk:
        home.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "chaos", home], check=True)
    with _running(Installation(home, **variables)) as installation:
        findings = _disturbed(installation, shown, undisturbed, options, small_disk=small_disk)
    findings.faults += [f"outlived the end: {pid}" for pid in installation.pids()]
    if small_disk:
        subprocess.run(["umount", home], check=True)
    return findings


def _checkpoint(folder: Path) -> Path:
    """An encoder that takes a millisecond for a text, so that killing is what takes the time."""
    for name in ("model", "checkpoint"):
        (folder / name).mkdir()
    return tiny.checkpoint(folder / "checkpoint", tiny.bert(folder / "model"))


@contextlib.contextmanager
def _running(installation: Installation) -> Iterator[Installation]:
    installation.start()
    try:
        yield installation
    finally:
        installation.interrupt()


def _undisturbed(
    installation: Installation, shown: Sequence[History], rounds: int
) -> Iterator[Index]:
    """The index after the last commit of each round."""
    _show(shown, 0)
    pages = Pages(_signed_in(installation), shown)
    for last in range(WAVES, WAVES * rounds + 1, WAVES):
        _show(shown, last)
        pages.index_again()
        waiting = _settled(installation, shown, last, pages)
        assert not waiting, waiting
        yield indexes.read(installation)


def _disturbed(
    installation: Installation,
    shown: Sequence[History],
    undisturbed: Sequence[Index],
    options: argparse.Namespace,
    *,
    small_disk: bool,
) -> Findings:
    random, findings, outages = Random(options.seed), Findings(), Outages()
    _show(shown, 0)
    pages = Pages(_signed_in(installation), shown)
    disturber = Disturber(installation, outages, random, small_disk=small_disk)
    clients = [_signed_in(installation) for _ in range(CLIENTS)]
    with Searches(clients, outages, random) as searches:
        searches.landmarks += [history.landmark for history in shown]
        for number, expected in enumerate(undisturbed):
            for commit in range(1 + WAVES * number, 1 + WAVES * (number + 1)):
                _show(shown, commit)
                pages.index_again()
                _disturb(disturber, options.seconds / WAVES, options.pause, random)
            findings.faults += _settled(installation, shown, commit, pages)
            findings.faults += _orphans(installation)
            index = indexes.read(installation)
            faults = indexes.differences(index, expected)
            findings.faults += [f"round {number + 1}: {fault}" for fault in faults]
            findings.compared["definitions"] += expected.definitions.total()
            findings.compared["texts"] += len({row[-1] for row in expected.definitions})
            findings.compared["differences"] += len(faults)
            findings.rounds, findings.kills = number + 1, disturber.kills
            _say(
                f"round {number + 1}: {disturber.kills} kills so far,"
                f" {expected.definitions.total():,} definitions compared, {len(faults)} differences"
            )
    findings.disturbances, findings.searches = disturber.done, searches.answers
    findings.slowest = searches.slowest
    findings.failed = indexes.failed(installation)
    findings.faults += [f"unfit for a user: {why}" for why in findings.failed if UNFIT in why]
    findings.faults += [f"search: {fault}" for fault in searches.faults]
    return findings


def _disturb(disturber: Disturber, seconds: float, pause: float, random: Random) -> None:
    """Now and then several things happen at once."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(random.expovariate(1 / pause))
        for _ in range(random.choice((1, 1, 2, 4))):
            disturber.disturb()


def _settled(
    installation: Installation, shown: Sequence[History], commit: int, pages: Pages
) -> list[str]:
    """Waits until each repository shows its commit and nothing is left to do; what still is. Who
    asks while an older commit is read gets that one, and a run that was interrupted too often is
    given up: then it is asked again, as a user would."""
    commits = {history.name: history.commits[commit] for history in shown}
    deadline = time.monotonic() + SETTLE_SECONDS
    waiting = ["everything"]
    while waiting and time.monotonic() < deadline:
        time.sleep(1)
        with contextlib.suppress(psycopg.OperationalError):
            waiting = indexes.unfinished(installation, commits)
            if waiting and all(indexes.SHOWS in each for each in waiting):
                pages.index_again()
    return [f"stuck: {each}" for each in waiting]


def _orphans(installation: Installation) -> list[str]:
    """Processes of the installation that nobody looks after any more."""
    there = [*children.leftovers(installation.state)]
    # Looked up afterwards: Postgres starts a process for each connection at any time.
    launcher = psutil.Process(installation.launcher.pid)
    supervised = {launcher.pid, *(child.pid for child in launcher.children(recursive=True))}
    left = [each for each in there if each.pid not in supervised and each.is_running()]
    return [f"orphan: {' '.join(each.cmdline())}" for each in left]


def _show(shown: Sequence[History], commit: int) -> None:
    for history in shown:
        history.show(commit)


def _signed_in(installation: Installation) -> Browser:
    client = installation.browser()
    page = client.submit("/account/login/", username="admin", password=installation.password)
    assert page.status == 200, page.text
    return client


class Pages:
    """The repositories' pages, seen by their owner."""

    def __init__(self, client: Browser, shown: Sequence[History]) -> None:
        self._client = client
        self._pages = [self._registered(history) for history in shown]

    def _registered(self, history: History) -> str:
        """Registers a repository, which is thereby indexed; its page."""
        url = str(history.repository.path)
        page = self._client.submit("/repositories/register", url=url, visibility="private")
        assert page.status == 200, page.text
        return page.url.removeprefix(self._client.root)

    def index_again(self) -> None:
        """As a user does while a server restarts: again, a few times."""
        for page in self._pages:
            with contextlib.suppress(AssertionError):
                until(lambda page=page: self._ask(page), PATIENCE_SECONDS)

    def _ask(self, page: str) -> bool:
        return self._client.submit(page, to=f"{page}index").status == 200


def _report(
    findings: Findings, options: argparse.Namespace, seconds: float, small_disk: bool
) -> str:
    command = f"python -m tests.chaos {' '.join(options.command_line)}".strip()
    lines = [
        f"`{command}`: {findings.rounds} rounds, {findings.kills} kills, {seconds:,.0f} s\n",
        *_table("disturbance", findings.disturbances),
        *([] if small_disk else ["", "No disk was full: that takes root and mount namespaces."]),
        "",
        *_table("answer to a search", findings.searches),
        "",
        *_table("reason of a run or text that failed", findings.failed),
        "",
        f"The slowest search took {findings.slowest:.1f} s.",
        f"{findings.compared['definitions']:,} definitions and {findings.compared['texts']:,}"
        f" vectors were compared with undisturbed ones: {findings.compared['differences']:,}"
        " differences.",
        f"Faults: {len(findings.faults):,}"
        + "".join(f"\n- {fault}" for fault in findings.faults[:50]),
    ]
    return "\n".join(lines) + "\n"


def _table(head: str, counts: Counter[str]) -> list[str]:
    rows = [f"| {name} | {count:,} |" for name, count in counts.most_common()]
    return [f"| {head} | times |", "|---|---|", *rows]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
