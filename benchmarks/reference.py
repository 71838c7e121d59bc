"""How many of the functions, methods and classes that universal-ctags finds are found here.

    python -m benchmarks.reference FOLDER… --language NAME [--ctags NAME] [--kinds KIND,…]

Needs `ctags` (Debian: universal-ctags) on the PATH. A tag counts as found if a definition of its
name begins on its line, or before it with decorators or a type. Prints the recall by kind, and some
missed tags.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sources import definitions_in
from embeddings.code.languages import language_by_path
from embeddings.paths.mining import files_under

KINDS = """
function method singletonMethod subroutine sub procedure constructor getter setter generator macro
class struct interface trait enum module object protocol extension type typedef alias record
service message rpc table view trigger property implementation
""".split()  # noqa: SIM905
"""What ctags calls functions, methods, classes and the like, in any language."""


HEAD_LINES = 60
"""Decorators and a type may stand above a name."""


@dataclass(frozen=True, slots=True)
class Tag:
    """What ctags found: its kind, and where its name stands."""

    path: str
    line: int
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.kind} {self.name}"


def tags_in(files: Sequence[Path], language: str, kinds: Sequence[str]) -> Iterator[Tag]:
    """What ctags finds in files of a language, by its own name for that."""
    run = subprocess.run(
        [
            *("ctags", "--output-format=json", "--fields=+nK", "-f", "-", "-L", "-"),
            *((f"--language-force={language}",) if language else ()),
        ],
        input="\n".join(map(str, files)),
        capture_output=True,
        text=True,
        errors="replace",
        check=True,
    )
    for line in run.stdout.splitlines():
        tag = json.loads(line)
        if tag.get("_type") == "tag" and tag.get("kind") in kinds:
            yield Tag(tag["path"], tag["line"], tag["kind"], tag["name"])


def spans_in(file: Path) -> dict[str, list[tuple[int, int]]]:
    """name → the lines of the definitions of this name."""
    spans = defaultdict(list)
    for definition in definitions_in(file):
        lines = definition.start_line, definition.end_line
        for name in {
            definition.name,
            definition.name.rpartition(".")[2],
            definition.qualified_name,
        }:
            spans[name].append(lines)
    return spans


def is_found(tag: Tag, spans: dict[str, list[tuple[int, int]]]) -> bool:
    """Whether a definition of the tag's name begins at most HEAD_LINES before it. A method of
    Objective-C is known by the first part of its selector."""
    name = tag.name.partition(":")[0] if tag.name.endswith(":") else tag.name
    lines = spans.get(name, ())
    return any(first <= tag.line <= min(last, first + HEAD_LINES) for first, last in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--language", required=True, help="a name that embeddings uses")
    parser.add_argument("--ctags", default="", help="force ctags' name of the language")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--missed", type=int, default=40, help="how many missed tags to print")
    options = parser.parse_args()

    files = [
        file
        for file in files_under(options.folders)
        if (entry := language_by_path(file.name)) is not None and entry.name == options.language
    ]
    found, all_tags, missed = Counter[str](), Counter[str](), []
    spans: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for tag in tags_in(files, options.ctags, options.kinds.split(",")):
        if tag.path not in spans:
            spans[tag.path] = spans_in(Path(tag.path))
        all_tags[tag.kind] += 1
        if is_found(tag, spans[tag.path]):
            found[tag.kind] += 1
        else:
            missed.append(tag)
    print(f"{len(files)} files, {len(spans)} of them with tags")
    for kind, count in all_tags.most_common():
        print(f"{kind:20} {found[kind]:7} of {count:7}  {found[kind] / count:.4f}")
    total = all_tags.total()
    print(f"{'all':20} {found.total():7} of {total:7}  {found.total() / max(total, 1):.4f}")
    for tag in missed[:: max(1, len(missed) // options.missed)]:
        print(f"missed {tag}")


if __name__ == "__main__":
    main()
