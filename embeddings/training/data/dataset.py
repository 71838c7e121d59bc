"""What training reads: a corpus with its path-contexts and its language-model vectors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np

from embeddings.code.own_names import masked
from embeddings.networks.vocabulary import Ids
from embeddings.text.language_model import LanguageModel, load_model
from embeddings.training.corpus import corpora
from embeddings.training.corpus.functions import Function
from embeddings.training.data.questions import QUESTIONS, written
from embeddings.training.data.training_pairs import keywords
from embeddings.training.data.vectors import VectorCache
from embeddings.training.stages import precision
from embeddings.types import Matrix

# Training reads the beginning of a text: most of what it is about, at half the cost.
TRAINING_TOKENS = 128
BLOCK = 4096


class View(StrEnum):
    """The texts of a function that the language model reads: its docstring as a query, what of that
    a search engine would be given, and a question that was written for it, if there is one; its
    code as it stands, without the docstring, and with its name hidden."""

    QUERY = "query"
    KEYWORDS = "keywords"
    QUESTION = "question"
    CODE = "code"
    BARE = "bare"
    MASKED = "masked"


# What asks for a function, and the text that is to answer.
ANSWERS = {View.QUERY: View.BARE, View.KEYWORDS: View.CODE, View.QUESTION: View.CODE}
ASKED = tuple(ANSWERS)

_TEXT: dict[View, Callable[[Function], str]] = {
    View.QUERY: lambda function: function.query,
    View.KEYWORDS: lambda function: keywords(function.query),
    View.CODE: lambda function: function.code,
    View.BARE: lambda function: function.bare,
    View.MASKED: lambda function: masked(function.code),
}


@dataclass(frozen=True, slots=True)
class Data:
    """A corpus (or its first functions), the language model, what is kept of both on disk, and the
    questions that were written for functions, by their code."""

    functions: list[Function]
    model: LanguageModel
    cache: VectorCache
    folder: Path
    device: str
    questions: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def rows(self, split: str, *, described: bool = False) -> Ids:
        """The functions of a split; only those with a docstring if `described`."""
        return np.array(
            [
                row
                for row, function in enumerate(self.functions)
                if function.split == split and (function.query or not described)
            ],
            np.int64,
        )

    def prepare(self, views: Set[View], rows: Ids | None = None) -> None:
        """Computes the vectors of `rows`, or else of all described functions, that are missing."""
        chosen = rows if rows is not None else np.arange(len(self.functions))
        if rows is None:
            chosen = chosen[[bool(function.query) for function in self.functions]]
        for start in range(0, len(chosen), BLOCK):
            block = chosen[start : start + BLOCK]
            with precision.mixed(self.device):
                for view in sorted(views):
                    self._reader(view).add([self.text(view, row) for row in block], view)

    def vectors(self, view: View, rows: Ids) -> Matrix:
        """(n,) rows → (n, dimensions) of the language model."""
        return self._reader(view).get([self.text(view, row) for row in rows])

    def text(self, view: View, row: int) -> str:
        """What the language model reads of a function."""
        function = self.functions[row]
        if view is View.QUESTION:
            return next(iter(self.asked(function)), keywords(function.query))
        return _TEXT[view](function)

    def asked(self, function: Function) -> Sequence[str]:
        """The questions that were written for a function."""
        return self.questions.get(function.code, ())

    def _reader(self, view: View) -> VectorCache:
        if view is View.MASKED:
            return self.cache.for_names
        return self.cache.for_queries if view in ASKED else self.cache


def load(
    corpus: Path, llm: str, device: str, limit: int | None, max_tokens: int = TRAINING_TOKENS
) -> Data:
    """The data of a corpus folder; what is computed is kept in the folder too."""
    model = load_model(llm, device=device)
    cache = VectorCache(model.limited(max_tokens), corpus / "vectors")
    functions = corpora.read(corpus, limit)
    return Data(functions, model, cache, corpus, device, written(corpus / QUESTIONS))
