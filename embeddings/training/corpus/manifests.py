"""What the manifest of a corpus says: its projects, and how much it holds of each language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from embeddings.training.corpus.functions import Function
from embeddings.training.corpus.projects import Project


def contents(
    projects: Mapping[str, Project], functions: Sequence[Function], splits: Mapping[str, str]
) -> dict[str, object]:
    """The functions of a corpus, counted; `projects` by their names, with the `splits` of each."""
    sizes = Counter(function.package for function in functions)
    described = Counter(function.package for function in functions if function.query)
    languages = main_languages(functions)
    return {
        "functions": sizes.total(),
        "with_docstring": described.total(),
        "languages": _by_language(functions, splits),
        "packages": [
            {
                **asdict(project),
                "language": languages[name],
                "split": splits[name],
                "functions": sizes[name],
                "with_docstring": described[name],
            }
            for name, project in projects.items()
            if sizes[name]
        ],
    }


def main_languages(functions: Sequence[Function]) -> dict[str, str]:
    """Project → the language of most of its functions."""
    counts: dict[str, Counter[str]] = {}
    for function in functions:
        counts.setdefault(function.package, Counter())[function.language] += 1
    return {project: max(count, key=count.__getitem__) for project, count in counts.items()}


def _by_language(
    functions: Sequence[Function], splits: Mapping[str, str]
) -> dict[str, dict[str, object]]:
    """Language → its projects and functions, and how many of these have a docstring, by split."""
    rows: dict[str, dict[str, object]] = {}
    for language in sorted({function.language for function in functions}):
        own = [function for function in functions if function.language == language]
        described = Counter(splits[function.package] for function in own if function.query)
        rows[language] = {
            "projects": len({function.package for function in own}),
            "functions": len(own),
            "with_docstring": described.total(),
            "with_docstring_by_split": dict(sorted(described.items())),
        }
    return rows
