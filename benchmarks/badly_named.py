"""Makes a copy of a repository in which every definition of Python has a meaningless name, to
measure how well badly named code is found: `python -m benchmarks.badly_named REPOSITORY TARGET
[--questions FILE --name NAME --copied-questions FILE]`.

Names of functions, methods, classes and constants become `x1`, `x2` and so on wherever they occur,
as attributes and keywords, too; names that Python prescribes stay. Strings, comments and paths
stay as they are, and every line keeps its number, so that questions have the same answers. The
copy is a git repository. The questions about NAME are written for `NAME-unnamed`, the copy's name
in an index:

    manage.py index TARGET --name NAME-unnamed --wait
    manage.py evaluate COPIED_QUESTIONS --group file
    manage.py tune-ranking QUESTIONS COPIED_QUESTIONS
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from tree_sitter import QueryCursor

from embeddings.code.definitions import extract
from embeddings.code.languages import Language, by_path, query
from embeddings.code.parsing import UnreadableSource, node_text, parse
from embeddings.types import NAMELESS

IDENTIFIERS = "[(identifier) @name]"


def main() -> None:
    options = _options()
    shutil.copytree(options.repository, options.target, ignore=shutil.ignore_patterns(".git"))
    files = sorted(options.target.rglob("*.py"))
    names = {name: f"x{number}" for number, name in enumerate(_names(files), start=1)}
    for file in files:
        file.write_text(_renamed(file.read_text(errors="replace"), names))
    _commit(options.target)
    print(f"{len(names):,} names in {len(files):,} files are meaningless now.")
    if options.questions:
        asked = json.loads(options.questions.read_text())[options.name]
        copied = {f"{options.name}-unnamed": {**asked, "revision": ""}}
        options.copied_questions.write_text(json.dumps(copied, indent=2))


def _names(files: list[Path]) -> Iterator[str]:
    """In the order of their first definitions."""
    seen = set[str]()
    for file in files:
        try:
            found = extract(file.read_text(errors="replace"), _python()).definitions
        except UnreadableSource:
            continue
        for each in found:
            is_prescribed = each.name.startswith("__") or not each.name.isidentifier()
            if each.kind not in NAMELESS and not is_prescribed and each.name not in seen:
                seen.add(each.name)
                yield each.name


def _renamed(source: str, names: Mapping[str, str]) -> str:
    data = source.encode()
    try:
        root = parse(data, _python()).root_node
    except UnreadableSource:
        return source
    nodes = QueryCursor(query(_python(), IDENTIFIERS)).captures(root).get("name", [])
    pieces, end = [], 0
    for node in sorted(nodes, key=lambda node: node.start_byte):
        spelt = node_text(node, data).decode(errors="replace")
        if spelt in names:
            pieces += [data[end : node.start_byte], names[spelt].encode()]
            end = node.end_byte
    return b"".join([*pieces, data[end:]]).decode(errors="replace")


def _python() -> Language:
    language = by_path("a.py")
    assert isinstance(language, Language)
    return language


def _commit(folder: Path) -> None:
    own = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost")
    for arguments in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "--all"),
        (*own, "commit", "--quiet", "--message", "meaningless names"),
    ):
        subprocess.run(["git", "-C", str(folder), *arguments], check=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.badly_named", description=__doc__)
    parser.add_argument("repository", type=Path)
    parser.add_argument("target", type=Path, help="a folder that is not there yet")
    parser.add_argument("--questions", type=Path, help="as for manage.py evaluate")
    parser.add_argument("--name", default="", help="of the repository in the questions")
    parser.add_argument("--copied-questions", type=Path, help="where they are written")
    return parser.parse_args()


if __name__ == "__main__":
    main()
