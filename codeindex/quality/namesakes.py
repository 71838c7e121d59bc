"""Definitions that have a name that is suggested for another one, the most similar first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from codeindex.quality import statements
from codeindex.quality.clones import Place

EACH = 3
"""Listed for each."""

COMPARED = 200
"""Definitions of one name that are compared: a name such as `get` has thousands."""


def nearest(
    wanted: Mapping[int, Sequence[str]], branches: Sequence[int]
) -> dict[int, Sequence[Place]]:
    """embedding → the definitions in `branches` that have one of the names wanted for it, in any
    spelling, by the cosine of their vectors. Raises `TooSlow`."""
    pairs = [
        (embedding, spelling)
        for embedding, names in wanted.items()
        for spelling in dict.fromkeys(name.lower().replace("_", "") for name in names)
    ]
    parameters = {
        "embeddings": [embedding for embedding, _ in pairs],
        "spellings": [spelling for _, spelling in pairs],
        "branches": list(branches),
        "compared": COMPARED,
    }
    found = defaultdict[int, list[Place]](list)
    for embedding, *place in statements.rows(_NEAREST, parameters) if pairs else ():
        if len(found[embedding]) < EACH:
            found[embedding].append(Place(*place))
    return dict(found)


# The spelling is the expression of the index `definitions_by_spelling`.
_NEAREST = """
SELECT wanted.embedding, called.repository, called.repository_id, called.path, called.file,
    called.definition, called.qualified_name, called.start_line, called.end_line
FROM unnest(%(embeddings)s::bigint[], %(spellings)s::text[]) AS wanted (embedding, spelling)
JOIN codeindex_embedding AS own ON own.id = wanted.embedding
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (definition.text_id)
        owner.username || '/' || repository.name AS repository, repository.id AS repository_id,
        file.path, file.id AS file, definition.id AS definition, definition.qualified_name,
        definition.start_line, definition.end_line, other.vector <=> own.vector AS distance
    FROM (
        SELECT * FROM codeindex_definition AS so_called
        WHERE REPLACE(LOWER(RTRIM(so_called.name, '?!=')), '_', '') = wanted.spelling
          AND EXISTS (
              SELECT FROM codeindex_sourcefile AS file
              WHERE file.blob_id = so_called.blob_id AND file.live
                AND file.branch_id = ANY(%(branches)s))
        LIMIT %(compared)s
    ) AS definition
    JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id AND file.live
    JOIN codeindex_branch AS branch ON branch.id = file.branch_id
    JOIN codeindex_repository AS repository ON repository.id = branch.repository_id
    JOIN auth_user AS owner ON owner.id = repository.owner_id
    JOIN codeindex_embedding AS other
      ON other.text_id = definition.text_id AND other.space_id = own.space_id
         AND other.state = 'ready'
    WHERE file.branch_id = ANY(%(branches)s) AND definition.text_id <> own.text_id
    ORDER BY definition.text_id, repository, file.path, definition.start_line
) AS called
ORDER BY wanted.embedding, called.distance, called.repository, called.path, called.start_line
"""
