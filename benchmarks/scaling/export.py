"""Takes the vectors of an index, and those of queries for it, into a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.nearest_neighbours import SpaceVectors
from benchmarks.search_speed import docstring_queries
from codeindex.local_services import ensure_services
from codeindex.models import Space, SpaceState
from codeindex.spaces import encoders

QUERIES = 200


def export(file: Path) -> None:
    """Of the active space in CODEINDEX_HOME. Queries are first paragraphs of docstrings."""
    with ensure_services():
        space = Space.objects.get(state=SpaceState.ACTIVE)
        queries = encoders.encoder_for(space).encode_queries(docstring_queries(QUERIES))
        rows = SpaceVectors.read(space).rows
    np.savez(file, rows=rows.astype(np.float16), queries=queries)
    print(f"{len(rows):,} vectors and {len(queries)} queries in {file}")
