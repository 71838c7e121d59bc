"""Size and speed of the search for lines: `python -m benchmarks.lines REPOSITORY …`.

Makes an index of its own in CODEINDEX_HOME, of the text files at the head of some git repositories
and of replicas in which a third of the words are replaced by other ones, until it has so many
`--files`. Each replica is a repository; nothing is read or embedded. Then it searches for
identifiers, for parts of words and for regular expressions out of these files, as an administrator
and as a user who may see every second repository. `--gin` measures core GIN over arrays of grams,
the way that was not taken, with the first of the contents.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks import programs


def main() -> None:
    """Prints the figures as they are measured."""
    parser = programs.parser("lines", __doc__)
    parser.add_argument("repositories", type=Path, nargs="+", metavar="REPOSITORY")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=100, help="of each kind")
    parser.add_argument("--gin", type=int, metavar="N", help="contents for GIN, instead of queries")
    options = parser.parse_args()
    programs.measure("lines_speed", options)


if __name__ == "__main__":
    main()
