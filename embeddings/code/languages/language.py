"""What an entry for a language says. CONTRIBUTING.md shows how to add one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from embeddings.types import Definition

Kinds = frozenset[str]
"""Kinds of nodes, by their names in a grammar."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FileType:
    """How files of one kind are told apart. A file is of this type by one of its `extensions`, by
    its whole name (`filenames`, in lower case), or by the program that its first line names
    (`interpreters`).

    `line_comments` start a comment that ends with the line; `block_comments` are the marks around
    the others. Comments that start with one of `inner_comments` document what they stand in, and
    not what follows.
    """

    name: str
    extensions: tuple[str, ...] = ()
    filenames: tuple[str, ...] = ()
    interpreters: tuple[str, ...] = ()
    line_comments: tuple[str, ...] = ("//",)
    block_comments: tuple[tuple[str, str], ...] = (("/*", "*/"),)
    inner_comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Language(FileType):
    """How sources of one programming language are read. `grammar` returns the pointer to the
    tree-sitter grammar; the package that holds it is imported only then. `prepare` returns a source
    of the same length that the grammar can read, in linear time; positions in both are the same.

    `definitions` is a tree-sitter query. It captures each definition's node as

    - `@function`, or `@method` if it is always one (a `@function` in a class is a method, too),
      with its `@name` and `@body`;
    - `@signature`, with its `@name`: a function without a body, as in an interface or a header.
      One that a function of the same name follows belongs to that function (an overload);
    - `@class`, `@interface` or `@trait`, with its `@name` and `@body`; its text is an outline;
    - `@type`, `@enum`, `@macro` or `@property`, with its `@name` and perhaps `@body`; its text is
      the whole source;
    - `@constant`, with its `@name` and perhaps the `@body` that is its value: what a module or
      class assigns to a name. Outlines show it up to its body;
    - `@block`, with its `@name`: a statement that registers a callback under a title, such as
      a test case or a route;

    and, where the language has them,

    - `@owner` beside a definition: the start of its qualified name, such as the receiver's type;
      several are joined by dots, while several nodes of a `@name` are its first and its last;
    - `@alias` beside a name: the name that the definition itself has, where `@name` is only one of
      the `slots` that a file fills, such as `module.exports`;
    - `@callee` beside a function: the name of what it is passed to. What one of the `callers`
      returns is no function: they call what they get, as `map` and `setTimeout` do;
    - `@scope`, with its `@name`: not a definition, but it qualifies the names inside;
    - `@onward` beside a class or scope that is a statement of the file: it goes on up to the next
      such statement;
    - `@open` beside a definition: it extends to the last `@part` before the next one that is open,
      as a Dockerfile's stage does to its last instruction;
    - `@field`: a member that is not a definition, which outlines show up to its `@body`;
    - `@outer` beside `@inner`: a node that belongs to the definition inside it, unless `@grouped`
      says that the node is a group of definitions;
    - `@before` or `@after` beside `@inner`: a node before or after a definition that belongs to it;
    - `@documentation`, with its `@content`: a statement whose literal documents what it belongs to
      by `@before`, or else the class that it opens; or a definition with a comment or a literal
      inside;
    - `@module`: the node that the documentation of the module precedes;
    - `@comment`: a comment, which documents what it stands above.

    `uses` is a tree-sitter query that says how names are used. Each identifier in a node that it
    captures as `@call`, `@import` or `@type` is such a use; of several nodes the innermost decides,
    and in none it is another mention. It captures as `@bound` what parameters and local variables
    are called, and as `@name` what is a name there without being of a kind of `identifiers`.

    A `@body` that follows its node belongs to the definition. Constants and signatures inside code
    are local variables, and not captured.

    In an outline `stub` replaces the body of a function and `value` that of a field or constant (or
    of a function after `=`); `block` encloses the members of a class, and `empty` stands for none.
    `modules` says whether a file is itself a definition, documented or not; `clauses`, whether
    functions of one name in a row are clauses of one definition; `members_need_object`, whether a
    member is never named without its object before it. `sigils` are characters that stand
    around a name without being part of it, such as the colon of a symbol; `separator` stands
    between the parts of a name that the grammar leaves whole; `cased`, whether the case
    of its first letter tells what a name is (`lowered` then stands before a placeholder in
    capitals); `documented_below`, whether a comment may also document what it follows.

    The texts of some kinds of nodes get one of the `prefixes`, without which they would parse as
    something else. A text that does not parse by itself, such as a method, may parse inside one of
    the `wrappers`; `standalone` are the kinds of nodes that parse alike in a text and in a file.

    `identifiers`, `strings` and `numbers` are kinds of leaves. `interpolations` are children that
    make a string an inner node, whose literal pieces are `texts`. `comments` and `ignored` are not
    part of the tree. Where a grammar names its keywords, `keyword_prefix` begins their kinds; they
    count as nodes without a name, unless they are `identifiers`. `operators` are kinds that are
    refined by their operators. Where docstrings are statements, `docstring_statement` is their kind
    (`joined_strings` that of several in a row), and `documented` are the kinds whose body may begin
    with one.

    Where a file does not parse, `heads` are the regular expressions (verbose) of the lines that
    begin definitions, for `recovery`. They hold groups: `name`, and perhaps `owner` and `kind`, and
    empty ones that say more: a `clause` may follow another of its name, what goes `onward` ends
    with the next that does, and one is only a head if it is `decorated`. `decorators` are the lines
    above that belong to a definition. `inner_definitions` says whether a function may hold others,
    and `indented` whether indentation alone tells where a definition ends.
    """

    grammar: Callable[[], object]
    definitions: str
    stub: str
    value: str
    identifiers: Kinds
    strings: Kinds
    texts: Kinds
    numbers: Kinds
    comments: Kinds
    standalone: Kinds
    operators: Kinds
    uses: str = ""
    prepare: Callable[[bytes], bytes] = bytes
    block: tuple[str, str] = (" {", "}")
    empty: str = " {}"
    modules: bool = True
    clauses: bool = False
    cased: bool = False
    members_need_object: bool = False
    lowered: str = "_"
    documented_below: bool = False
    sigils: str = ""
    separator: str = "::"
    prefixes: tuple[tuple[str, str], ...] = ()
    wrappers: tuple[tuple[str, str], ...] = ()
    interpolations: Kinds = frozenset()
    ignored: Kinds = frozenset()
    keyword_prefix: str = ""
    docstring_statement: str = ""
    joined_strings: str = ""
    documented: Kinds = frozenset()
    slots: frozenset[str] = frozenset()
    heads: tuple[str, ...] = ()
    decorators: str = r"@(?!interface\b)"
    inner_definitions: bool = True
    indented: bool = False
    callers: frozenset[str] = frozenset()


class EmbeddedCode(NamedTuple):
    """Code in a file of another type, with the line at which it begins, from 0."""

    source: str
    file_type: FileType
    line: int


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Document(FileType):
    """A type of file that no grammar reads: documents, data, and files that embed languages. `read`
    yields what search finds in a decoded file; in time linear in its length. If there is a
    `syntax`, the text of each definition is parsed by it, for path-contexts. Where people never see
    a file as it is stored, `readable` converts it to what they read, such as a notebook's cells.
    That is what `read` gets then, what an index stores, and what lines are counted in. `code` finds
    the code that such a file embeds, in which names are used."""

    read: Callable[[str], Iterable[Definition]]
    syntax: Language | None = None
    readable: Callable[[str], str] | None = None
    code: Callable[[str], Iterable[EmbeddedCode]] | None = None


def kinds(names: str) -> Kinds:
    """Kinds of nodes, separated by white space."""
    return frozenset(names.split())
