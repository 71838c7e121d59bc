"""What indexing will cost is told before a repository is registered, and compared afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from codeindex import repositories
from codeindex.ingestion import pipeline, publishing
from codeindex.ingestion.cloning.errors import CheckoutError
from codeindex.models import Blob, Forecast, IndexRun, Repository, Text
from codeindex.operations.forecasting import estimates, forecasts, rates
from codeindex.operations.forecasting.estimates import Estimate, Sized
from tests.git import GitRepository

Requested = Callable[[Repository], IndexRun]
WRITTEN = {f"m{number}.py": f"def f{number}(x):\n    return x + {number}\n" for number in range(9)}


@pytest.fixture(autouse=True)
def no_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> None:
    """Encoding takes a known time, and no model is loaded for it."""
    settings.CODEINDEX_HOME = tmp_path / "home"
    known = (Estimate(0.01, 0.005, 0.02), Estimate(0.1, 0.05, 0.2))
    monkeypatch.setattr(rates, "_encoder", lambda: "no model")
    monkeypatch.setattr(rates, "_encoding", lambda run, encoder: known)


@pytest.mark.django_db(transaction=True)
def test_a_forecast_counts_what_a_run_finds_and_leaves_nothing(
    source: GitRepository, registered: Repository, requested: Requested, settings: Any
) -> None:
    source.commit({**WRITTEN, "logo.png": b"\x89PNG"})
    made = forecasts.forecast(str(source.path), trusted_path=True)
    assert not Blob.objects.exists()
    assert not Text.objects.exists()
    assert not list((settings.CODEINDEX_HOME / "forecasts").iterdir())
    assert made.figures["files"] == [9, 9, 9]
    assert made.figures["languages"] == {"python": 9}
    run = requested(registered)
    assert pipeline.index(run.pk)
    run.refresh_from_db()
    assert made.figures["definitions"][0] == run.definitions
    low, high = made.figures["texts"][1:]
    assert low <= run.texts <= high * 1.1
    assert made.figures["refining_seconds"][0] == pytest.approx(0.1 * made.figures["texts"][0], 0.1)


@pytest.mark.django_db(transaction=True)
def test_what_is_stored_already_is_not_read_again(
    source: GitRepository, registered: Repository, requested: Requested
) -> None:
    source.commit(dict(WRITTEN))
    pipeline.index(requested(registered).pk)
    source.commit({"new.py": "def new():\n    return None\n"})
    made = forecasts.forecast(str(source.path), trusted_path=True)
    assert made.figures["known_files"][0] == 9
    assert made.figures["texts"][0] <= 2
    assert made.figures["definitions"][0] >= 10


@pytest.mark.django_db(transaction=True)
def test_a_forecast_is_compared_with_the_run_that_follows(
    source: GitRepository,
    registered: Repository,
    requested: Requested,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source.commit(dict(WRITTEN))
    made = forecasts.forecast(str(source.path), trusted_path=True)
    assert forecasts.run_of(made) is None
    run = requested(registered)
    pipeline.index(run.pk)
    IndexRun.objects.filter(pk=run.pk).update(texts=0)  # as if all had their vectors
    publishing.settle(IndexRun.objects.get(pk=run.pk))
    run.refresh_from_db()
    assert run.finished
    assert forecasts.run_of(made) == run
    assert forecasts.forecast_of(run) == made
    definitions = next(each for each in forecasts.compare(made, run) if each.name == "definitions")
    assert (definitions.error, definitions.is_within) == (0, True)
    call_command("forecast", "--compare")
    assert "Definitions         9 forecast, 9 actual (+0%)" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_the_command_says_where_its_figures_come_from(
    source: GitRepository, capsys: pytest.CaptureFixture[str]
) -> None:
    source.commit(dict(WRITTEN))
    call_command("forecast", str(source.path))
    said = capsys.readouterr().out
    assert "Based on 9 sampled files (python) and on the rates of a short probe." in said
    call_command("forecast", str(source.path), "--json")
    assert json.loads(capsys.readouterr().out)["definitions"] == [9, 9, 9]
    with pytest.raises(CommandError, match="Give the address"):
        call_command("forecast")


@pytest.mark.django_db(transaction=True)
def test_a_repository_without_code_has_a_forecast(
    source: GitRepository, capsys: pytest.CaptureFixture[str]
) -> None:
    source.commit({"logo.png": b"\x89PNG"})
    call_command("forecast", str(source.path))
    assert "Based on 0 sampled files (no code) and" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_the_rules_for_addresses_are_those_of_registering(alice: User, tmp_path: Path) -> None:
    for url in ("ext::sh -c date", "file:///etc", str(tmp_path)):
        with pytest.raises(ValidationError):
            forecasts.forecast(url)
    with pytest.raises(CheckoutError):
        forecasts.forecast("http://127.0.0.1:9/a.git")
    with pytest.raises(ValidationError):
        repositories.checked_remote("-upload-pack")
    assert not Forecast.objects.exists()


@given(st.lists(st.integers(1, 5_000), min_size=1, max_size=300), st.integers(0, 20))
def test_what_is_proportional_to_sizes_is_estimated_exactly(sizes: list[int], rate: int) -> None:
    files = [Sized(number, "python", size) for number, size in enumerate(sizes)]
    drawn = estimates.draw(files)
    total = estimates.total(files, drawn, {each.file: rate * each.size for each in drawn})
    assert total.value == pytest.approx(rate * sum(sizes))
    assert total.low == pytest.approx(total.value, abs=1e-3)
