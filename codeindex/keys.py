"""The secret that signs sessions, made once and kept in a file that only its owner reads."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def kept_secret_key(file: Path) -> str:
    """The key in `file`, which is made, mode 0600, where there is none."""
    try:
        if not file.exists():
            _make(file)
        return file.read_text(encoding="ascii")
    except OSError as error:
        raise ImproperlyConfigured(
            f"Cannot use the state folder {file.parent}: {error.strerror}."
        ) from error


def _make(file: Path) -> None:
    """Written aside and linked, so that of two processes that start together one key wins."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as writing:
        writing.write(secrets.token_urlsafe(50))
    try:
        os.link(aside, file)
    except FileExistsError:
        pass
    finally:
        aside.unlink()
