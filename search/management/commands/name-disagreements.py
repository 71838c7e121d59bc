"""`manage.py name-disagreements`: how many names disagree with their code."""  # noqa: N999

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from codeindex.management import base
from codeindex.management.index import existing_index, repositories_called
from codeindex.models import RepositoryQuerySet
from search.candidates import sql


class Named(NamedTuple):
    """A function or method with a predicted name, best first."""

    repository: str
    path: str
    qualified_name: str
    predicted: list[tuple[str, float]]
    is_doubtful: bool


class Command(base.Command):
    help = (
        "Count the functions and methods whose name disagrees with their code, by the names that"
        " are predicted from the code, and list them. What is refined later may still change."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("repositories", nargs="*", metavar="NAME", help="name or owner/name")
        parser.add_argument("--list", type=int, default=20, metavar="N", help="list so many")

    def handle(self, *, repositories: Sequence[str], **options: Any) -> None:
        with existing_index():
            named = list(_named(repositories_called(repositories)))
        flagged = [each for each in named if each.is_doubtful]
        share = 100 * len(flagged) / max(1, len(named))
        self.stdout.write(
            f"{len(flagged):,} of {len(named):,} functions with predicted names disagree with them"
            f" ({share:.1f}%)."
        )
        flagged.sort(key=lambda each: -each.predicted[0][1])
        for each in flagged[: options["list"]]:
            best, score = each.predicted[0]
            place = f"{each.repository}:{each.path}"
            self.stdout.write(f"  {each.qualified_name} in {place} is rather {best} ({score:.2f})")


def _named(repositories: RepositoryQuerySet) -> Iterator[Named]:
    """Those that are live, each text once."""
    ids = sql.array_literal(repositories.values_list("pk", flat=True))
    for repository, path, name, predicted, is_doubtful in sql.rows(NAMED, {"repositories": ids}):
        best_first = sorted(json.loads(predicted), key=lambda each: -each[1])
        scored = [(word, score) for word, score in best_first]
        yield Named(repository, path, name, scored, is_doubtful)


NAMED = """
SELECT DISTINCT ON (definition.text_id) repository.name, file.path, definition.qualified_name,
       embedding.predicted_names, judged.embedding_id IS NOT NULL
FROM codeindex_definition AS definition
JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id AND file.live
JOIN codeindex_branch AS branch ON branch.id = file.branch_id
JOIN codeindex_repository AS repository ON repository.id = branch.repository_id
JOIN codeindex_embedding AS embedding ON embedding.text_id = definition.text_id
JOIN codeindex_space AS space ON space.id = embedding.space_id AND space.state = 'active'
LEFT JOIN codeindex_namedoubt AS judged ON judged.embedding_id = embedding.id
WHERE embedding.state = 'ready' AND definition.kind IN ('function', 'method')
  AND embedding.predicted_names <> '[]'::jsonb
  AND repository.id = ANY(%(repositories)s::bigint[])
ORDER BY definition.text_id, file.path
"""
