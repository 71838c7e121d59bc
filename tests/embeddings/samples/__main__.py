"""`python -m tests.embeddings.samples LANGUAGE` writes what is found in that language's sample;
read it before you commit it."""

from __future__ import annotations

import sys

from embeddings.code.languages import Language, by_name
from tests.embeddings.samples import source_of, written_contexts, written_definitions, written_uses

for name in sys.argv[1:]:
    source = source_of(by_name(name))
    (source.parent / "definitions.txt").write_text(written_definitions(source), "utf-8")
    (source.parent / "contexts.txt").write_text(written_contexts(source), "utf-8")
    if isinstance(by_name(name), Language):
        (source.parent / "uses.txt").write_text(written_uses(source), "utf-8")
