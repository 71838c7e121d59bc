"""What an installation has indexed, and how two differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import psycopg
from numpy.typing import NDArray

from codeindex.local_services.state import DATABASE
from tests.journeys.installation import Installation

SAME = 0.9999
"""The cosine from which two vectors are one text's."""

SHOWS = " still shows "


@dataclass(frozen=True, slots=True)
class Index:
    """Live definitions as (repository, path, kind, qualified name, first line, last line, hash of
    the text), and the unit vector of each text by its hash."""

    definitions: Counter[tuple[str | int, ...]]
    vectors: dict[str, NDArray[np.float32]]


@contextmanager
def database(installation: Installation) -> Iterator[psycopg.Connection]:
    with psycopg.connect(
        host=str(installation.state.sockets), dbname=DATABASE, user=DATABASE, autocommit=True,
        connect_timeout=10, options="-c statement_timeout=60s",
    ) as connection:  # fmt: skip
        yield connection


def read(installation: Installation) -> Index:
    with database(installation) as connection:
        definitions = connection.execute(DEFINITIONS).fetchall()
        vectors = connection.execute(VECTORS).fetchall()
    return Index(Counter(definitions), {hash_: _unit(vector) for hash_, vector in vectors})


def unfinished(installation: Installation, commits: dict[str, str]) -> list[str]:
    """What is not yet as it is to stay, where each repository is to show its commit."""
    with database(installation) as connection:
        rows = connection.execute(UNFINISHED).fetchall()
        live = dict(connection.execute(LIVE).fetchall())
    behind = [
        f"{name}{SHOWS}{live.get(name)}" for name in commits if live.get(name) != commits[name]
    ]
    return [f"{count} {what}" for what, count in rows if count] + behind


def failed(installation: Installation) -> Counter[str]:
    """Why runs and texts failed, and how many."""
    with database(installation) as connection:
        return Counter(dict(connection.execute(FAILED).fetchall()))


def differences(disturbed: Index, undisturbed: Index) -> list[str]:
    """One line for each definition that is missing, too much or of another text, and for each text
    whose vector is missing or another."""
    missing = undisturbed.definitions - disturbed.definitions
    surplus = disturbed.definitions - undisturbed.definitions
    texts = {str(row[-1]) for row in undisturbed.definitions}
    return [
        *(f"missing: {row}" for row in missing.elements()),
        *(f"too much: {row}" for row in surplus.elements()),
        *(f"no vector: {text}" for text in texts - disturbed.vectors.keys()),
        *(
            f"another vector: {text}"
            for text in texts & disturbed.vectors.keys()
            if disturbed.vectors[text] @ undisturbed.vectors[text] < SAME
        ),
    ]


def _unit(vector: str) -> NDArray[np.float32]:
    row = np.array(vector.strip("[]").split(","), np.float32)
    return row / np.linalg.norm(row)


DEFINITIONS = """
SELECT repository.name, path, definition.kind, qualified_name, start_line, end_line, hash
FROM codeindex_sourcefile AS file
JOIN codeindex_branch AS branch ON branch.id = branch_id
JOIN codeindex_repository AS repository ON repository.id = repository_id
JOIN codeindex_definition AS definition USING (blob_id)
JOIN codeindex_text AS text ON text.id = text_id
WHERE live
"""

VECTORS = """
SELECT hash, vector::text FROM codeindex_embedding AS embedding
JOIN codeindex_space AS space ON space.id = space_id AND space.state = 'active'
JOIN codeindex_text AS text ON text.id = text_id WHERE embedding.state = 'ready'
"""

UNFINISHED = """
SELECT 'runs that have not ended', count(*) FROM codeindex_indexrun WHERE finished IS NULL
UNION ALL SELECT 'leases on runs', count(*) FROM codeindex_indexrun
    WHERE lease IS NOT NULL OR leased_until IS NOT NULL
UNION ALL SELECT 'texts without a vector', count(*) FROM codeindex_embedding
    WHERE state = 'pending'
UNION ALL SELECT 'leases on texts', count(*) FROM codeindex_embedding
    WHERE lease IS NOT NULL OR leased_until IS NOT NULL
"""

FAILED = """
SELECT 'run: ' || error, count(*) FROM codeindex_indexrun WHERE status = 'failed' GROUP BY 1
UNION ALL
SELECT 'text: ' || reason, count(*) FROM codeindex_embedding WHERE state = 'failed' GROUP BY 1
"""

LIVE = """
SELECT repository.name, commit FROM codeindex_branch AS branch
JOIN codeindex_repository AS repository ON repository.id = repository_id
JOIN codeindex_indexrun AS run ON run.id = live_run_id
"""
