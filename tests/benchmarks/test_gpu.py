"""The GPU benchmark runs, here on tiny models and a CPU, which shows only that."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import gpu

SAMPLES = Path(__file__).parents[1] / "embeddings" / "samples"


def test_it_prints_rates_and_utilisation(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    options = ["--device", "cpu", "--tiny", "--texts", "6", "--rounds", "1", "--dtype", "float32"]
    gpu.main([str(SAMPLES), *options, "--scratch", str(tmp_path)])
    printed = capsys.readouterr().out
    for word in ("TFLOP/s", "tiny Llama", "tiny Qwen2", "this project", "% MFU"):
        assert word in printed
    assert not list(tmp_path.iterdir())


def test_utilisation_is_work_over_time_and_rate() -> None:
    work = gpu.Work(["a", "b"], tokens=1000, weights=10**6, rate=1e12)
    assert "50.0% MFU" in work.line("this project", 4e-3)
