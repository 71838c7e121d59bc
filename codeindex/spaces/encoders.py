"""The encoders of this process: those that it fills spaces with, and the one that it searches with.

torch comes with the first call, not with the import: commands that need no model start at once,
and a Celery worker's children load it after they were forked.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError, connection

import embeddings
from codeindex.models import Space, SpaceState
from codeindex.spaces.query_batcher import SharedRuns
from embeddings.types import Runtime

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embeddings import CodeEncoder

SHIPPED = "default"
RETRY_SECONDS = 60.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """Where an encoder comes from: a checkpoint by its name or folder, and the language model, if
    that is not the checkpoint's own; `text_only`: that model alone, with weights of a `dtype`. What
    computes it is its `runtime`. Empty: as the checkpoint says."""

    checkpoint: str = SHIPPED
    llm: str = ""
    text_only: bool = False
    dtype: str = ""
    runtime: str = ""

    @classmethod
    def of(cls, space: Space) -> Source:
        return cls(*(getattr(space, field.name) for field in fields(cls)))


def located(checkpoint: str) -> str:
    """A folder by its whole path, so that processes started elsewhere find it; a name as it is."""
    folder = Path(checkpoint)
    return str(folder.resolve()) if folder.is_dir() else checkpoint


def pinned() -> Source | None:
    """The encoder that the settings name, if they do."""
    named = Source(
        settings.CODEINDEX_CHECKPOINT or SHIPPED,
        settings.CODEINDEX_LLM or "",
        settings.CODEINDEX_TEXT_ONLY,
        settings.CODEINDEX_DTYPE,
        settings.CODEINDEX_RUNTIME,
    )
    return named if settings.CODEINDEX_CHECKPOINT or named != Source() else None


def wanted() -> Source:
    """The encoder whose space is made and filled here: the settings' one, or else the active
    space's, or else the one that ships."""
    active = None if pinned() else _active()
    return pinned() or (Source.of(active) if active else Source())


def load(source: Source) -> CodeEncoder:
    """An encoder of its own. Raises `EncoderUnavailable` with a message fit for a user."""
    return embeddings.load_encoder(
        source.checkpoint,
        llm=source.llm or None,
        device=settings.CODEINDEX_DEVICE or None,
        text_only=source.text_only,
        dtype=source.dtype or None,
        runtime=Runtime(source.runtime) if source.runtime else None,
    )


# One space is active, and mostly one more is filled beside it.
kept = lru_cache(maxsize=2)(load)


def of(space: Space, loader: Callable[[Source], CodeEncoder] = kept) -> CodeEncoder:
    """The encoder of a space's vectors. Raises `EncoderUnavailable`, also where another one is in
    its place by now."""
    source = Source.of(space)
    encoder = loader(source)
    if encoder.fingerprint != space.fingerprint:
        raise embeddings.EncoderUnavailable(
            f"The encoder in {source.checkpoint} is no longer the one of the space {space.name}."
        )
    return encoder


class Searcher:
    """Holds the encoder that searches. When another space has become active, its encoder is loaded
    beside, in a thread, while searches go on in the space of the encoder that is held."""

    def __init__(self) -> None:
        self._encoder: CodeEncoder | None = None
        self._first = Lock()
        self._runs = SharedRuns()
        self._loading: Thread | None = None
        self._not_before = 0.0

    def encoder(self, spaces: Iterable[Space] | None = None) -> CodeEncoder:
        """What to encode a query with now, where the `spaces` are all that there are; they are
        looked up if they are not given. Raises `EncoderUnavailable`."""
        active = _active(spaces)
        with self._first:
            if self._encoder is None:
                self._encoder = _initial(active)
            elif active and active.fingerprint != self._encoder.fingerprint:
                self._load_beside(active)
            return self._encoder

    def vector(self, query: str, encoder: CodeEncoder) -> Future[NDArray[np.float32]]:
        """A query → (dimensions,) by the encoder that was held when its search began, in one run
        with other searches', as soon as it is there; or what that encoder raises."""
        return self._runs.vector(query, encoder)

    def _load_beside(self, space: Space) -> None:
        if (self._loading and self._loading.is_alive()) or time.monotonic() < self._not_before:
            return
        self._not_before = time.monotonic() + RETRY_SECONDS
        self._loading = Thread(target=self._replace, args=(space,), daemon=True)
        self._loading.start()

    def _replace(self, space: Space) -> None:
        try:
            encoder = of(space, load)
            encoder.encode_queries(["warm up"])
        except Exception:
            logger.exception("the encoder of the space %s cannot be loaded", space)
        else:
            self._encoder = encoder
            self._not_before = 0.0


searcher = Searcher()


def warm() -> None:
    """Load the encoder that searches and let it run once, so that the first query does not wait."""
    try:
        searcher.encoder().encode_queries(["warm up"])
    except DatabaseError:
        logger.warning("the database is away; the first query loads the encoder", exc_info=True)
    finally:
        connection.close()


def _initial(active: Space | None) -> CodeEncoder:
    if active:
        try:
            return of(active, load)
        except embeddings.EncoderUnavailable as reason:
            logger.warning("%s", reason)
    return load(wanted())


def _active(spaces: Iterable[Space] | None = None) -> Space | None:
    found = Space.objects.filter(state=SpaceState.ACTIVE) if spaces is None else spaces
    return next((space for space in found if space.state == SpaceState.ACTIVE), None)
