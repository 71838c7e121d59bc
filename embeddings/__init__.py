"""Vectors for code and for descriptions of code: path-contexts, code2vec, language models and
their fusion. `load_encoder` is the entry point. It is imported on first use, so that importing
`embeddings.paths` does not import torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from embeddings.encoder import CodeEncoder, EncoderUnavailable, default_device, load_encoder

__all__ = ["CodeEncoder", "EncoderUnavailable", "default_device", "load_encoder"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from embeddings import encoder

        return getattr(encoder, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
