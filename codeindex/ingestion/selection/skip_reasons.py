"""Why files are not indexed: the reasons that a run records, what each means, and how to have the
files indexed anyway."""

from __future__ import annotations

from dataclasses import dataclass

from codeindex.ingestion.reader_process import IN_LFS
from embeddings.files.origins import Origin, named

BINARY = "binary"
SUBMODULE = "submodule"
SYMBOLIC_LINK = "symbolic link"
SAME_PATH = "its path is displayed like that of another file"
BY_IGNORE_FILE = "left out by .codeindexignore"
BY_SETTINGS = "left out by the repository's settings"


def by_path(origin: Origin) -> str:
    return f"{origin}, by path"


def by_content(skipped: str) -> str:
    """The reason of a file with this `Blob.skipped`."""
    return f"{skipped}, by content" if skipped in _OF_CONTENT else skipped


def by_attributes(origin: Origin) -> str:
    return f"{origin}, by .gitattributes"


def origins_in(skipped: str) -> frozenset[Origin]:
    """The origins for which a content was skipped, by its `Blob.skipped`; empty if it was skipped
    for another reason."""
    return _OF_CONTENT.get(skipped, frozenset())


_OF_CONTENT = {
    named(origins): frozenset(origins)
    for origins in (
        (Origin.GENERATED,),
        (Origin.MINIFIED,),
        (Origin.GENERATED, Origin.MINIFIED),
    )
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a reason means; "" where it says all itself. Files are indexed anyway without the
    attribute, where one is named, and `by_settings` of the repository."""

    meaning: str = ""
    attribute: str = ""
    by_settings: bool = False


def explain(reason: str) -> Explanation:
    return _EXPLANATIONS.get(reason, Explanation())


def _own_rule(meaning: str, attribute: str) -> Explanation:
    return Explanation(meaning, attribute, by_settings=True)


_GENERATED_CONTENT = "A comment at the beginning of the file says that it is generated."
_MINIFIED_CONTENT = "Most of the text is code in very long lines, as tools write it."

_EXPLANATIONS = {
    by_path(Origin.VENDORED): _own_rule(
        "They lie in a folder that usually holds other people's code, such as vendor, third_party"
        " or node_modules.",
        "linguist-vendored",
    ),
    by_path(Origin.GENERATED): _own_rule(
        "Their names are those that generators give, such as shop_pb2.py.", "linguist-generated"
    ),
    by_path(Origin.MINIFIED): _own_rule(
        "Their names are those of minified files, such as shop.min.js.", "linguist-generated"
    ),
    by_content("generated"): _own_rule(_GENERATED_CONTENT, "linguist-generated"),
    by_content("minified"): _own_rule(_MINIFIED_CONTENT, "linguist-generated"),
    by_content("generated and minified"): _own_rule(
        f"{_GENERATED_CONTENT} {_MINIFIED_CONTENT}", "linguist-generated"
    ),
    by_attributes(Origin.VENDORED): Explanation(
        "The repository's .gitattributes gives them the attribute linguist-vendored.",
        by_settings=True,
    ),
    by_attributes(Origin.GENERATED): Explanation(
        "The repository's .gitattributes gives them the attribute linguist-generated.",
        by_settings=True,
    ),
    BY_IGNORE_FILE: Explanation("They match a pattern in a .codeindexignore of the repository."),
    BY_SETTINGS: Explanation(
        "They match a pattern in the settings of this repository.", by_settings=True
    ),
    BINARY: Explanation("They are not text, according to their names or contents."),
    IN_LFS: Explanation(
        "Their contents lie in Git LFS. The repository holds only references to them."
    ),
    SUBMODULE: Explanation(
        "A submodule is a repository of its own. Register that repository to search it."
    ),
    SYMBOLIC_LINK: Explanation(
        "A symbolic link has no content of its own. The file that it leads to is indexed where it"
        " lies."
    ),
}
