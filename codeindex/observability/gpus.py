"""The GPUs of this machine, read from NVIDIA's driver. Nothing is allocated on them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

READ_SECONDS = 10.0
"""How often they are read."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Gpu:
    """Memory in bytes; `busy` from 0 to 1, None where the driver does not report it."""

    number: int
    name: str
    memory_used: int
    memory: int
    busy: float | None


class Clock:
    """Decides when the GPUs are read again."""

    def __init__(self) -> None:
        self._next = 0.0

    def is_due(self, now: float | None = None) -> bool:
        """True at most every `READ_SECONDS`."""
        now = time.monotonic() if now is None else now
        if now < self._next:
            return False
        self._next = now + READ_SECONDS
        return True


def read(nvml: Any = None) -> list[Gpu]:
    """All GPUs; none without NVIDIA's driver or the package nvidia-ml-py."""
    if nvml is None:
        if find_spec("pynvml") is None:
            return []
        nvml = import_module("pynvml")
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return []
    try:
        return list(_gpus(nvml))
    except nvml.NVMLError as error:
        logger.warning("The state of the GPUs cannot be read: %s", error)
        return []
    finally:
        nvml.nvmlShutdown()


def _gpus(nvml: Any) -> Iterator[Gpu]:
    for number in range(nvml.nvmlDeviceGetCount()):
        device = nvml.nvmlDeviceGetHandleByIndex(number)
        memory, name = nvml.nvmlDeviceGetMemoryInfo(device), nvml.nvmlDeviceGetName(device)
        yield Gpu(number, str(name), int(memory.used), int(memory.total), _busy(nvml, device))


def _busy(nvml: Any, device: Any) -> float | None:
    """None for the parts of a divided GPU (MIG), which do not report it."""
    try:
        return float(nvml.nvmlDeviceGetUtilizationRates(device).gpu) / 100
    except nvml.NVMLError:
        return None
