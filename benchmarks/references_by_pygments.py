"""Where names are written, by Pygments' lexers, outside of comments and strings: one line of JSON
each. These are the references of names that one definition in a repository has.

    python benchmarks/references_by_pygments.py FOLDER REPOSITORY PATH:NAME …

as for references_by_jedi.py.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pygments.lexers import get_lexer_for_filename
from pygments.token import Name, Token


def main() -> None:
    """Prints a line for each definition."""
    folder, repository, *wanted = sys.argv[1:]
    for each in wanted:
        path, _, name = each.partition(":")
        references = [*_references(Path(folder), Path(path).suffix, name.rpartition(".")[2])]
        found = {"repository": repository, "path": path, "name": name, "references": references}
        print(json.dumps(found))


def _references(folder: Path, suffix: str, name: str):
    for file in sorted(folder.rglob(f"*{suffix}")):
        source = file.read_text("utf-8", "replace")
        if file.is_file() and name in source:
            line, lexer = 1, get_lexer_for_filename(file.name, stripnl=False)
            for kind, text in lexer.get_tokens(source):
                is_name = kind in Name or kind in Token.Keyword
                if is_name and name in text.replace("!", "").split("."):
                    yield str(file.relative_to(folder)), line
                line += text.count("\n")


if __name__ == "__main__":
    main()
