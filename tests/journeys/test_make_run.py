"""What `make run` starts, from an empty folder: sign in, register, watch, search; then everything
is killed, and nothing is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from codeindex.client import local_server
from codeindex.local_services.state import DATABASE, State
from tests.git import GitRepository
from tests.journeys.installation import ONE_OF_EACH, PROJECT, Browser, Installation, until

BACKOFF = '''import time


def call_with_backoff(function, attempts):
    """Call a function again after ever longer pauses until it succeeds."""
    for attempt in range(attempts):
        try:
            return function()
        except OSError:
            time.sleep(2**attempt)


def mean(numbers):
    """The arithmetic mean."""
    return sum(numbers) / len(numbers)
'''


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    shop = GitRepository.made(tmp_path_factory.mktemp("allowed") / "shop")
    shop.commit({"retry.py": BACKOFF})
    return shop


@pytest.fixture(scope="module")
def installation(
    tmp_path_factory: pytest.TempPathFactory, shop: GitRepository
) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("home")
    installation = Installation(home, CODEINDEX_LOCAL_ROOTS=str(shop.path.parent), **ONE_OF_EACH)
    installation.start()
    yield installation
    if installation.launcher.poll() is None:
        installation.interrupt()


@pytest.fixture(scope="module")
def browser(installation: Installation) -> Browser:
    browser = installation.browser()
    page = browser.submit("/account/login/", username="admin", password=installation.password)
    assert page.status == 200
    assert not page.url.endswith("/login/")
    return browser


def first_result(browser: Browser, description: str) -> dict[str, object]:
    return browser.get("/api/v1/search", q=description).json["results"][0]


def finds(browser: Browser, name: str) -> bool:
    page = browser.get("/api/v1/search", q=name)
    return page.status == 200 and name in [each["qualified_name"] for each in page.json["results"]]


def index_again(browser: Browser, address: str) -> bool:
    return browser.submit(address, to=f"{address}index").status == 200


@pytest.fixture(scope="module")
def indexed(browser: Browser, shop: GitRepository) -> str:
    """The address of a repository that was registered on the page and is indexed to the end."""
    page = browser.submit("/repositories/register", url=str(shop.path), visibility="private")
    assert page.status == 200, page.text
    address = urllib.parse.urlsplit(page.url).path

    def complete() -> bool:
        run = browser.get(f"/api/v1{address.rstrip('/')}").json["latest_run"]
        return run["status"] == "published" and run["texts_ready"] == run["texts"] > 0

    until(complete)
    return address


def test_from_registering_to_a_result(browser: Browser, indexed: str) -> None:
    result = first_result(browser, "retry after ever longer pauses")
    assert result["qualified_name"] == "call_with_backoff"
    assert (result["repository"], result["path"]) == ("shop", "retry.py")
    assert (result["start_line"], result["end_line"]) == (4, 10)

    page = browser.get("/", q="retry after ever longer pauses")
    assert "call_with_backoff" in page.text


def test_a_stranger_sees_nothing_of_it(installation: Installation, indexed: str) -> None:
    stranger = installation.browser()
    assert stranger.get("/api/v1/search", q="retry after ever longer pauses").json["results"] == []
    assert stranger.get(indexed).status == 404


def test_a_command_in_another_shell_finds_the_database(
    installation: Installation, indexed: str
) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "search", "retry after ever longer pauses"],
        cwd=PROJECT, env=installation.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "call_with_backoff" in done.stdout


@pytest.mark.parametrize(
    "command",
    [["manage.py", "search"], ["-m", "codeindex.client", "search"]],
    ids=["manage.py", "codeindex"],
)
def test_a_command_asks_the_server_that_runs(
    installation: Installation, indexed: str, command: list[str]
) -> None:
    nowhere = {"DATABASE_URL": "postgres://127.0.0.1:9/none", "BROKER_URL": "redis://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, *command, "retry after ever longer pauses"],
        cwd=PROJECT, env=installation.environment | nowhere, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "call_with_backoff" in done.stdout


def test_a_command_indexes_and_waits(
    installation: Installation, indexed: str, shop: GitRepository
) -> None:
    shop.commit({"late.py": "def added_late(number):\n    return number + 1\n"})
    done = subprocess.run(
        [sys.executable, "-m", "codeindex.client", "index", str(shop.path), "--wait"],
        cwd=PROJECT, env=installation.environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "admin/shop at " in done.stdout


@pytest.mark.parametrize("words", [("postgres", "-D"), ("valkey",), ("celery", "worker")])
def test_what_is_killed_is_started_again(
    installation: Installation, browser: Browser, indexed: str, shop: GitRepository,
    words: tuple[str, ...],
) -> None:  # fmt: skip
    before = installation.pids(*words)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: installation.pids(*words) - before)

    name = f"added_after_{words[0]}"
    shop.commit({f"{name}.py": f"def {name}(number):\n    return number + 1\n"})
    until(lambda: index_again(browser, indexed))
    until(lambda: finds(browser, name))


def test_workers_let_searches_go_first(installation: Installation, indexed: str) -> None:
    def niceness(*words: str) -> set[int]:
        return {psutil.Process(pid).nice() for pid in installation.pids(*words)}

    assert max(niceness("celery", "worker")) > max(niceness("gunicorn"))


def test_a_killed_web_server_is_back(installation: Installation, browser: Browser) -> None:
    before = installation.pids("gunicorn")
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: browser.get("/health").status == 200)
    assert not before & installation.pids("gunicorn")


def test_everything_is_found_again_after_everything_was_killed(
    installation: Installation, browser: Browser, indexed: str
) -> None:
    installation.kill_everything()
    installation.start()
    result = first_result(browser, "retry after ever longer pauses")
    assert result["qualified_name"] == "call_with_backoff"


def test_ctrl_c_ends_every_process(installation: Installation) -> None:
    assert installation.pids()
    assert installation.interrupt() == 0
    assert not installation.pids()
    assert local_server.in_folder(installation.state.folder) is None


def test_a_killed_launcher_takes_everything_along(installation: Installation) -> None:
    installation.start(until="Loading the model")
    installation.launcher.kill()
    installation.launcher.wait()
    until(lambda: not installation.pids())


def test_services_of_others_are_used_and_none_started(
    tmp_path: Path, services: State, installation: Installation
) -> None:
    socket_folder = urllib.parse.quote(str(services.sockets), safe="")
    beside = Installation(
        tmp_path / "home",
        DATABASE_URL=f"postgres://{DATABASE}@{socket_folder}/{DATABASE}",
        BROKER_URL=services.broker_url,
    )
    beside.start(until="Loading the model")
    try:
        until(lambda: beside.pids("gunicorn"))  # it is forked before it is what it is to be
        assert not beside.pids("postgres")
        assert not beside.state.valkey.exists()
    finally:
        beside.interrupt()
