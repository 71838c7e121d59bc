"""Writes grafana/dashboards/codeindex.json: `python deploy/monitoring/dashboard.py`.

A dashboard in JSON repeats each panel's options a dozen times; here a panel is one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "grafana" / "dashboards" / "codeindex.json"
SOURCE = {"type": "prometheus", "uid": "codeindex-prometheus"}
WIDTH, HEIGHT = 8, 8
COLUMNS = 24 // WIDTH

Query = tuple[str, str]
"""An expression, and the legend of its series."""


def quantile(share: float, metric: str, by: str = "", where: str = "") -> str:
    labels = f"le, {by}" if by else "le"
    rate = f"rate({metric}_bucket{{{where}}}[$__rate_interval])"
    return f"histogram_quantile({share}, sum by ({labels}) ({rate}))"


def one(metric: str) -> str:
    """A figure of the installation, which every web server exports."""
    return f"max without (instance) ({metric})"


def rate_of(metric: str, by: str) -> str:
    return f"sum by ({by}) (max without (instance) (rate({metric}[$__rate_interval])))"


SEARCH = "codeindex_search_seconds"
PANELS: list[tuple[str, list[tuple[str, str, list[Query]]]]] = [
    (
        "Searches and requests",
        [
            ("Search time", "s", [
                (quantile(0.5, SEARCH, "operation"), "{{operation}} p50"),
                (quantile(0.95, SEARCH, "operation"), "{{operation}} p95"),
            ]),
            ("Mean search time by stage", "s", [(
                'sum by (stage) (rate(codeindex_search_stage_seconds_sum{operation="search"}[$__rate_interval]))'
                ' / on () group_left () sum(rate(codeindex_search_seconds_count{operation="search"}[$__rate_interval]))',
                "{{stage}}",
            )]),
            ("Searches", "ops", [
                ("sum by (operation) (rate(codeindex_search_seconds_count[$__rate_interval]))", "{{operation}}"),
            ]),
            ("Requests by status", "reqps", [
                ("sum by (status) (rate(codeindex_http_requests_total[$__rate_interval]))", "{{status}}"),
            ]),
            ("Request time p95 of the slowest routes", "s", [
                (f"topk(8, {quantile(0.95, 'codeindex_http_request_seconds', 'route')})", "{{route}}"),
            ]),
            ("Candidates per search", "short", [(
                'sum by (kind) (rate(codeindex_search_candidates_total{operation="search"}[$__rate_interval]))'
                ' / on () group_left () sum(rate(codeindex_search_seconds_count{operation="search"}[$__rate_interval]))',
                "{{kind}}",
            )]),
            ("Recall of the vector index", "percentunit", [(one("codeindex_recall_ratio"), "recall@10")]),
            ("Open connections", "short", [
                ("sum by (activity) (codeindex_web_connections)", "{{activity}}"),
            ]),
            ("Web servers", "short", [('sum(up{job="codeindex"})', "up")]),
        ],
    ),
    (
        "Indexing",
        [
            ("Work done per second", "ops", [(rate_of("codeindex_work_items_total", "stage"), "{{stage}}")]),
            ("Batch size", "short", [(
                f"{rate_of('codeindex_work_items_total', 'stage')}"
                f" / {rate_of('codeindex_work_batches_total', 'stage')}",
                "{{stage}}",
            )]),
            ("Time per batch", "s", [(
                f"{rate_of('codeindex_work_seconds_total', 'stage')}"
                f" / {rate_of('codeindex_work_batches_total', 'stage')}",
                "{{stage}}",
            )]),
            ("Waiting texts", "short", [
                (one("codeindex_texts_pending"), "without a vector"),
                (one("codeindex_drafts"), "drafts"),
            ]),
            ("Age of the oldest waiting work", "s", [
                (one("codeindex_oldest_pending_text_seconds"), "vectors"),
                (one("codeindex_oldest_queued_run_seconds"), "index runs"),
            ]),
            ("Index runs in progress", "short", [(one("codeindex_index_runs_unfinished"), "{{status}}")]),
            ("Index runs that ended in the last hour", "short", [
                (one("codeindex_index_runs_ended_last_hour"), "{{status}}"),
            ]),
            ("Messages in the broker", "short", [(one("codeindex_queue_messages"), "{{queue}}")]),
            ("Time since the last sweep", "s", [(one("codeindex_sweep_age_seconds"), "{{queue}}")]),
            ("Branches behind", "short", [
                (one("codeindex_branches_behind"), "more than {{seconds}} s"),
                (one("codeindex_branches_unreachable"), "unreachable"),
            ]),
            ("Repositories furthest behind", "s", [
                (one("codeindex_repository_lag_seconds"), "repository {{repository}}"),
            ]),
            ("Branches", "short", [(one("codeindex_branches"), "polled")]),
        ],
    ),
    (
        "Machines",
        [
            ("GPU memory", "bytes", [
                (one("codeindex_gpu_memory_used_bytes"), "{{host}} {{gpu}} in use"),
                (one("codeindex_gpu_memory_bytes"), "{{host}} {{gpu}}"),
            ]),
            ("GPU utilisation", "percentunit", [(one("codeindex_gpu_busy_ratio"), "{{host}} {{gpu}}")]),
            ("Database", "bytes", [(one("codeindex_database_bytes"), "size")]),
            ("Vectors", "short", [(one("codeindex_vectors"), "rows in all spaces")]),
            ("Free disk space (state folder)", "percentunit", [
                ("codeindex_disk_free_bytes / codeindex_disk_bytes", "{{instance}}"),
            ]),
            ("Database and broker", "short", [
                ("codeindex_installation_readable", "{{instance}} reads the database"),
                (one("codeindex_broker_up"), "broker"),
            ]),
            ("Replica", "s", [
                ("codeindex_replica_lag_seconds", "{{instance}} lag"),
                ("codeindex_replica_answers", "{{instance}} uses it (1 or 0)"),
            ]),
        ],
    ),
]  # fmt: skip


def dashboard() -> dict[str, Any]:
    panels: list[dict[str, Any]] = []
    top = 0
    for title, listed in PANELS:
        panels.append({"type": "row", "title": title, "id": len(panels) + 1, "panels": [],
                       "collapsed": False, "gridPos": {"x": 0, "y": top, "w": 24, "h": 1}})  # fmt: skip
        for place, (name, unit, queries) in enumerate(listed):
            x, y = place % COLUMNS * WIDTH, top + 1 + place // COLUMNS * HEIGHT
            panels.append(panel(len(panels) + 1, name, unit, queries, x, y))
        top += 1 + -(-len(listed) // COLUMNS) * HEIGHT
    return {
        "uid": "codeindex",
        "title": "codeindex",
        "tags": ["codeindex"],
        "timezone": "browser",
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "annotations": {"list": []},
        "templating": {"list": []},
        "panels": panels,
    }


def panel(
    number: int, title: str, unit: str, queries: list[Query], x: int, y: int
) -> dict[str, Any]:
    return {
        "id": number,
        "type": "timeseries",
        "title": title,
        "datasource": SOURCE,
        "gridPos": {"x": x, "y": y, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": [
            {
                "refId": chr(65 + place),
                "datasource": SOURCE,
                "expr": expression,
                "legendFormat": legend,
            }
            for place, (expression, legend) in enumerate(queries)
        ],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(dashboard(), indent=1) + "\n", encoding="utf-8")
