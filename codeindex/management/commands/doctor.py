"""`manage.py doctor`: says what is wrong with this installation, and what to do. Changes
nothing."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from codeindex.management import base
from codeindex.management.index import existing_index
from codeindex.operations import checkup
from codeindex.operations.checkup import CHECKS, Finding, Weight


class Command(base.Command):
    help = "Say what is wrong with this installation, and what to do; exit with 1 if something is."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="write a list of objects")
        parser.add_argument(
            "--only", metavar="PART", choices=list(CHECKS), action="append",
            help=f"{', '.join(CHECKS)}; may be repeated",
        )  # fmt: skip

    def handle(self, *, json: bool, only: list[str] | None, **_: Any) -> None:
        chosen = {name: check for name, check in CHECKS.items() if not only or name in only}
        found: list[tuple[str, Finding]] = []
        with existing_index():
            for name, findings in checkup.examine(chosen):
                found += [(name, finding) for finding in findings]
                if not json:
                    self._tell(name, findings)
        if json:
            self.stdout.write(_as_json(found))
        if any(finding.weight == Weight.PROBLEM for _, finding in found):
            sys.exit(1)

    def _tell(self, name: str, findings: list[Finding]) -> None:
        if not findings:
            self.stdout.write(f"{name}: nothing found")
        for finding in findings:
            self.stdout.write(f"{name}: {finding.weight}: {finding.what}")
            self.stdout.write(f"    {finding.why}")
            self.stdout.write(f"    → {finding.fix}")


def _as_json(found: list[tuple[str, Finding]]) -> str:
    return json.dumps([{"part": name, **asdict(finding)} for name, finding in found], indent=1)
