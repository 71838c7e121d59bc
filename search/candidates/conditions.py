"""Filters as SQL conditions on the rows of `search.candidates.scopes.ROWS`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from embeddings.files import path_rules
from embeddings.files.path_rules import PathKind
from embeddings.types import Kind
from search.query import expressions, lexemes
from search.query.expressions import Expression
from search.query.filters import (
    IMPLEMENTATION,
    OF_CHANGES,
    Field,
    Filter,
    filter_values,
    path_pattern,
    phrase_pattern,
    phrase_words,
)
from search.query.lexemes import Corpus

TYPES = (Kind.INTERFACE, Kind.TRAIT, Kind.ENUM, Kind.TYPE)
"""What `kind:class` finds beside classes."""

OF_FILES = (Field.REPOSITORY, Field.REVISION, Field.PATH, Field.LABEL)

UNKNOWN = "NULL::boolean"


@dataclass(slots=True)
class Conditions:
    """Writes conditions, and collects the `parameters` of their placeholders. Words are counted in
    a `corpus`; `branches` says which ones a filter names, as a Postgres array literal."""

    corpus: Corpus
    branches: Callable[[Filter], str]
    parameters: dict[str, object] = field(default_factory=dict)

    def of_definitions(self, filters: Sequence[Filter]) -> str:
        """What filters ask of definitions and their texts."""
        conditions = []
        for excluded in (False, True):
            sign = "NOT " if excluded else ""
            if languages := filter_values(filters, Field.LANGUAGE, excluded=excluded):
                conditions.append(f"{sign}({self._in_languages(languages)})")
            if kinds := filter_values(filters, Field.KIND, excluded=excluded):
                conditions.append(f"{sign}({self._of_kinds(kinds)})")
            for change in OF_CHANGES:
                if values := filter_values(filters, change, excluded=excluded):
                    last = " OR ".join(self._of_commit(change, value) for value in values)
                    conditions.append(f"{sign}{_changed(last)}")
            for phrase in filter_values(filters, Field.PHRASE, excluded=excluded):
                # No index helps to find what is excluded
                condition = self._matches(phrase) if excluded else self._contains(phrase)
                conditions.append(f"{sign}({condition})")
        return "".join(f" AND {condition}" for condition in conditions)

    def of_files(self, filters: Sequence[Filter]) -> str:
        """What filters ask of files: of their paths, and that one of their definitions has changed
        as they say."""
        conditions = [
            f"{'NOT ' if path.excluded else ''}({self._of_path(path.value)})"
            for path in filters
            if path.field == Field.PATH
        ]
        for excluded in (False, True):
            if labels := filter_values(filters, Field.LABEL, excluded=excluded):
                conditions.append(f"{'NOT ' if excluded else ''}({self._of_labels(labels)})")
        for change in OF_CHANGES:
            if values := filter_values(filters, change):
                last = " OR ".join(self._of_commit(change, value) for value in values)
                conditions.append(_has_changed(last))
        return "".join(f" AND {condition}" for condition in conditions)

    def that(self, expression: Expression) -> str:
        """What an expression asks."""
        return f" AND ({expressions.to_sql(expression, self._of)})"

    def that_files_may(self, expression: Expression) -> str:
        """What an expression asks of files alone: those for which it can hold."""

        def of_file(leaf: Filter) -> str:
            return self._of(leaf) if leaf.field in OF_FILES else UNKNOWN

        return f" AND ({expressions.to_sql(expression, of_file)}) IS NOT FALSE"

    def placeholder(self, value: object) -> str:
        """A placeholder for a new parameter."""
        name = f"kept_{len(self.parameters)}"
        self.parameters[name] = value
        return f"%({name})s"

    def _of(self, leaf: Filter) -> str:
        match leaf.field:
            case Field.REPOSITORY | Field.REVISION:
                return f"file.branch_id = ANY({self.placeholder(self.branches(leaf))})"
            case Field.PATH:
                return self._of_path(leaf.value)
            case Field.LABEL:
                return self._of_labels([leaf.value])
            case Field.LANGUAGE:
                return self._in_languages([leaf.value])
            case Field.KIND:
                return self._of_kinds([leaf.value])
            case Field.AUTHOR | Field.AFTER | Field.BEFORE:
                return _changed(self._of_commit(leaf.field, leaf.value))
            case Field.PHRASE:
                return self._contains(leaf.value)
            case Field.WORD:
                return self._holds(leaf.value)

    def _of_path(self, path: str) -> str:
        return f"file.path ~* {self.placeholder(path_pattern(path))}"

    def _of_labels(self, labels: Sequence[str]) -> str:
        """By the same pattern for every label, since `NOT` takes all of them together."""
        kinds = [PathKind(label) for label in labels if label != IMPLEMENTATION]
        conditions = [f"file.path ~ {self.placeholder(path_rules.pattern(kinds))}"] if kinds else []
        if IMPLEMENTATION in labels:
            conditions.append(f"file.path !~ {self.placeholder(path_rules.pattern([*PathKind]))}")
        return " OR ".join(conditions)

    def _of_commit(self, change: Field, value: str) -> str:
        given = self.placeholder(value)
        if change == Field.AUTHOR:
            return f"strpos(lower(made.author), lower({given})) > 0"
        return f"made.authored {'>=' if change == Field.AFTER else '<'} {given}::date"

    def _in_languages(self, languages: Sequence[str]) -> str:
        return f"kept_text.language = ANY({self.placeholder(languages)})"

    def _of_kinds(self, kinds: Sequence[str]) -> str:
        return f"definition.kind = ANY({self.placeholder(_with_types(kinds))})"

    def _contains(self, phrase: str) -> str:
        """A phrase. Its words come first, since an index has them, unless all are stop words."""
        words = self._tsquery(phrase)
        matches = self._matches(phrase)
        return f"kept_text.words @@ {words}::tsquery AND {matches}" if words else matches

    def _holds(self, word: str) -> str:
        """A word, in any form."""
        words = self._tsquery(word)
        return f"kept_text.words @@ {words}::tsquery" if words else self._matches(word)

    def _matches(self, phrase: str) -> str:
        return f"kept_text.body ~* {self.placeholder(phrase_pattern(phrase))}"

    def _tsquery(self, phrase: str) -> str:
        """All words of a phrase; empty if they are stop words."""
        words = lexemes.weighted_lexemes(phrase_words(phrase), self.corpus)
        return self.placeholder(lexemes.tsquery_all(words)) if words else ""


def _changed(commit: str) -> str:
    """That the last commit that changed the definition, if it is known, is such a one."""
    return _has_changed(f"change.definition_id = definition.id AND ({commit})")


def _has_changed(commit: str) -> str:
    """The same of any definition in the file."""
    return (
        "EXISTS (SELECT FROM codeindex_definitionchange AS change"
        " JOIN codeindex_commit AS made ON made.id = change.commit_id"
        f" WHERE change.file_id = file.id AND ({commit}))"
    )


def _with_types(kinds: Sequence[str]) -> Sequence[str]:
    """The kinds; `class` stands for all kinds of types, whatever a language calls them."""
    return [*kinds, *TYPES] if Kind.CLASS in kinds else kinds
