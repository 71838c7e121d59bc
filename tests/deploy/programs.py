"""What deployments may start, and with which settings."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from celery.bin.celery import celery
from click import Context, UsageError
from django.core.management import get_commands

PROJECT = Path(__file__).parents[2]
SETTING = re.compile(r"`([A-Z][A-Z_]+)`")

GUNICORN = ["-m", "gunicorn", "--config", "python:codeindex.webserver", "codeindex.wsgi"]
OF_OTHERS = {"XDG_CACHE_HOME", "REMAP_SIGTERM", "CODEINDEX_ENV_FILE"}
"""Variables that are read by programs and libraries, or before the settings are."""


@cache
def documented_settings() -> set[str]:
    """The names in the tables of docs/settings.md."""
    rows = re.findall(r"^\| (`.*?) \|", (PROJECT / "docs/settings.md").read_text(), re.MULTILINE)
    return {name for row in rows for name in SETTING.findall(row)}


def refused_arguments(command: list[str]) -> str:
    """Why codeindex has no such command; empty if it has."""
    program, *arguments = command
    if not re.fullmatch(r"(/opt/codeindex/\.venv/bin/)?python", program):
        return f"{program} is not python"
    if arguments == GUNICORN:
        return ""
    if arguments[0] == "manage.py":
        return "" if arguments[1] in get_commands() else f"there is no command {arguments[1]}"
    if arguments[:4] != ["-m", "celery", "--app", "codeindex"]:
        return f"unknown: {arguments}"
    try:
        subcommand = celery.commands[arguments[4]]
        subcommand.make_parser(Context(subcommand)).parse_args(args=arguments[5:])
    except (KeyError, UsageError) as error:
        return str(error)
    return ""
