"""What benchmarks of an installation share: their command lines, and setting up Django before the
modules that need it are imported."""

from __future__ import annotations

import argparse
import os
from importlib import import_module

import django


def parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """For `python -m benchmarks.NAME`, which prints its description as it is written."""
    return argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def measure(module: str, options: argparse.Namespace) -> None:
    """Runs the `measure` of `benchmarks.MODULE`, with Django set up."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codeindex.settings")
    django.setup()
    import_module(f"benchmarks.{module}").measure(options)
