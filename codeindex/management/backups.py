"""Shared by the commands that make and restore backups."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from django.core.management import CommandError
from django.utils.text import get_text_list

from codeindex.local_services.state import CannotStart
from codeindex.operations.backups.archive import Manifest, Unusable
from codeindex.operations.backups.contents import LeftOut

_INTERRUPTED = 130


@contextmanager
def as_command_error() -> Iterator[None]:
    """Ends the command with one line if something cannot be done, or if Ctrl-C or SIGTERM stops it.
    Whatever was being written cleans up after itself."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except (Unusable, CannotStart) as error:
        raise CommandError(str(error)) from error
    except KeyboardInterrupt as error:
        message = str(error) or "Stopped. Nothing was changed, and no file is left."
        raise CommandError(message, returncode=_INTERRUPTED) from error
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def described(manifest: Manifest) -> str:
    """A sentence that says what a backup holds."""
    rows = sum(table.rows for table in manifest.tables.values())
    parts = [f"{len(manifest.tables)} tables with {rows:,} rows"]
    if manifest.has_keys:
        parts.append("the secret key")
    if manifest.model_names:
        parts.append(f"the models {', '.join(manifest.model_names)}")
    without = "" if manifest.left_out == LeftOut.NOTHING else f", without {manifest.left_out}"
    made = f"{manifest.made_at:%Y-%m-%d %H:%M} UTC by version {manifest.version}"
    return f"{get_text_list(parts, 'and')}{without}; made {made}."
