"""How much of SQL has path-contexts: `python -m benchmarks.sql_paths FOLDER… [--grammar MODULE]`.

Prints for each folder, and in total, the number of distinct texts of definitions (those of blocks
with `--blocks`), and of these the share that parses without an error, the share of bytes under
error nodes, the share with path-contexts, the share with one whose path leads through no error
node, contexts per definition, and definitions per second of processor time. With `--grammar` the
grammar of another package, such as `tree_sitter_sql`, takes the place of ours; then only the first
two shares are measured. Needs no database.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tree_sitter import Node

from embeddings.code.definitions import extract
from embeddings.code.languages import Language, by_name, by_path
from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.sql import SQL
from embeddings.code.parsing import UnreadableSource, parse
from embeddings.files.decoding import decode
from embeddings.paths import contexts
from embeddings.paths.mining import files_under
from embeddings.types import Definition, Kind

MOST_BYTES = 1_000_000
"""Of a file. Larger ones are dumps."""


def main() -> None:
    """Prints a line for each folder."""
    options = _options()
    syntax = _syntax(options.grammar) if options.grammar else SQL
    total: Counter[str] = Counter()
    for folder in options.folders:
        counts = _counts(folder, syntax, options.blocks)
        _print(folder.name, counts, has_contexts=syntax is SQL)
        total += counts
    _print("total", total, has_contexts=syntax is SQL)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sql_paths", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--grammar", metavar="MODULE[:FUNCTION]")
    parser.add_argument("--blocks", action="store_true", help="blocks instead of the others")
    return parser.parse_args()


def _syntax(grammar: str) -> Language:
    module, _, function = grammar.partition(":")
    return replace(SQL, grammar=wheel(module, function or "language"))


def _counts(folder: Path, syntax: Language, blocks: bool) -> Counter[str]:
    counts: Counter[str] = Counter()
    for definition in _definitions(folder, blocks):
        source = definition.text.encode("utf-8", "replace")
        started = time.process_time()
        found = contexts(definition.text, "sql", kind=definition.kind) if syntax is SQL else ()
        seconds = time.process_time() - started
        through = sum("ERROR" in context.path for context in found)
        root = _root(source, syntax)
        broken = len(source) if root is None else _broken_bytes(root)
        counts += Counter(
            definitions=1,
            whole=root is not None and not root.has_error,
            bytes=len(source),
            broken=broken,
            some=bool(found),
            sound=len(found) > through,
            contexts=len(found),
            through=through,
            nanoseconds=round(seconds * 1e9),
        )
    return counts


def _definitions(folder: Path, blocks: bool) -> Iterator[Definition]:
    """The distinct texts in the SQL files of a folder."""
    seen = set()
    for file in files_under([folder]):
        if by_path(file.name) is not by_name("sql") or file.stat().st_size > MOST_BYTES:
            continue
        try:
            found = extract(decode(file.read_bytes(), by_name("sql")), by_name("sql")).definitions
        except UnreadableSource:
            continue
        for definition in found:
            if (definition.kind == Kind.BLOCK) == blocks and definition.text not in seen:
                seen.add(definition.text)
                yield definition


def _root(source: bytes, syntax: Language) -> Node | None:
    try:
        return parse(source, syntax).root_node
    except UnreadableSource:
        return None


def _broken_bytes(root: Node) -> int:
    """The bytes under the outermost error nodes."""
    waiting, broken = [root], 0
    while waiting:
        node = waiting.pop()
        if node.is_error:
            broken += node.end_byte - node.start_byte
        elif node.has_error:
            waiting += node.children
    return broken


def _print(name: str, counts: Counter[str], has_contexts: bool) -> None:
    texts, most = counts["definitions"], max(1, counts["definitions"])
    line = f"{name:45} {texts:6,}  whole {counts['whole'] / most:.3f}"
    line += f"  broken bytes {counts['broken'] / max(1, counts['bytes']):.3f}"
    if has_contexts:
        seconds = max(1, counts["nanoseconds"]) / 1e9
        line += f"  some {counts['some'] / most:.3f}  sound {counts['sound'] / most:.3f}"
        line += f"  contexts {counts['contexts'] / most:.0f}"
        line += f" ({counts['through'] / max(1, counts['contexts']):.3f} through errors)"
        line += f"  {texts / seconds:,.0f}/s"
    print(line)


if __name__ == "__main__":
    main()
