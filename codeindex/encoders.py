"""The encoder of this process, loaded once, by the settings that name it."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from embeddings import CodeEncoder, load_encoder


@cache
def loaded() -> CodeEncoder:
    """The configured encoder. Raises `EncoderUnavailable` with a message fit for a user."""
    return load_encoder(
        settings.CODEINDEX_CHECKPOINT,
        llm=settings.CODEINDEX_LLM or None,
        device=settings.CODEINDEX_DEVICE or None,
        text_only=settings.CODEINDEX_TEXT_ONLY,
    )


def warm() -> None:
    """Load the encoder and let it run once, so that the first query does not wait for it."""
    loaded().encode_queries(["warm up"])
