"""The secret key, generated once and stored in a file that only its owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from codeindex.local_services.state import CannotStart, State


def stored_secret_key(state: State) -> str:
    """The key in the state folder. Creates both if they are missing, for their owner alone."""
    try:
        state.make_folder()
        if not state.secret_key.exists():
            _create(state.secret_key)
        return state.secret_key.read_text(encoding="ascii")
    except CannotStart as error:
        raise ImproperlyConfigured(str(error)) from error
    except OSError as error:
        raise ImproperlyConfigured(str(state.unusable(error.strerror or str(error)))) from error


def _create(file: Path) -> None:
    """Writes a temporary file and links it, so that of two processes that start together one
    wins."""
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
