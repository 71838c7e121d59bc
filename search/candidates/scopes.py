"""What a search may find: definitions in live files that its user may see and that its filters
keep. This is one SQL condition, which stands in every statement that looks for definitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User

from search.candidates import branches, sql
from search.candidates.branches import FIELDS
from search.candidates.conditions import Conditions
from search.query.expressions import Expression
from search.query.filters import Filter
from search.query.lexemes import Corpus

SPARSE = 10
"""A scope with at most one in SPARSE of the visible texts is compared exactly, too, up to twice
CODEINDEX_EXACT_TEXTS: the HNSW index would skip so many rows for it that it takes about as long
and finds less. Hidden texts do not count, since an answer says whether it is exact."""

MAX_NAMED_FILES = 1_000
"""If path filters keep no more files than this, the statements name these files. Otherwise each
statement of a search that finds little would match the path of every definition."""

ROWS = """
codeindex_definition AS definition
JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id
LEFT JOIN codeindex_text AS kept_text ON kept_text.id = definition.text_id
"""
"""Definitions in their files, with their texts. Postgres omits the left join where no condition
reads the text."""

GATE = "file.live AND file.branch_id = ANY(%(branches)s)"


ADDED = """
file.from_run_id = ANY(%(added_by)s) AND NOT EXISTS (
    SELECT FROM codeindex_definition AS earlier
    JOIN codeindex_sourcefile AS holder ON holder.blob_id = earlier.blob_id
    WHERE earlier.text_id = definition.text_id AND holder.branch_id = ANY(%(branches)s)
    AND holder.from_run_id <> ALL(%(added_by)s)
    AND (holder.live OR holder.until_run_id = ANY(%(added_by)s))
)
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a search may find: the rows of ROWS that meet `condition`, with its `parameters`;
    `file_condition` is the part of it that is about files.

    `texts` is an upper bound of their texts. `visible` is the corpus that the user may see,
    whatever the filters, and `all_texts` is the size of the whole index. `has_all_branches`: it
    looks into all of them that the user may see. `unfinished` names the
    repositories whose vectors are incomplete."""

    condition: str
    file_condition: str
    parameters: Mapping[str, object]
    texts: int
    visible: Corpus
    all_texts: int
    has_only_branch_filters: bool
    has_all_branches: bool
    unfinished: Sequence[str] = ()

    @property
    def exact_limit(self) -> int:
        """The largest number of texts that are compared exactly."""
        always = settings.CODEINDEX_EXACT_TEXTS
        return min(max(always, self.visible.texts // SPARSE), 2 * always)

    @property
    def is_small(self) -> bool:
        return self.texts <= self.exact_limit

    @property
    def sees_everything(self) -> bool:
        """Whether nothing is hidden from the user."""
        return self.visible.texts == self.all_texts

    def has_texts(self) -> bool:
        statement = f"SELECT EXISTS (SELECT FROM {ROWS} WHERE {self.condition})"
        ((has_texts,),) = sql.rows(statement, self.parameters)
        return bool(has_texts)

    def is_visible(self, text: str) -> str:
        """The condition that the scope holds a definition of a text, whose id is given as an SQL
        expression. This is the gate of every statement."""
        return f"EXISTS ({self.visible_row(text)})"

    def visible_row(self, text: str) -> str:
        """Selects one empty row if that holds."""
        return f"SELECT FROM {ROWS} WHERE definition.text_id = {text} AND {self.condition} LIMIT 1"

    def added_by(self, runs: frozenset[int]) -> Scope:
        """Of the scope's code, what these index runs have added to its branches: their files' texts
        that no file of an earlier run holds, nor did when they replaced it. All of it for no
        runs."""
        if not runs:
            return self
        return _with_counted_texts(
            replace(
                self,
                condition=f"{self.condition} AND {ADDED}",
                parameters={**self.parameters, "added_by": sql.array_literal(runs)},
                has_only_branch_filters=False,
            )
        )

    def without_text(self, text: int) -> Scope:
        return replace(
            self,
            condition=f"{self.condition} AND definition.text_id <> %(left_out)s",
            parameters={**self.parameters, "left_out": text},
        )


def scope_for(
    user: User | AnonymousUser,
    filters: Sequence[Filter] = (),
    expressions: Sequence[Expression] = (),
) -> Scope:
    """What `user` may find under the filters, where the expressions hold. Raises
    `UnknownRepository`, for a hidden one too."""
    choice = branches.choice(user, filters, expressions)
    kept = choice.kept(filters, expressions)
    corpus = Corpus(
        sql.array_literal(branch.branch for branch in choice.searchable),
        sum(branch.texts for branch in choice.searchable),
    )
    gate = {"branches": sql.array_literal(branch.branch for branch in kept)}
    conditions = Conditions(corpus, choice.ids)
    others = [each for each in expressions if not branches.are_decisive(each)]
    file_condition = _file_condition(filters, others, conditions, gate)
    own = conditions.of_definitions(filters) + "".join(map(conditions.that, others))
    scope = Scope(
        condition=f"{GATE}{file_condition}{own}",
        file_condition=f"{GATE}{file_condition}",
        parameters={**gate, **conditions.parameters},
        texts=sum(branch.texts for branch in kept),
        visible=corpus,
        all_texts=max((branch.all_texts for branch in kept), default=0),
        has_only_branch_filters=not others and all(each.field in FIELDS for each in filters),
        has_all_branches=len(kept) == len(choice.searchable),
        unfinished=sorted({branch.name for branch in kept if branch.finished is None}),
    )
    if scope.has_only_branch_filters or scope.is_small:
        return scope
    return _with_counted_texts(scope)


def _file_condition(
    filters: Sequence[Filter],
    expressions: Sequence[Expression],
    conditions: Conditions,
    gate: Mapping[str, object],
) -> str:
    """What filters and expressions ask of the files in ROWS."""
    condition = conditions.of_files(filters) + "".join(map(conditions.that_files_may, expressions))
    if not condition:
        return ""
    matching = f"SELECT file.id FROM codeindex_sourcefile AS file WHERE {GATE}{condition}"
    ((count, files),) = sql.rows(
        "SELECT count(*), coalesce(array_agg(id), '{}')::text"
        f" FROM ({matching} LIMIT {MAX_NAMED_FILES + 1}) AS kept",
        {**gate, **conditions.parameters},
    )
    if count > MAX_NAMED_FILES:
        return condition
    return f" AND file.id = ANY({conditions.placeholder(files)}::bigint[])"


def _with_counted_texts(scope: Scope) -> Scope:
    """The scope with the number of definitions that its filters keep, counted no further than it
    matters: if there are too many to compare each, the upper bound stays."""
    kept = f"SELECT FROM {ROWS} WHERE {scope.condition} LIMIT {scope.exact_limit + 1}"
    ((count,),) = sql.rows(f"SELECT count(*) FROM ({kept}) AS kept", scope.parameters)
    counted = replace(scope, texts=count)
    return counted if counted.is_small else scope
