"""The main interface of the library: from definitions and descriptions to vectors and predicted
names. `load_encoder()` returns the encoder of the checkpoint that ships with the package."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from more_itertools import sliced

from embeddings import checkpoints, drafts, namer, paths, variable_namer
from embeddings.checkpoints import Checkpoint
from embeddings.code import definitions
from embeddings.code.parsing import in_parser_thread
from embeddings.code.placed_words import Words, beginning, placed_words
from embeddings.code_encoder import (
    NAMES,
    CodeEncoder,
    DoubtfulVariable,
    Encoded,
    Names,
    NotFinite,
    finite,
)
from embeddings.drafts import Draft
from embeddings.namer import Namer
from embeddings.naming.mentions import mentioned_in
from embeddings.networks import explanations
from embeddings.networks.code2vec import FoldedCode2Vec
from embeddings.networks.explanations import Attribution, Explanation, Shares
from embeddings.networks.query_encoders import word_batch
from embeddings.paths.tables import ContextTable
from embeddings.text.language_model import EncoderUnavailable, Runtime, canonical, load_model
from embeddings.types import Matrix, TextEncoder
from embeddings.variable_namer import VariableNamer

__all__ = ["CodeEncoder", "Encoded", "EncoderUnavailable", "NotFinite", "load_encoder"]

T = TypeVar("T")

CODE_VECTORS = "code vectors of languages in training only"
"""A part of fingerprints: before, other languages had code vectors, too."""
# Path-contexts that are in memory at once: with 384 floats each 20 MB.
CONTEXTS_PER_BATCH = 12_800


class FusedEncoder(CodeEncoder):
    """A checkpoint's networks on top of the language model with which they were trained."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        model: TextEncoder,
        device: str,
        runtime: Runtime | None = None,
    ) -> None:
        """`runtime` computes the language model of names, by default the checkpoint's own."""
        self._checkpoint, self._runtime = checkpoint, runtime
        self._lexicon = checkpoint.lexicon
        self._settings = checkpoint.settings
        self._network = checkpoint.network.to(device)
        self._model = model
        self.device = device
        self.name = checkpoint.name
        self.name_thresholds = namer.thresholds(checkpoint)
        self.dimensions = checkpoint.network.fusion.dimensions
        self.fingerprint = _digest(
            checkpoint.fingerprint, model.fingerprint, str(definitions.FORMAT_VERSION), CODE_VECTORS
        )
        if own := drafts.fingerprint(checkpoint.folder):
            self.draft_fingerprint = _digest(
                checkpoint.fingerprint, own, str(definitions.FORMAT_VERSION), CODE_VECTORS
            )

    def encode(self, texts: Sequence[str], language: str = "python") -> Encoded:
        if not self._knows(language):
            text, unread = self._model.encode_with_unread(texts)
            fused = finite(self._network.fusion.fuse(text, None))
            return Encoded(fused, [[] for _ in texts], unread=unread)
        (text, unread), code = self._text_and_code(self._model.encode_with_unread, texts, language)
        return Encoded(
            finite(self._network.fusion.fuse(text, code)),
            self._namer.names(texts, code, NAMES, language),
            self._network.fusion.structure(text, code),
            unread,
        )

    def draft(self, texts: Sequence[str], language: str = "python") -> Encoded:
        words = [placed_words(text, language) for text in texts]
        settings = self._drafts.settings
        if not settings.contexts or not self._knows(language):
            return Encoded(finite(self._drafts.vectors(words, None)), [[] for _ in texts])
        begun = [beginning(text, settings.characters) for text in texts]
        code = self._code_vectors(begun, language, settings.contexts)
        vectors = finite(self._drafts.vectors(words, code))
        return Encoded(vectors, self._draft_names(words, code, language))

    def encode_definitions(self, texts: Sequence[str], language: str = "python") -> Matrix:
        if not self._knows(language):
            return finite(self._network.fusion.fuse(self._model.encode(texts), None))
        text, code = self._text_and_code(self._model.encode, texts, language)
        return finite(self._network.fusion.fuse(text, code))

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        return finite(self._network.fusion.query(self._query_vectors(texts)))

    def predict_names(
        self, texts: Sequence[str], k: int = NAMES, language: str = "python"
    ) -> Names:
        if not self._knows(language):
            return [[] for _ in texts]
        return self._namer.names(texts, self._code_vectors(texts, language), k, language)

    def expected_f1(
        self, texts: Sequence[str], names: Sequence[str], language: str = "python"
    ) -> list[float]:
        if not self._knows(language):
            return [0.0] * len(texts)
        code = self._code_vectors(texts, language)
        return self._namer.expected_f1(texts, code, names, language)

    def doubtful_variables(self, text: str, language: str = "python") -> list[DoubtfulVariable]:
        if self._variable_namer is None or not self._knows(language):
            return []
        return self._variable_namer.doubtful(text, language)

    @torch.inference_mode()
    def explain(
        self, source: str, query: str | None = None, language: str = "python"
    ) -> Explanation:
        if not self._knows(language):
            return _explained_by_text(self, source, query, language)
        (contexts,) = self._contexts([source], language).rows()
        code = self._network.code2vec(self._lexicon.batch([contexts]).to(self.device))
        shares = None
        if query is not None:
            text, asked = self._model.encode([source]), self.encode_queries([query])
            shares = explanations.shares(
                self._network.fusion, text, code.vectors.cpu().numpy(), asked
            )
        return Explanation(source, explanations.attended(contexts, code.attention[0]), shares)

    def _knows(self, language: str) -> bool:
        """Whether code2vec was trained on a language: its vectors of others mean nothing."""
        return language in self._settings.languages

    def _text_and_code(
        self, encode_text: Callable[[Sequence[str]], T], texts: Sequence[str], language: str
    ) -> tuple[T, Matrix]:
        """The results of the language model, by `encode_text`, and of code2vec for n texts. On a
        GPU both run concurrently, since path-contexts are extracted in Python; on a CPU they would
        compete for the cores."""
        if torch.device(self.device).type == "cpu":
            return encode_text(texts), self._code_vectors(texts, language)
        with ThreadPoolExecutor(1) as beside:
            text = beside.submit(encode_text, texts)
            code = self._code_vectors(texts, language)
            return text.result(), code

    @cached_property
    def _drafts(self) -> Draft:
        draft = drafts.load(self._checkpoint.folder)
        draft.network.to(self.device)
        return draft

    @cached_property
    def _namer(self) -> Namer:
        return namer.load(self._checkpoint, self._model, self.device, self._runtime)

    @cached_property
    def _variable_namer(self) -> VariableNamer | None:
        return variable_namer.load(self._checkpoint, self.device)

    @cached_property
    def _code2vec(self) -> FoldedCode2Vec:
        return self._network.code2vec.folded()

    def _code_vectors(self, texts: Sequence[str], language: str, most: int | None = None) -> Matrix:
        """The code vectors of n definitions, by at most `most` path-contexts of each. Own names are
        hidden in these, so that the same vector serves both search and name prediction."""
        rows = [np.zeros((0, self._settings.code.code), np.float32)]
        most = most or self._settings.paths.max_contexts
        for batch in sliced(texts, max(1, CONTEXTS_PER_BATCH // most)):
            contexts = self._lexicon.tabulated(self._contexts(batch, language, most))
            rows.append(self._code2vec.vectors(contexts.to(self.device)).cpu().numpy())
        return np.concatenate(rows)

    def _contexts(
        self, texts: Sequence[str], language: str, most: int | None = None
    ) -> ContextTable:
        settings = self._settings.paths
        if most is not None:
            settings = replace(settings, max_contexts=most)
        bounds = paths.Bounds(**asdict(settings))
        return in_parser_thread(
            lambda: paths.table_of(texts, language, hide_name=True, bounds=bounds)
        )

    @torch.inference_mode()
    def _query_vectors(self, texts: Sequence[str]) -> Matrix:
        if self._network.queries is None:
            return self._model.for_queries.encode(texts)
        words = word_batch(texts, self._lexicon.subtokens).to(self.device)
        return np.asarray(self._network.queries(words).cpu().numpy(), np.float32)

    @torch.inference_mode()
    def _draft_names(self, words: Sequence[Words], code: Matrix, language: str) -> Names:
        source, mentions = self._settings.labels, None
        if source.reads_words:
            mentions = self._lexicon.mentions([mentioned_in(each, language) for each in words])
        vectors = torch.from_numpy(self._drafts.label_vectors(code, source)).to(self.device)
        return self._network.labels.compose(vectors, mentions, NAMES)


class TextOnlyEncoder(CodeEncoder):
    """A language model alone, without trained networks; it predicts no names."""

    def __init__(self, name: str, model: TextEncoder) -> None:
        self._model = model
        self.name = f"{name} (text only)"
        self.dimensions = model.dimensions
        self.fingerprint = _digest("text only", model.fingerprint, str(definitions.FORMAT_VERSION))

    def encode(self, texts: Sequence[str], language: str = "python") -> Encoded:
        vectors, unread = self._model.encode_with_unread(texts)
        return Encoded(finite(vectors), [[] for _ in texts], unread=unread)

    def encode_definitions(self, texts: Sequence[str], language: str = "python") -> Matrix:
        return finite(self._model.encode(texts))

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        return finite(self._model.for_queries.encode(texts))

    def predict_names(
        self, texts: Sequence[str], k: int = NAMES, language: str = "python"
    ) -> Names:
        return [[] for _ in texts]

    def expected_f1(
        self, texts: Sequence[str], names: Sequence[str], language: str = "python"
    ) -> list[float]:
        return [0.0] * len(texts)

    def explain(
        self, source: str, query: str | None = None, language: str = "python"
    ) -> Explanation:
        return _explained_by_text(self, source, query, language)


def default_device() -> str:
    """The torch device that is used where none is named: a GPU if there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def load_encoder(
    checkpoint: str | Path = "default",
    *,
    llm: str | None = None,
    device: str | None = None,
    dtype: str | None = None,
    runtime: Runtime | None = None,
    text_only: bool = False,
) -> CodeEncoder:
    """The encoder of a checkpoint, given by the name of a shipped one or by its folder.

    `llm` is another language model than the checkpoint's (hub name or folder). It is refused unless
    the checkpoint was trained with it or `text_only` asks for that model's own space. `device` is a
    torch device, by default a GPU if there is one. `runtime` overrides how the language model is
    run. `dtype` applies to text-only encoders; a checkpoint has its own. Raises EncoderUnavailable
    with a message that can be shown to users.
    """
    device = device or default_device()
    if text_only and llm:
        model = load_model(llm, dtype=dtype, runtime=runtime, device=device)
        return TextOnlyEncoder(llm, model)
    loaded = checkpoints.load(checkpoint)
    trained_with = checkpoints.text_name(loaded)
    name = canonical(llm or trained_with)
    if text_only:
        model = load_model(name, dtype=dtype, runtime=runtime, device=device)
        return TextOnlyEncoder(name, model)
    if name != trained_with and not Path(name).is_dir():
        raise _untrained(name, loaded)
    trained_in = loaded.settings.text.dtype
    if dtype not in (None, trained_in):
        raise EncoderUnavailable(
            f"The checkpoint {loaded.name} was trained with {trained_in} and cannot be used with "
            f"{dtype}. Only text-only spaces have a dtype of their own."
        )
    other = None if name == trained_with else name
    model = checkpoints.text_model(loaded, device, other, runtime)
    if model.is_whole and model.weights_fingerprint != loaded.settings.text_fingerprint:
        raise _untrained(name, loaded)
    return FusedEncoder(loaded, model, device, runtime)


def _explained_by_text(
    encoder: CodeEncoder, source: str, query: str | None, language: str
) -> Explanation:
    """The explanation of a vector that comes from the text alone."""
    shares = None
    if query is not None:
        (vector,) = encoder.encode_definitions([source], language)
        similarity = vector @ encoder.encode_queries([query])[0]
        shares = Shares(float(similarity), 0.0, Attribution.EXACT)
    return Explanation(source, (), shares)


def _untrained(name: str, checkpoint: Checkpoint) -> EncoderUnavailable:
    return EncoderUnavailable(
        f"The checkpoint {checkpoint.name} has no trained heads for the language model {name}: it "
        f"was trained with {checkpoints.text_name(checkpoint)}. Train a checkpoint with "
        f"`python -m embeddings.training train --llm {name} --corpus FOLDER --out FOLDER` and use "
        f"its folder, or use a text-only space."
    )


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
