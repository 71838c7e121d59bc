"""Prometheus with the rules and the dashboard of deploy/monitoring, before a web server and workers
that have something of everything to tell."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from codeindex.local_services.processes.children import child_command
from codeindex.local_services.state import State
from tests.deploy.programs import GUNICORN
from tests.git import GitRepository
from tests.journeys.installation import PROJECT, WITHOUT_LIMITS, until
from tests.topology import postgres, programs
from tests.topology.codeindexes import SHOP, Codeindex

FOLDER = PROJECT / "deploy" / "monitoring"
TOKEN = "a-secret-of-prometheus"
TELLING = """
from datetime import timedelta
from django.utils import timezone
from codeindex.models import Branch, GpuState, IndexRun, RecallSample, Upstream, WorkDone
branch = Branch.objects.get()
moved = timezone.now() - timedelta(hours=8)
Upstream.objects.update_or_create(
    branch=branch,
    defaults={"head": "f" * 40, "moved": moved, "due": timezone.now() + timedelta(days=1)},
)
IndexRun.objects.create(branch=branch)
GpuState.objects.create(host="node", number=0, name="H200", memory_used=1, memory=2, busy=0.5)
RecallSample.objects.create(queries=3, sought=30, found=29, index_seconds=1, exact_seconds=1)
WorkDone.objects.create(host="node", stage="sweep light", batches=1)
"""
"""What a small installation without a GPU and workers does not have by itself."""


@pytest.fixture(scope="module")
def ask(
    services: State, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], list[Any]]]:
    """The series that an expression selects."""
    program = programs.program("prometheus")
    home = tmp_path_factory.mktemp("prometheus") / "home"
    port, own_port = programs.free_port(), programs.free_port()
    with ExitStack() as stack:
        server = stack.enter_context(postgres.started(postgres.oldest()))
        server.make_database()
        replica = stack.enter_context(postgres.replicated(server))
        codeindex = Codeindex(
            home,
            {
                "DATABASE_URL": server.url(),
                "CODEINDEX_REPLICA_URL": replica.url(),
                "BROKER_URL": services.broker_url,
                "CODEINDEX_METRICS_TOKEN": TOKEN,
                "CODEINDEX_LOG_FORMAT": "json",
                "WEB_CONCURRENCY": "2",
                **WITHOUT_LIMITS,
            },
        )
        codeindex.command("migrate")
        codeindex.command("collectstatic", "--no-input")
        repository = GitRepository.made(home.parent / "shop")
        repository.commit(dict(SHOP))
        codeindex.command("index", str(repository.path))
        codeindex.command("shell", "-c", TELLING)
        log = stack.enter_context((home / "web.log").open("wb"))
        web = subprocess.Popen(
            child_command([sys.executable, *GUNICORN], death_signal=signal.SIGKILL),
            cwd=PROJECT,
            env=codeindex.environment(PORT=str(port)),
            stdout=log,
            stderr=log,
        )
        stack.callback(_stop, web)
        address = f"http://127.0.0.1:{port}"
        until(lambda: _answers(f"{address}/readyz"))
        folder = stack.enter_context(programs.folder())
        configuration = _configuration(folder, f"127.0.0.1:{port}")
        command = [
            *(program, f"--config.file={configuration}", f"--storage.tsdb.path={folder}/data"),
            *(f"--web.listen-address=127.0.0.1:{own_port}", "--log.level=warn"),
        ]
        stack.enter_context(programs.running(command, own_port, folder / "log", {}))
        prometheus = f"http://127.0.0.1:{own_port}"

        def ask(expression: str) -> list[Any]:
            answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": expression}).json()
            assert answer["status"] == "success", answer
            found = answer["data"]["result"]
            assert isinstance(found, list)
            return found

        ended = time.monotonic() + 8
        while time.monotonic() < ended:  # rates need two scrapes that differ
            for path in ("/?q=price", "/lines/?q=price", "/api/v1/search?q=receipt"):
                httpx.get(address + path)
        yield ask


def _configuration(folder: Path, web: str) -> Path:
    """The one that ships, for one web server on loopback, read every second."""
    token, configuration = folder / "token", folder / "prometheus.yml"
    token.write_text(TOKEN)
    given = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    given["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    (job,) = given["scrape_configs"]
    job["authorization"]["credentials_file"] = str(token)
    job["static_configs"] = [{"targets": [web]}]
    configuration.write_text(yaml.safe_dump(given))
    rules = folder / "rules.yml"
    rules.write_text((FOLDER / "rules.yml").read_text())
    programs.give(token, configuration, rules)
    return configuration


def _answers(address: str) -> bool:
    try:
        return httpx.get(address).status_code == 200
    except httpx.HTTPError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(30)


def test_every_panel_of_the_dashboard_shows_something(ask: Callable[[str], list[Any]]) -> None:
    file = FOLDER / "grafana" / "dashboards" / "codeindex.json"
    panels = [each for each in json.loads(file.read_text())["panels"] if each["type"] != "row"]
    expressions = [
        (panel["title"], target["expr"].replace("$__rate_interval", "30s"))
        for panel in panels
        for target in panel["targets"]
    ]
    assert [title for title, expression in expressions if not ask(expression)] == []


def test_the_processes_of_a_web_server_are_told_together(ask: Callable[[str], list[Any]]) -> None:
    (told,) = ask('codeindex_http_requests_total{route="search", status="200"}')
    searches = float(told["value"][1])
    assert searches > 2
    assert ask('codeindex_web_connections{activity="waiting"}')


def test_rules_are_read_and_the_alert_of_what_is_behind_waits_to_fire(
    ask: Callable[[str], list[Any]],
) -> None:
    pending = {each["metric"]["alertname"] for each in ask('ALERTS{alertstate="pending"}')}
    assert "CodeindexBehind" in pending
    assert "CodeindexWebDown" not in pending
