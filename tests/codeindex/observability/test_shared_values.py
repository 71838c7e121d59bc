from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from codeindex.observability.shared_values import VARIABLE, SharedValues


@pytest.fixture(autouse=True)
def unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")


def test_each_server_has_a_folder_of_its_own(tmp_path: Path) -> None:
    first = SharedValues(tmp_path / "metrics")
    second = SharedValues(tmp_path / "metrics")
    assert first.folder != second.folder
    assert os.environ[VARIABLE] == str(second.folder)
    assert first.folder.stat().st_mode & 0o777 == 0o700
    first.remove()
    assert [each.name for each in (tmp_path / "metrics").iterdir()] == [second.folder.name]


def test_what_a_killed_server_left_is_removed(tmp_path: Path) -> None:
    killed = SharedValues(tmp_path / "metrics")
    (killed.folder / "counter_7.db").write_bytes(b"")
    killed._lock.close()  # as the kernel does
    living = SharedValues(tmp_path / "metrics")
    assert not killed.folder.exists()
    assert living.folder.exists()


def test_those_that_start_together_leave_each_other_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as starting:
        started = [*starting.map(SharedValues, [tmp_path / "metrics"] * 16)]
    assert all(each.folder.exists() for each in started)
    for each in started:
        each.remove()
