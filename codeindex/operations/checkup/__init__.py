"""Finds what is wrong with an installation, and says how to fix it: `manage.py doctor`.

Nothing is changed. Each module examines one part; `examine` runs them all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from django.db import connection

from codeindex.operations.checkup import (
    broker,
    certificate,
    database,
    index,
    machine,
    model,
    security,
    workers,
)
from codeindex.operations.checkup.findings import Finding, Weight

logger = logging.getLogger(__name__)

Check = Callable[[], Iterator[Finding]]

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "database": database.examine,
        "broker": broker.examine,
        "workers": workers.examine,
        "machine": machine.examine,
        "security": security.examine,
        "certificate": certificate.examine,
        "index": index.examine,
        "model": model.examine,
    }
)
"""The last one takes seconds, since it loads the model."""


def examine(checks: Mapping[str, Check] = CHECKS) -> Iterator[tuple[str, list[Finding]]]:
    """The findings of each check, by its name. A check that fails is a finding, too."""
    for name, check in checks.items():
        yield name, list(_findings(name, check))


def _findings(name: str, check: Check) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as error:
        connection.close()  # its transaction may be broken
        logger.debug("%s cannot be examined", name, exc_info=True)
        first_line = str(error).strip().partition("\n")[0] or type(error).__name__
        yield Finding(
            f"The check of the {name} failed: {first_line}",
            "The rest of it was skipped.",
            "Fix what was found before, and run doctor again.",
        )


__all__ = ["CHECKS", "Finding", "Weight", "examine"]
