"""Language-model vectors on disk, keyed by a hash of the text. Each is computed once, whichever
corpus or run asks for it, and an interrupted run loses one block at most."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from more_itertools import chunked
from tqdm import tqdm

from embeddings.code_encoder import finite
from embeddings.training.corpus.corpora import fingerprint
from embeddings.types import Matrix, TextEncoder

BLOCK = 1024


class VectorCache:
    """The vectors of a text encoder, kept in a folder in half precision. It is a text encoder
    itself."""

    def __init__(self, encoder: TextEncoder, folder: Path) -> None:
        self._encoder, self._root = encoder, folder
        self.dimensions, self.fingerprint = encoder.dimensions, encoder.fingerprint
        self._folder = folder / encoder.fingerprint[:16]
        self._folder.mkdir(parents=True, exist_ok=True)
        self._vectors: dict[str, np.ndarray] = {}
        for path in sorted(self._folder.glob("*.npz")):
            with np.load(path) as block:
                self._vectors.update(zip(block["keys"].tolist(), block["vectors"], strict=True))

    @cached_property
    def for_queries(self) -> VectorCache:
        """The cache of query vectors."""
        return self._cache_of(self._encoder.for_queries)

    @cached_property
    def for_names(self) -> VectorCache:
        """The cache of the vectors that names are predicted from."""
        return self._cache_of(self._encoder.for_names)

    def add(self, texts: Sequence[str], description: str) -> None:
        """Computes the missing vectors, block by block, with a progress bar. Raises NotFinite."""
        keyed = {fingerprint(text): text for text in texts}
        missing = [key for key in keyed if key not in self._vectors]
        with tqdm(total=len(missing), desc=description, unit="text") as progress:
            for keys in chunked(missing, BLOCK):
                vectors = finite(self._encoder.encode([keyed[key] for key in keys]))
                self._save(keys, vectors.astype(np.float16))
                progress.update(len(keys))

    def encode(self, texts: Sequence[str]) -> Matrix:
        """(n,) texts → (n, dimensions), from the folder or computed now."""
        self.add(texts, "texts")
        return self.cached(texts)

    def encode_with_unread(self, texts: Sequence[str]) -> tuple[Matrix, list[int]]:
        """Passes the texts on to the encoder, without caching."""
        return self._encoder.encode_with_unread(texts)

    def cached(self, texts: Sequence[str]) -> Matrix:
        """(n,) texts → (n, dimensions); raises KeyError for a text that was never added."""
        rows = [self._vectors[fingerprint(text)] for text in texts]
        return np.asarray(rows, dtype=np.float32).reshape(len(texts), self.dimensions)

    def _cache_of(self, encoder: TextEncoder) -> VectorCache:
        """The cache of an encoder: this one, if the encoder has the same vectors."""
        same = encoder.fingerprint == self.fingerprint
        return self if same else VectorCache(encoder, self._root)

    def _save(self, keys: Sequence[str], vectors: np.ndarray) -> None:
        path = self._folder / f"{keys[0]}.npz"
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(file, keys=np.array(keys), vectors=vectors)
        partial.rename(path)
        self._vectors.update(zip(keys, vectors, strict=True))
