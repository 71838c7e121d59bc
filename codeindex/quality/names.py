"""Functions whose names are most at odds with their code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from codeindex.quality import statements
from codeindex.quality.clones import Place
from embeddings.naming.disagreement import SURE, disagrees
from embeddings.paths import CODE

LOOKED_AT = 5_000
"""The surest predictions; of these, those that the name disagrees with are listed."""

LISTED = 100


@dataclass(frozen=True, slots=True)
class DoubtfulName:
    place: Place
    suggested: str
    confidence: float


def doubtful(branches: Sequence[int]) -> list[DoubtfulName]:
    """The most doubtful first. Raises `OperationalError` if it takes too long."""
    parameters = {
        "branches": list(branches),
        "kinds": list(CODE),
        "sure": SURE,
        "limit": LOOKED_AT,
    }
    found = []
    for names, name, *place in statements.rows(_SUREST, parameters):
        predicted = [(str(each), float(score)) for each, score in json.loads(names)]
        if disagrees(name, predicted):
            best, score = max(predicted, key=lambda each: each[1])
            found.append(DoubtfulName(Place(*place), best, score))
    return found[:LISTED]


_SUREST = """
SELECT predicted_names, name, repository, repository_id, path, file, definition, qualified_name,
    start_line, end_line
FROM (
    SELECT DISTINCT ON (definition.text_id) own.predicted_names, definition.name,
        owner.username || '/' || repository.name AS repository, repository.id AS repository_id,
        file.path, file.id AS file, definition.id AS definition, definition.qualified_name,
        definition.start_line, definition.end_line
    FROM codeindex_sourcefile AS file
    JOIN codeindex_definition AS definition ON definition.blob_id = file.blob_id
    JOIN codeindex_embedding AS own ON own.text_id = definition.text_id
    JOIN codeindex_space AS space ON space.id = own.space_id AND space.state = 'active'
    JOIN codeindex_branch AS branch ON branch.id = file.branch_id
    JOIN codeindex_repository AS repository ON repository.id = branch.repository_id
    JOIN auth_user AS owner ON owner.id = repository.owner_id
    WHERE file.live AND file.branch_id = ANY(%(branches)s) AND definition.kind = ANY(%(kinds)s)
      AND own.state = 'ready' AND (own.predicted_names->0->>1)::float >= %(sure)s
    ORDER BY definition.text_id, repository.id, file.path
) AS surest
ORDER BY (predicted_names->0->>1)::float DESC, repository, path, start_line LIMIT %(limit)s
"""
