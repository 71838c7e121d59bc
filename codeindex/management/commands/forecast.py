"""`manage.py forecast URL…`: what indexing repositories will cost, before they are registered."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.template.defaultfilters import filesizeformat, pluralize

from codeindex.ingestion.cloning.errors import CheckoutError
from codeindex.local_services import ensure_services
from codeindex.local_services.state import CannotStart
from codeindex.management import base
from codeindex.models import Forecast
from codeindex.operations.forecasting import forecasts
from codeindex.operations.forecasting.forecasts import LABELS

SHOWN = 50
"""Forecasts that are compared."""


class Command(base.Command):
    help = "Forecast what indexing repositories will cost, before they are registered."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("addresses", metavar="URL_OR_PATH", nargs="*")
        parser.add_argument("--branch", default="", help="defaults to the remote's default branch")
        parser.add_argument(
            "--json", action="store_true", help="print one line of JSON for each repository"
        )
        parser.add_argument(
            "--compare",
            action="store_true",
            help="compare the last forecasts with the runs that followed them",
        )

    def handle(
        self, *, addresses: Sequence[str], branch: str, json: bool, compare: bool, **_: Any
    ) -> None:
        if not addresses and not compare:
            raise CommandError("Give the address of a repository, or --compare.")
        try:
            with ensure_services():
                call_command("migrate", verbosity=0, interactive=False)
                for address in addresses:
                    self._forecast(address, branch, as_json=json)
                if compare:
                    for forecast in Forecast.objects.all()[:SHOWN]:
                        self._compare(forecast)
        except CannotStart as error:
            raise CommandError(str(error)) from error

    def _forecast(self, address: str, branch: str, *, as_json: bool) -> None:
        try:
            forecast = forecasts.forecast(address, branch, trusted_path=True)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except CheckoutError as error:
            raise CommandError(str(error)) from error
        if as_json:
            self.stdout.write(json.dumps({"url": forecast.url, **forecast.figures}))
            return
        figures = forecast.figures
        self.stdout.write(f"{forecast.url} at {figures['commit'][:12]}")
        for name, label in LABELS.items():
            self.stdout.write(f"  {_name(label)}{_interval(name, figures[name])}")
        self.stdout.write(f"  {_basis(figures)}")

    def _compare(self, forecast: Forecast) -> None:
        run = forecasts.run_of(forecast)
        made = forecast.created.strftime("%Y-%m-%d %H:%M")
        if run is None:
            self.stdout.write(f"{forecast.url}, {made}: not indexed since.")
            return
        self.stdout.write(f"{forecast.url}, {made}, and {run}:")
        for each in forecasts.compare(forecast, run):
            error = "" if each.percent is None else f" ({each.percent}%)"
            within = "" if each.is_within else ", outside the interval"
            self.stdout.write(
                f"  {_name(each.label)}{_figure(each.name, each.expected)} forecast,"
                f" {_figure(each.name, each.actual)} actual{error}{within}"
            )


def _name(label: str) -> str:
    """Without its unit, which follows the figure."""
    return f"{label.partition(',')[0]:<20}"


def _interval(name: str, figure: Sequence[float] | None) -> str:
    if figure is None:
        return "–"
    value, low, high = figure
    if low == high:
        return _figure(name, value)
    return f"{_figure(name, value)} ({_figure(name, low)} to {_figure(name, high)})"


def _figure(name: str, value: float) -> str:
    if name.endswith("_bytes"):
        return filesizeformat(value).replace("\xa0", " ")
    if name.endswith("_seconds"):
        return f"{value:,.1f} s" if value < 120 else f"{value / 60:,.0f} min"
    return f"{value:,.0f}"


def _basis(figures: Mapping[str, Any]) -> str:
    runs, sampled = figures["runs"], figures["sampled"]
    languages = ", ".join(list(figures["languages"])[:5])
    files = f"{sampled:,} sampled file{pluralize(sampled)} ({languages or 'no code'})"
    source = f"{runs} past run{pluralize(runs)}" if runs else "a short probe"
    return f"Based on {files} and on the rates of {source}."
