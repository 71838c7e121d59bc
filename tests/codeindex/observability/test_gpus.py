from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from codeindex.models import GpuState
from codeindex.observability import gpus, work
from codeindex.observability.gpus import READ_SECONDS, Clock, Gpu


class Driver:
    """The package pynvml on a machine with two GPUs, the second of which is divided."""

    class NVMLError(Exception):
        pass

    def __init__(self, has_driver: bool = True) -> None:
        self.has_driver, self.is_open = has_driver, False

    def nvmlInit(self) -> None:  # noqa: N802
        if not self.has_driver:
            raise self.NVMLError
        self.is_open = True

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.is_open = False

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 2

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:  # noqa: N802
        return number

    def nvmlDeviceGetName(self, device: int) -> str:  # noqa: N802
        return "H200"

    def nvmlDeviceGetMemoryInfo(self, device: int) -> Any:  # noqa: N802
        return SimpleNamespace(used=10, total=100)

    def nvmlDeviceGetUtilizationRates(self, device: int) -> Any:  # noqa: N802
        if device == 1:
            raise self.NVMLError
        return SimpleNamespace(gpu=75)


def test_each_gpu_is_read() -> None:
    driver = Driver()
    assert gpus.read(driver) == [Gpu(0, "H200", 10, 100, 0.75), Gpu(1, "H200", 10, 100, None)]
    assert not driver.is_open


def test_a_machine_without_a_driver_has_none() -> None:
    assert gpus.read(Driver(has_driver=False)) == []


@pytest.mark.django_db
def test_the_last_state_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "read", lambda: [Gpu(0, "H200", 10, 100, 0.75)])
    work.note_gpus()
    monkeypatch.setattr(gpus, "read", lambda: [Gpu(0, "H200", 20, 100, None)])
    work.note_gpus()
    (state,) = GpuState.objects.all()
    assert (state.memory_used, state.busy) == (20, None)


def test_they_are_looked_at_now_and_then() -> None:
    clock = Clock()
    assert clock.is_due(100.0)
    assert not clock.is_due(100.0 + READ_SECONDS / 2)
    assert clock.is_due(100.0 + READ_SECONDS)
