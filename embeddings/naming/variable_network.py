"""Prediction of a variable's name, from the path-contexts of its occurrences (code2vec), its role,
and the words around it, which its name often repeats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from embeddings.naming.mentions import PLACES
from embeddings.naming.network import Labels, Names
from embeddings.naming.scopes import Role
from embeddings.naming.variables import HIDDEN, Variable
from embeddings.networks.code2vec import Code2Vec, Code2VecSettings
from embeddings.networks.vocabulary import ContextBatch, Lexicon, Mentions, subtokens

ROLES: Final = tuple(Role)

ANNOTATED: Final = 1 << (PLACES - 1)
"""The bit of words of the annotation. The others tell the length of the path from the variable."""


class VariableNetwork(nn.Module):
    """code2vec and labels. In the lexicon, `labels` are names of variables, and `words` those
    around variables."""

    def __init__(self, lexicon: Lexicon, settings: Code2VecSettings) -> None:
        super().__init__()
        self.lexicon = lexicon
        self.code2vec = Code2Vec(len(lexicon.subtokens), len(lexicon.paths), settings)
        self.labels = Labels(lexicon.labels, settings.code + len(ROLES), lexicon.words)

    def vectors(self, contexts: ContextBatch, roles: Tensor) -> Tensor:
        """The path-contexts of n variables and their roles (n,), places in ROLES → (n, width)."""
        code = self.code2vec(contexts).vectors
        return torch.cat([code, one_hot(roles, len(ROLES)).to(code)], dim=1)

    @torch.inference_mode()
    def names(self, variables: Sequence[Variable], k: int) -> list[Names]:
        """For each variable at most k names, best first, with their expected F1 over subtokens. Its
        own name is hidden."""
        return self.labels.predict(*self._seen(variables), k)

    @torch.inference_mode()
    def expected_f1(self, variables: Sequence[Variable], names: Sequence[str]) -> list[float]:
        """For each variable the expected F1 over subtokens of a name that is given."""
        return self.labels.expected_f1(*self._seen(variables), names)

    def _seen(self, variables: Sequence[Variable]) -> tuple[Tensor, Mentions]:
        device = self.code2vec.layer.weight.device
        contexts = self.lexicon.batch([each.contexts for each in variables]).to(device)
        places = [ROLES.index(each.role) for each in variables]
        roles = torch.tensor(places, dtype=torch.long, device=device)
        mentions = self.lexicon.mentions([around(each) for each in variables])
        return self.vectors(contexts, roles), mentions


def around(variable: Variable) -> dict[str, int]:
    """The subtokens at the other ends of the variable's paths, and of its annotation, each with the
    bits of where it stands."""
    words: dict[str, int] = {}
    for context in variable.contexts:
        bit = 1 << min(len(context.path) - 1, PLACES - 2)
        for leaf in (context.start, context.end):
            if leaf.token != HIDDEN:
                for word in subtokens(leaf.token):
                    words[word] = words.get(word, 0) | bit
    for word in subtokens(variable.annotation):
        words[word] = words.get(word, 0) | ANNOTATED
    return words
