"""What training reads: a corpus with its language-model vectors, and the views of a function that
these are computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
from more_itertools import sliced

from embeddings.code.own_names import masked
from embeddings.networks.vocabulary import Ids
from embeddings.text.language_model import LanguageModel, load_model
from embeddings.training.corpus import corpora
from embeddings.training.corpus.functions import Function
from embeddings.training.data.questions import QUESTIONS, read_questions
from embeddings.training.data.training_pairs import keywords
from embeddings.training.data.vectors import VectorCache
from embeddings.training.stages import precision
from embeddings.types import Matrix

# Training reads the beginning of a text: most of what it is about, at half the cost.
TRAINING_TOKENS = 128
BLOCK = 4096


class TextView(StrEnum):
    """The texts of a function that the language model reads. Queries: its docstring, keywords of
    that, and a question that was written for it (or keywords, if there is none). Code: as it
    stands, without the docstring, and with its name masked."""

    QUERY = "query"
    KEYWORDS = "keywords"
    QUESTION = "question"
    CODE = "code"
    BARE = "bare"
    MASKED = "masked"


# Each query with the code that answers it.
ANSWERS = {
    TextView.QUERY: TextView.BARE,
    TextView.KEYWORDS: TextView.CODE,
    TextView.QUESTION: TextView.CODE,
}
QUERY_VIEWS = tuple(ANSWERS)

_TEXT: dict[TextView, Callable[[Function], str]] = {
    TextView.QUERY: lambda function: function.query,
    TextView.KEYWORDS: lambda function: keywords(function.query),
    TextView.CODE: lambda function: function.code,
    TextView.BARE: lambda function: function.bare,
    TextView.MASKED: lambda function: masked(function.code, function.language),
}


@dataclass(frozen=True, slots=True)
class TrainingData:
    """A corpus (or its first functions), the language model, the cache of its vectors, the corpus's
    folder, and the questions that were written for functions, by their code."""

    functions: list[Function]
    model: LanguageModel
    cache: VectorCache
    folder: Path
    device: str
    questions: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def rows(self, split: str, *, described: bool = False) -> Ids:
        """The rows of a split's functions; of those with a docstring if `described`."""
        return np.array(
            [
                row
                for row, function in enumerate(self.functions)
                if function.split == split and (function.query or not described)
            ],
            np.int64,
        )

    def prepare(self, views: Set[TextView], rows: Ids | None = None) -> None:
        """Computes the missing vectors of `rows`, by default of all described functions."""
        chosen = rows if rows is not None else np.arange(len(self.functions))
        if rows is None:
            chosen = chosen[[bool(function.query) for function in self.functions]]
        for block in sliced(chosen, BLOCK):
            with precision.mixed(self.device):
                for view in sorted(views):
                    self._cache_of(view).add([self.text(view, row) for row in block], view)

    def vectors(self, view: TextView, rows: Ids) -> Matrix:
        """(n,) rows → vectors (n, dimensions) of the language model. Raises KeyError for a text
        that was not prepared."""
        return self._cache_of(view).cached([self.text(view, row) for row in rows])

    def text(self, view: TextView, row: int) -> str:
        """The view of the function in a row."""
        function = self.functions[row]
        if view is TextView.QUESTION:
            return next(iter(self.questions_for(function)), keywords(function.query))
        return _TEXT[view](function)

    def questions_for(self, function: Function) -> Sequence[str]:
        """The questions that were written for a function."""
        return self.questions.get(function.code, ())

    def _cache_of(self, view: TextView) -> VectorCache:
        if view is TextView.MASKED:
            return self.cache.for_names
        return self.cache.for_queries if view in QUERY_VIEWS else self.cache


def load(
    corpus: Path, llm: str, device: str, limit: int | None, max_tokens: int = TRAINING_TOKENS
) -> TrainingData:
    """The data of a corpus folder, in which vectors are kept too."""
    return load_with(load_model(llm, device=device), corpus, device, limit, max_tokens)


def load_with(
    model: LanguageModel,
    corpus: Path,
    device: str,
    limit: int | None,
    max_tokens: int | None = None,
) -> TrainingData:
    """The data of a corpus folder for a loaded language model, which reads `max_tokens` of each
    text, by default as many as in use."""
    reader = model if max_tokens is None else model.limited(max_tokens)
    cache = VectorCache(reader, corpus / "vectors")
    functions = corpora.read(corpus, limit)
    return TrainingData(functions, model, cache, corpus, device, read_questions(corpus / QUESTIONS))
