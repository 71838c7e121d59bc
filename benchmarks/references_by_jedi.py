"""The references of Python definitions as jedi finds them, by types: one line of JSON each.

    pip install jedi    # in an environment of its own
    python benchmarks/references_by_jedi.py FOLDER REPOSITORY PATH:NAME …

FOLDER is a checkout, REPOSITORY what it is called in the index, and NAME the qualified name of a
definition in the file PATH. `python -m benchmarks.references_quality` compares the lines with what
codeindex finds.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jedi
from jedi.inference import references

# Files that jedi opens and parses; by default too few for a project.
references._PARSED_FILE_LIMIT = references._OPENED_FILE_LIMIT = 10_000


def main() -> None:
    """Prints a line for each definition."""
    folder, repository, *wanted = sys.argv[1:]
    for each in wanted:
        path, _, name = each.partition(":")
        found = _references(Path(folder).resolve(), path, name)
        known = {"repository": repository, "path": path, "name": name, "references": found}
        print(json.dumps(known), flush=True)


def _references(folder: Path, path: str, name: str) -> list[tuple[str, int]]:
    script = jedi.Script(path=folder / path, project=jedi.Project(folder))
    (definition,) = [
        each
        for each in script.get_names(all_scopes=True)
        if each.full_name and each.full_name.endswith(f".{name}") and each.is_definition()
    ][:1]
    found = script.get_references(definition.line, definition.column)
    return sorted(
        {
            (str(each.module_path.relative_to(folder)), each.line)
            for each in found
            if each.module_path.is_relative_to(folder)
        }
    )


if __name__ == "__main__":
    main()
