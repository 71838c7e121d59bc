"""The encoder of this process, loaded once, by the settings that name it.

torch comes with the first call, not with the import: commands that need no model start at once,
and a Celery worker's children load it after they were forked.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

import embeddings

if TYPE_CHECKING:
    from embeddings import CodeEncoder


@cache
def loaded() -> CodeEncoder:
    """The configured encoder. Raises `EncoderUnavailable` with a message fit for a user."""
    return embeddings.load_encoder(
        settings.CODEINDEX_CHECKPOINT,
        llm=settings.CODEINDEX_LLM or None,
        device=settings.CODEINDEX_DEVICE or None,
        text_only=settings.CODEINDEX_TEXT_ONLY,
    )


def warm() -> None:
    """Load the encoder and let it run once, so that the first query does not wait for it."""
    loaded().encode_queries(["warm up"])
