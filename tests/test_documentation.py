"""What the documentation names is there: links, paths, modules, commands, and the README's tree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.core.management import get_commands

PROJECT = Path(__file__).parents[1]
ROOMS = ("benchmarks", "codeindex", "embeddings", "search", "tests")
ROOT_FILES = (".env.example", "Dockerfile", "docker-compose.yml", "Makefile", "pyproject.toml")
DOCUMENTS = sorted(
    path.relative_to(PROJECT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "embeddings/checkpoints/*/*.md")
    for path in PROJECT.glob(pattern)
)

FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
CODE_SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
PATH = re.compile(r"[\w.-]+(/[\w.-]+)+\.(py|md|html|css|js|json|toml|yml|txt|csv|png|svg)")
PLACEHOLDER = re.compile(r"(^|[/.])[A-Z_]+([/.]|$)")
MODULE = re.compile(rf"python -m ((?:{'|'.join(ROOMS)})(?:\.\w+)*)")
COMMAND = re.compile(r"manage\.py ([a-z][\w-]*)")
GUIDE = re.compile(r"\bdocs/[\w/-]+\.md\b")

CHANGELOG = "CHANGELOG.md"
"""It names what was there before, too."""

all_documents = pytest.mark.parametrize("document", DOCUMENTS)
current_documents = pytest.mark.parametrize(
    "document", [document for document in DOCUMENTS if document != CHANGELOG]
)


@all_documents
def test_links_lead_to_files_and_headings(document: str) -> None:
    broken = [link for link in _links(document) if not _leads_somewhere(document, link)]
    assert broken == []


@current_documents
def test_paths_in_code_spans_exist(document: str) -> None:
    spans = CODE_SPAN.findall(_prose(document))
    paths = [span for span in spans if PATH.fullmatch(span) and not _is_placeholder(span)]
    folders = PROJECT, (PROJECT / document).parent
    assert [path for path in paths if not any((root / path).exists() for root in folders)] == []


@current_documents
def test_modules_that_are_run_exist(document: str) -> None:
    modules = MODULE.findall(_text(document))
    assert [module for module in modules if not _is_module(module)] == []


@current_documents
def test_commands_of_manage_py_exist(document: str) -> None:
    assert sorted(set(COMMAND.findall(_text(document))) - set(get_commands())) == []


def test_guides_that_sources_and_documents_name_exist() -> None:
    sources = [path for room in ROOMS for path in (PROJECT / room).rglob("*.py")]
    files = [*sources, *(PROJECT / name for name in (*ROOT_FILES, *DOCUMENTS))]
    named = {(guide, path) for path in files for guide in GUIDE.findall(path.read_text("utf-8"))}
    missing = [(guide, path) for guide, path in named if not (PROJECT / guide).exists()]
    assert sorted(missing) == []


def test_every_setting_is_described_once() -> None:
    described = Counter(_described_settings())
    assert [name for name, times in described.items() if times > 1] == []
    assert _settings() - described.keys() == set()
    assert described.keys() - _settings() - _read_from_the_environment() == set()


def test_every_setting_is_used() -> None:
    """Those that Django and Celery use have other names."""
    constants = re.findall(r"^([A-Z_]+)\b.* = env\.", _sources(), re.MULTILINE)
    assert len(constants) > 50
    words = Counter(re.findall(r"\w+", _sources()))
    assert [name for name in _settings().intersection(constants) if words[name] < 3] == []


def test_the_example_has_every_setting() -> None:
    example = re.findall(r"^(?:# )?([A-Z_]+)=", _text(".env.example"), re.MULTILINE)
    assert [name for name, times in Counter(example).items() if times > 1] == []
    assert {name for name in example if not name.endswith("_FILE")} == set(_described_settings())


def _settings() -> set[str]:
    """The variables that the settings read from the environment or `.env`."""
    return set(re.findall(r"\benv\.\w+\(\s*\"([A-Z_]+)\"", _sources()))


def _read_from_the_environment() -> set[str]:
    """The variables that are read without `.env`."""
    return set(re.findall(r"\benviron(?:\.get\(|\[)\s*\"([A-Z_]+)\"", _sources()))


def _described_settings() -> list[str]:
    """The variables in the first columns of the tables of docs/settings.md."""
    rows = re.findall(r"^\| (`.*?) \|", _text("docs/settings.md"), re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([A-Z][A-Z_]+)`", row)]


@cache
def _sources() -> str:
    paths = [path for room in ("codeindex", "search") for path in (PROJECT / room).rglob("*.py")]
    return "\n".join(path.read_text("utf-8") for path in paths)


def test_the_tree_in_the_readme_is_that_of_the_project() -> None:
    (tree,) = re.findall(r"## Where things are\n+```\n(.*?)```", _text("README.md"), re.DOTALL)
    shown = set(_folders(tree))
    assert [folder for folder in sorted(shown) if not (PROJECT / folder).is_dir()] == []
    there = {
        package.parent.relative_to(PROJECT).as_posix()
        for room in ("codeindex", "embeddings", "search")
        for package in (PROJECT / room).glob("*/__init__.py")
    }
    assert there - shown == {"codeindex/migrations"}


def _text(document: str) -> str:
    return (PROJECT / document).read_text("utf-8")


def _prose(document: str) -> str:
    return FENCED.sub("", _text(document))


def _links(document: str) -> list[str]:
    targets = LINK.findall(CODE_SPAN.sub("", _prose(document)))
    return [target for target in targets if "://" not in target]


def _leads_somewhere(document: str, link: str) -> bool:
    path, _, heading = link.partition("#")
    target = (PROJECT / document).parent / path if path else PROJECT / document
    return target.exists() and (not heading or heading in _anchors(target))


def _anchors(document: Path) -> set[str]:
    """What the headings of a document are called in links to them."""
    headings = HEADING.findall(FENCED.sub("", document.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _is_placeholder(path: str) -> bool:
    return PLACEHOLDER.search(path) is not None and not path.endswith(".md")


def _is_module(name: str) -> bool:
    path = PROJECT / name.replace(".", "/")
    return path.with_suffix(".py").exists() or (path / "__main__.py").exists()


def _folders(tree: str) -> Iterator[str]:
    """The folders of a tree in which each level is indented by two spaces more."""
    above: list[str] = []
    for line in tree.splitlines():
        (entry,) = re.findall(r"^ *(?:[\w-]+/ +)*", line)
        depth = (len(line) - len(line.lstrip())) // 2
        for name in re.findall(r"[\w-]+", entry):
            above = [*above[:depth], name]
            yield "/".join(above)


def test_the_tree_is_read_by_its_indentation() -> None:
    tree = "a/     first\n  b/   of a/ \n    c/ of b\nd/ e/  two\n"
    assert [*_folders(tree)] == ["a", "a/b", "a/b/c", "d", "e"]
