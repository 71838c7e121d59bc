"""The model of the active space: whether it loads, and computes what is stored."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

import embeddings
from codeindex.models import Embedding, EmbeddingState, Space, SpaceState
from codeindex.operations.checkup.findings import Finding
from codeindex.spaces import encoders

SAME = 0.98
"""The least cosine of a vector with the one that was stored: weights of 8 bits round by the
batch."""


def examine() -> Iterator[Finding]:
    space = Space.objects.filter(state=SpaceState.ACTIVE).first()
    try:
        if space is None:
            encoders.load(encoders.preferred_source())
            return
        encoder = encoders.encoder_for(space)
    except embeddings.EncoderUnavailable as error:
        yield Finding(
            f"The model cannot be loaded: {error}",
            "Nothing is found by its meaning, and no vectors are computed.",
            "Restore its files, or choose another space: python manage.py spaces",
        )
        return
    stored = Embedding.objects.filter(space=space, state=EmbeddingState.READY, draft=False)
    probe = stored.select_related("text").order_by("pk").first()
    if probe is None:
        return
    now = encoder.encode_definitions([probe.text.body], probe.text.language)[0]
    before = np.asarray(probe.vector, np.float32)
    cosine = float(now @ before / (np.linalg.norm(now) * np.linalg.norm(before)))
    if cosine < SAME:
        yield Finding(
            f"The model no longer computes the vector that is stored (cosine {cosine:.3f}).",
            "The vectors of queries do not match those of the code.",
            "A different version of a library or a damaged file may be the cause. Fill a new space:"
            " python manage.py spaces add CHECKPOINT",
        )
