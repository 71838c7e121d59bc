"""The variables of a corpus, kept on disk in blocks, so that an interrupted run loses one block at
most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from more_itertools import sliced

from embeddings.naming.variable_network import ROLES, around
from embeddings.naming.variables import variables
from embeddings.networks.vocabulary import Ids
from embeddings.training.corpus.functions import Function, fingerprint
from embeddings.training.data.features import (
    CorpusContexts,
    joined_contexts,
    tabulated,
    write_arrays,
    write_blocks,
)
from embeddings.training.data.mentions import CorpusMentions, joined_mentions, mention_arrays

BLOCK = 1024
FORMAT = 1


@dataclass(frozen=True, slots=True)
class CorpusVariables:
    """n variables: their `names`, the places of their `roles` in ROLES (n,), the functions that
    have them (n,), their path-contexts and the words around them."""

    names: list[str]
    roles: Ids
    owners: Ids
    contexts: CorpusContexts
    mentions: CorpusMentions

    @classmethod
    def read(cls, functions: Sequence[Function], folder: Path) -> CorpusVariables:
        """Those of the functions, from a corpus folder or computed now."""
        cache = folder / "variables"
        cache.mkdir(parents=True, exist_ok=True)
        parts = list(sliced(functions, BLOCK))
        files = [cache / f"{_key(part)}.npz" for part in parts]
        missing = {file: part for file, part in zip(files, parts, strict=True) if not file.exists()}
        write_blocks(missing, _write, "variables")
        names: list[str] = []
        roles, owners = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for number, file in enumerate(files):
            with np.load(file) as block:
                names += str(block["names"]).split("\n") if len(block["roles"]) else []
                roles.append(block["roles"].astype(np.int64))
                owners.append(block["owners"].astype(np.int64) + number * BLOCK)
        return cls(
            names,
            np.concatenate(roles),
            np.concatenate(owners),
            joined_contexts(files),
            joined_mentions(files, "around"),
        )


def _write(path: Path, functions: Sequence[Function]) -> None:
    found = [
        (owner, variable)
        for owner, function in enumerate(functions)
        for variable in variables(function.code, function.language)
    ]
    write_arrays(
        path,
        {
            "names": "\n".join(variable.name for _, variable in found),
            "roles": np.array([ROLES.index(variable.role) for _, variable in found], np.int8),
            "owners": np.array([owner for owner, _ in found], np.int32),
            **tabulated(variable.contexts for _, variable in found),
            **mention_arrays((around(variable) for _, variable in found), "around"),
        },
    )


def _key(functions: Sequence[Function]) -> str:
    return fingerprint("\0".join([str(FORMAT), *(function.code for function in functions)]))
