"""Doubtful names for other programs: SARIF 2.1.0, and annotations of GitHub's workflows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from codeindex.client.answers import DoubtfulName

RULE = "doubtful-name"
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def message(name: DoubtfulName) -> str:
    suggested = ", ".join(each.name for each in name.suggestions)
    return f"The name {name.name} disagrees with its code. Suggested: {suggested}."


def sarif(names: Sequence[DoubtfulName]) -> str:
    """One run with a result for each name."""
    rule = {
        "id": RULE,
        "shortDescription": {"text": "A function's name disagrees with its code."},
        "defaultConfiguration": {"level": "warning"},
    }
    run = {
        "tool": {"driver": {"name": "codeindex", "rules": [rule]}},
        "results": [_result(name) for name in names],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _result(name: DoubtfulName) -> dict[str, object]:
    region = {"startLine": name.start_line, "endLine": name.end_line}
    place = {"artifactLocation": {"uri": quote(name.path)}, "region": region}
    return {
        "ruleId": RULE,
        "level": "warning",
        "message": {"text": message(name)},
        "locations": [{"physicalLocation": place}],
        "rank": round(100 * name.confidence, 1),
    }


def github(names: Sequence[DoubtfulName]) -> Iterator[str]:
    """A workflow command for each name."""
    for name in names:
        properties = {
            "file": name.path,
            "line": str(name.start_line),
            "title": "Doubtful name",
        }
        given = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
        yield f"::warning {given}::{_escaped(message(name))}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")
