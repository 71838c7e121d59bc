"""The program that measures on a GPU runs; without one, on tiny models, only to show that."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import gpu

SAMPLES = Path(__file__).parents[1] / "embeddings" / "samples"


def test_it_prints_rates_and_utilisation(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = ["--device", "cpu", "--tiny", "--texts", "6", "--rounds", "1", "--dtype", "float32"]
    arguments = ["gpu", str(SAMPLES), *asked, "--scratch", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    gpu.main()
    printed = capsys.readouterr().out
    for word in ("TFLOP/s", "tiny Llama", "tiny Qwen2", "this project", "% MFU"):
        assert word in printed
    assert not list(tmp_path.iterdir())


def test_utilisation_is_work_over_time_and_rate() -> None:
    work = gpu.Work(["a", "b"], tokens=1000, weights=10**6, rate=1e12)
    assert "50.0% MFU" in work.line("this project", 4e-3)
