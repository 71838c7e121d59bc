"""The encoders of this process: those that fill spaces, and the one that encodes queries.

torch is imported by the first call, not with this module: commands that need no model start at
once, and a Celery worker's children load it after the fork.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, fields
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError, connection

import embeddings
from codeindex.models import Space, SpaceState
from codeindex.spaces.query_batcher import QueryBatcher
from embeddings.types import Runtime

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embeddings import CodeEncoder

SHIPPED_CHECKPOINT = "default"
RETRY_SECONDS = 60.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EncoderSource:
    """What an encoder is loaded from: a checkpoint by its name or folder, and the language model
    `llm`; with `text_only` it is that model alone. `dtype` is that of its weights, `runtime` the
    library that runs it. An empty value means what the checkpoint says."""

    checkpoint: str = SHIPPED_CHECKPOINT
    llm: str = ""
    text_only: bool = False
    dtype: str = ""
    runtime: str = ""

    @classmethod
    def of_space(cls, space: Space) -> EncoderSource:
        return cls(*(getattr(space, field.name) for field in fields(cls)))


def absolute(checkpoint: str) -> str:
    """A folder by its absolute path, so that processes started elsewhere find it; a name as it
    is."""
    folder = Path(checkpoint)
    return str(folder.resolve()) if folder.is_dir() else checkpoint


def pinned_source() -> EncoderSource | None:
    """The encoder that the settings name, if they name one."""
    named = EncoderSource(
        settings.CODEINDEX_CHECKPOINT or SHIPPED_CHECKPOINT,
        settings.CODEINDEX_LLM or "",
        settings.CODEINDEX_TEXT_ONLY,
        settings.CODEINDEX_DTYPE,
        settings.CODEINDEX_RUNTIME,
    )
    return named if settings.CODEINDEX_CHECKPOINT or named != EncoderSource() else None


def preferred_source() -> EncoderSource:
    """The encoder whose space is filled first: the one that the settings name, or else the active
    space's, or else the shipped one."""
    pinned = pinned_source()
    active = None if pinned else _active()
    return pinned or (EncoderSource.of_space(active) if active else shipped_source())


def shipped_source() -> EncoderSource:
    """The shipped encoder, as a new installation uses it. On a CPU its language model runs with
    weights of 8 bits: twice as fast, and as good."""
    is_on_cpu = (settings.CODEINDEX_DEVICE or embeddings.default_device()) == "cpu"
    can_be_quantised = is_on_cpu and all(map(find_spec, ("onnx", "onnxruntime")))
    return EncoderSource(runtime=Runtime.ONNX_INT8 if can_be_quantised else "")


def load(source: EncoderSource) -> CodeEncoder:
    """A new encoder. Raises `EncoderUnavailable` with a message for users."""
    return embeddings.load_encoder(
        source.checkpoint,
        llm=source.llm or None,
        device=settings.CODEINDEX_DEVICE or None,
        text_only=source.text_only,
        dtype=source.dtype or None,
        runtime=Runtime(source.runtime) if source.runtime else None,
    )


# One space is active, and usually one more is filled beside it.
cached = lru_cache(maxsize=2)(load)


def encoder_for(
    space: Space, loader: Callable[[EncoderSource], CodeEncoder] = cached
) -> CodeEncoder:
    """The encoder of a space's vectors. Raises `EncoderUnavailable`, also if its checkpoint was
    replaced meanwhile."""
    source = EncoderSource.of_space(space)
    encoder = loader(source)
    if encoder.fingerprint != space.fingerprint:
        raise embeddings.EncoderUnavailable(
            f"The checkpoint {source.checkpoint} has changed since the space {space.name} was"
            " created. Add it as a new space, or restore the checkpoint."
        )
    return encoder


def drafts(space: Space, encoder: CodeEncoder) -> bool:
    """Whether texts of the space get drafts first. A space that is filled beside the active one
    gets none, since activating drafts would make what is searched worse for a while; nor does one
    whose encoder runs on a GPU, unless the settings ask for it."""
    if not encoder.draft_fingerprint or space.state != SpaceState.ACTIVE:
        return False
    wanted = settings.CODEINDEX_DRAFTS
    return wanted == "on" or (wanted == "auto" and encoder.device == "cpu")


class Searcher:
    """Holds the encoder of queries. When another space has become active, a thread loads its
    encoder, and until then searches use the old encoder and its space."""

    def __init__(self) -> None:
        self._encoder: CodeEncoder | None = None
        self._first = Lock()
        self._batcher = QueryBatcher()
        self._loading: Thread | None = None
        self._not_before = 0.0

    def encoder(self, spaces: Iterable[Space] | None = None) -> CodeEncoder:
        """The encoder for a query that arrives now. `spaces` are all spaces, if the caller has read
        them already. Raises `EncoderUnavailable`."""
        active = _active(spaces)
        with self._first:
            if self._encoder is None:
                self._encoder = _initial(active)
            elif active and active.fingerprint != self._encoder.fingerprint:
                self._load_in_background(active)
            return self._encoder

    def vector(self, query: str, encoder: CodeEncoder) -> Future[NDArray[np.float32]]:
        """A query → (dimensions,), by the encoder with which its search began, in a batch with
        other queries; or the exception that the encoder raises."""
        return self._batcher.vector(query, encoder)

    def _load_in_background(self, space: Space) -> None:
        if (self._loading and self._loading.is_alive()) or time.monotonic() < self._not_before:
            return
        self._not_before = time.monotonic() + RETRY_SECONDS
        self._loading = Thread(target=self._replace, args=(space,), daemon=True)
        self._loading.start()

    def _replace(self, space: Space) -> None:
        try:
            encoder = encoder_for(space, load)
            encoder.encode_queries(["warm up"])
        except Exception:
            logger.exception("The encoder of the space %s cannot be loaded.", space)
        else:
            self._encoder = encoder
            self._not_before = 0.0


searcher = Searcher()


def warm() -> None:
    """Load the encoder of queries and run it once, so that the first query does not wait for it."""
    try:
        searcher.encoder().encode_queries(["warm up"])
    except DatabaseError:
        logger.warning(
            "The database is unreachable; the first query loads the encoder.", exc_info=True
        )
    finally:
        connection.close()


def _initial(active: Space | None) -> CodeEncoder:
    if active:
        try:
            return encoder_for(active, load)
        except embeddings.EncoderUnavailable as reason:
            logger.warning("%s", reason)
    return load(preferred_source())


def _active(spaces: Iterable[Space] | None = None) -> Space | None:
    candidates = Space.objects.filter(state=SpaceState.ACTIVE) if spaces is None else spaces
    return next((space for space in candidates if space.state == SpaceState.ACTIVE), None)
