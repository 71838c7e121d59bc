"""What web and worker processes do first, so that they can be observed. Commands do not, and import
none of it."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def observe_web() -> None:
    """Called by each web process before it creates the application."""
    import_module("codeindex.observability.slow").listen()
    start_traces("web")


def start_traces(service: str) -> None:
    """Raises `ImproperlyConfigured` where the packages of the extra `traces` are missing."""
    if not settings.CODEINDEX_TRACES:
        return
    try:
        import_module("codeindex.observability.traces").start(service)
    except ModuleNotFoundError as missing:
        raise ImproperlyConfigured(
            f"CODEINDEX_TRACES needs the package {missing.name}: install the extra `traces`,"
            " or unset CODEINDEX_TRACES."
        ) from missing
