"""The fuzzers see what they are to see, and their short forms end."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fuzz.running import CRASH, EXCEPTION, HANG, Bounds, Outcome, run
from tests.journeys.installation import PROJECT


@dataclass(frozen=True)
class Faulty:
    """A subject with every fault: which one it shows depends on the number."""

    def begin(self) -> None: ...

    def generate(self, number: int) -> int:
        return number

    def category(self, case: int) -> str:
        return "odd" if case % 2 else "even"

    def encode(self, case: int) -> bytes:
        return b"%d" % case

    def run(self, case: int) -> Outcome:
        match case:
            case 1:
                time.sleep(60)
            case 2:
                os.abort()
            case 3:
                raise ValueError("three")
            case 4:
                return Outcome(self.category(case), "wrong", "a span outside the file")
        return Outcome(self.category(case), "fine")


def test_a_hang_a_crash_and_an_exception_are_counted_and_their_inputs_saved(
    tmp_path: Path,
) -> None:
    tally = run(Faulty(), Bounds(count=6, jobs=2, limit=0.5), tmp_path)
    assert tally.results["odd"] == {HANG: 1, EXCEPTION: 1, "fine": 1}
    assert tally.results["even"] == {CRASH: 1, "wrong": 1, "fine": 1}
    assert len(tally.faults) == 4
    assert (tmp_path / "3-exception").read_bytes() == b"3"
    assert "ValueError: three" in (tmp_path / "3-exception.txt").read_text("utf-8")
    assert "| all | 6 |" in tally.table()


@pytest.mark.parametrize("options", [["definitions", "--count", "60"]])
def test_a_short_run_prints_a_table(options: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", *options, "--keep", str(tmp_path)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    assert "| all | 60 |" in done.stdout
    assert (done.returncode == 1) == any(tmp_path.iterdir())
