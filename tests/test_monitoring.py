"""The configuration of Prometheus and Grafana in deploy/monitoring: what it names exists, and each
alert says what to do."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from codeindex.databases import replica
from codeindex.models import GpuState, RecallSample
from codeindex.observability import metrics
from codeindex.observability.collector import InstallationCollector
from codeindex.observability.installation import Done, Installation, Lag

PROJECT = Path(__file__).parents[1]
FOLDER = PROJECT / "deploy" / "monitoring"
RULES = yaml.safe_load((FOLDER / "rules.yml").read_text())
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((FOLDER / "grafana" / "dashboards" / "codeindex.json").read_text())
GUIDE = (PROJECT / "docs" / "monitoring.md").read_text()


def everything() -> Installation:
    """An installation that has something of everything."""
    return Installation(
        queues={"embed": 1},
        texts_pending=1,
        drafts=1,
        oldest_pending_seconds=1,
        vectors=1,
        runs_unfinished={"queued": 1},
        oldest_queued_seconds=1,
        runs_ended={"failed": 1},
        branches=1,
        branches_unreachable=1,
        lags=[Lag(1, 1, 90_000.0)],
        done=[Done("host", "encode", 1, 1, 1.0, 1.0), Done("host", "sweep light", 1, 0, 0.0, 1.0)],
        gpus=[GpuState(host="host", number=0, name="H200", memory_used=1, memory=2, busy=0.5)],
        recall_samples=[
            RecallSample(queries=1, sought=10, found=9, index_seconds=1, exact_seconds=1)
        ],
        database_bytes=1,
        disk_free=1,
        disk_size=2,
    )


@pytest.fixture(scope="module")
def labels() -> dict[str, set[str]]:
    """The labels of each sample that an installation tells, by its name."""
    metrics.observe_request("search", "GET", 200, 0.1)
    metrics.OPERATION_SECONDS.labels("search").observe(0.1)
    metrics.STAGE_SECONDS_TAKEN.labels("search", "words").observe(0.1)
    metrics.COUNTS.labels("search", "words").inc()
    metrics.observe_connections({"working": 1})
    of_installation = CollectorRegistry()
    of_installation.register(InstallationCollector(everything))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replica, "is_configured", lambda: True)
        patch.setattr(replica, "lag_seconds", lambda: 0.5)
        patch.setattr(replica, "is_usable", lambda: True)
        families = [*metrics.REGISTRY.collect(), *of_installation.collect()]
    told: dict[str, set[str]] = {"up": {"job", "instance"}}
    for sample in (sample for family in families for sample in family.samples):
        told.setdefault(sample.name, set()).update(sample.labels)
    return told


def expressions() -> Iterator[str]:
    yield from (target["expr"] for panel in panels() for target in panel["targets"])
    yield from (rule["expr"] for rule in ALERTS)


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_expressions_name_metrics_and_labels_that_exist(
    expression: str, labels: dict[str, set[str]]
) -> None:
    names = re.findall(r"\b(?:codeindex_\w+|up)\b", expression)
    assert names
    assert [name for name in names if name not in labels] == []
    known = set().union(*(labels[name] for name in names)) | {"instance", "job"}
    grouped = re.findall(r"\b(?:by|without|on|group_left) \(([^)]*)\)", expression)
    named = {label.strip() for group in grouped for label in group.split(",") if label.strip()}
    selected = set(re.findall(r"[{,]\s*(\w+)(?:=~|!=|!~|=)", expression))
    assert (named | selected) - known == set()


def test_the_dashboard_shows_every_metric_of_ours(labels: dict[str, set[str]]) -> None:
    shown = " ".join(target["expr"] for panel in panels() for target in panel["targets"])
    families = {
        re.sub(r"_(bucket|sum|count|created|total)$", "", name)
        for name in labels
        if name.startswith("codeindex_")
    }
    assert sorted(name for name in families if name not in shown) == []


def test_the_dashboard_is_the_one_that_its_program_writes() -> None:
    file = FOLDER / "dashboard.py"
    spec = importlib.util.spec_from_file_location("dashboard", file)
    assert spec
    assert spec.loader
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    assert program.dashboard() == DASHBOARD, "run python deploy/monitoring/dashboard.py"


def test_panels_do_not_overlap() -> None:
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do_and_where_more_is_said(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning")
    said = rule["annotations"]
    assert said["summary"].endswith(".")
    assert said["action"].endswith(".")
    document, _, anchor = said["runbook"].partition("#")
    assert document == "docs/monitoring.md"
    headings = re.findall(r"^#+ (.+)$", GUIDE, re.MULTILINE)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}


def test_the_dashboard_reads_the_source_that_is_provisioned() -> None:
    provisioned = yaml.safe_load(
        (FOLDER / "grafana" / "provisioning" / "datasources" / "prometheus.yml").read_text()
    )
    (source,) = provisioned["datasources"]
    used = {target["datasource"]["uid"] for panel in panels() for target in panel["targets"]}
    assert used == {source["uid"]}


FIRING: dict[str, dict[str, str]] = {
    "CodeindexWebDown": {'up{job="codeindex", instance="a"}': "0"},
    "CodeindexDatabaseUnreadable": {'codeindex_installation_readable{instance="a"}': "0"},
    "CodeindexBrokerDown": {'codeindex_broker_up{instance="a"}': "0"},
    "CodeindexErrors": {
        'codeindex_http_requests_total{status="500"}': "0+2x999",
        'codeindex_http_requests_total{status="200"}': "0+100x999",
    },
    "CodeindexSearchesSlow": {
        'codeindex_search_seconds_bucket{operation="search", le="1.0"}': "0+9x999",
        'codeindex_search_seconds_bucket{operation="search", le="2.5"}': "0+10x999",
        'codeindex_search_seconds_bucket{operation="search", le="+Inf"}': "0+10x999",
    },
    "CodeindexNobodySweeps": {'codeindex_sweep_age_seconds{queue="light"}': "301"},
    "CodeindexRunsWait": {"codeindex_oldest_queued_run_seconds": "3700"},
    "CodeindexVectorsWait": {"codeindex_oldest_pending_text_seconds": "22000"},
    "CodeindexRunsFail": {'codeindex_index_runs_ended_last_hour{status="failed"}': "6"},
    "CodeindexBehind": {
        'codeindex_branches_behind{seconds="21600"}': "6",
        "codeindex_branches": "100",
    },
    "CodeindexHostsUnreachable": {
        "codeindex_branches_unreachable": "21",
        "codeindex_branches": "100",
    },
    "CodeindexRecallLow": {"codeindex_recall_ratio": "0.89"},
    "CodeindexDiskFull": {"codeindex_disk_free_bytes": "9", "codeindex_disk_bytes": "100"},
    "CodeindexGpuIdle": {
        'codeindex_gpu_busy_ratio{host="a", gpu="0"}': "0.05",
        "codeindex_texts_pending": "20000",
    },
}
"""Series, at which the alert of the name fires."""

CALM = {
    'up{job="codeindex", instance="a"}': "1",
    'codeindex_installation_readable{instance="a"}': "1",
    'codeindex_broker_up{instance="a"}': "1",
    'codeindex_http_requests_total{status="503"}': "0+2x999",
    'codeindex_http_requests_total{status="200"}': "0+100x999",
    'codeindex_search_seconds_bucket{operation="search", le="0.1"}': "0+10x999",
    'codeindex_search_seconds_bucket{operation="search", le="+Inf"}': "0+10x999",
    'codeindex_sweep_age_seconds{queue="light"}': "14",
    "codeindex_oldest_queued_run_seconds": "0",
    "codeindex_oldest_pending_text_seconds": "0",
    'codeindex_index_runs_ended_last_hour{status="failed"}': "1",
    'codeindex_branches_behind{seconds="21600"}': "0",
    "codeindex_branches_unreachable": "0",
    "codeindex_branches": "0",
    "codeindex_recall_ratio": "0.97",
    "codeindex_disk_free_bytes": "50",
    "codeindex_disk_bytes": "100",
    'codeindex_gpu_busy_ratio{host="a", gpu="0"}': "0",
    "codeindex_texts_pending": "0",
}
"""Series of an installation that is well, at which none fires."""


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if not found:
        pytest.skip("promtool is not installed (Debian's package prometheus)")
    return found


def test_prometheus_accepts_its_configuration(promtool: str) -> None:
    for arguments in (["config", "--syntax-only", "prometheus.yml"], ["rules", "rules.yml"]):
        subprocess.run([promtool, "check", *arguments], cwd=FOLDER, check=True, capture_output=True)


def test_each_alert_fires_when_it_should_and_not_otherwise(promtool: str, tmp_path: Path) -> None:
    assert FIRING.keys() == {rule["alert"] for rule in ALERTS}
    shutil.copy(FOLDER / "rules.yml", tmp_path)
    cases = [
        *((series, {name}) for name, series in FIRING.items()),
        ({'codeindex_installation_readable{instance="a"}': "1"}, {"CodeindexNobodySweeps"}),
        (CALM, set[str]()),
    ]
    (tmp_path / "tests.yml").write_text(
        yaml.safe_dump({"rule_files": ["rules.yml"], "tests": [_case(*each) for each in cases]})
    )
    done = subprocess.run(
        [promtool, "test", "rules", "tests.yml"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _case(series: dict[str, str], firing: set[str]) -> dict[str, Any]:
    """After three hours exactly the alerts that are `firing` do. Those that do are counted by
    ALERTS, the series that Prometheus makes of them."""
    wanted = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in sorted(firing)]
    expression = 'count by (alertname) (ALERTS{alertstate="firing"})'
    return {
        "interval": "1m",
        "input_series": [
            {"series": name, "values": value if "+" in value else f"{value}+0x999"}
            for name, value in series.items()
        ],
        "promql_expr_test": [{"expr": expression, "eval_time": "3h", "exp_samples": wanted}],
    }
