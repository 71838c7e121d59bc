"""Types of files that no grammar reads: documents, data, and files that embed languages. The
modules that read them (`embeddings.documents`) are imported when a file is read."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from embeddings.code.languages.language import Document, EmbeddedCode, Language
from embeddings.code.languages.sql import SQL
from embeddings.types import Definition

Marks = tuple[str, ...]

_HASH: Marks = ("#",)
_MARKUP = (("<!--", "-->"),)
_CODE = (("/*", "*/"),)


def _document(
    name: str,
    reader: str,
    extensions: str,
    filenames: str = "",
    line_comments: Marks = (),
    block_comments: tuple[tuple[str, str], ...] = (),
    syntax: Language | None = None,
    is_converted: bool = False,
    has_code: bool = False,
) -> Document:
    """The entry of a type that the module `reader` of `embeddings.documents` reads, by its function
    `read(source, name)`. Extensions and file names are separated by white space. A type that is
    converted has a `readable(source)` there, too, and one that has code of other languages a
    `code(source)`."""

    def read(source: str) -> Iterable[Definition]:
        found: Iterable[Definition] = import_module(_module(reader)).read(source, name)
        return found

    def readable(source: str) -> str:
        return str(import_module(_module(reader)).readable(source))

    def code(source: str) -> Iterable[EmbeddedCode]:
        found: Iterable[EmbeddedCode] = import_module(_module(reader)).code(source)
        return found

    return Document(
        name=name,
        extensions=tuple(extensions.split()),
        filenames=tuple(filenames.split()),
        line_comments=line_comments,
        block_comments=block_comments,
        read=read,
        syntax=syntax,
        readable=readable if is_converted else None,
        code=code if has_code else None,
    )


def _module(reader: str) -> str:
    return f"embeddings.documents.{reader}"


TEXT = _document("text", "plain", ".txt .text")
"""What every file is read as that is of no other type."""

DOCUMENTS: tuple[Document, ...] = (
    _document("asciidoc", "marked", ".adoc .asciidoc", line_comments=("//",)),
    _document("css", "styles", ".css .pcss .wxss", block_comments=_CODE),
    _document("csv", "data.tables", ".csv .tsv .psv"),
    _document(
        "html",
        "components",
        ".html .htm .xhtml .shtml",
        block_comments=_MARKUP,
        has_code=True,
    ),
    _document(
        "ini",
        "data.settings",
        ".ini .cfg .conf .cnf .editorconfig .gitconfig .desktop .service .socket .timer .target"
        " .mount .network .netdev .reg .inf",
        ".editorconfig .gitconfig .gitmodules .hgrc .npmrc .pypirc .pylintrc pylintrc .coveragerc"
        " .flake8 .gitlint .wgetrc .curlrc .buckconfig",
        line_comments=("#", ";"),
    ),
    _document(
        "json",
        "data.json",
        ".json .jsonc .json5 .geojson .topojson .webmanifest .har .avsc .sarif .jsonld"
        " .code-workspace .arb .tfstate .mcmeta .map",
        ".babelrc .eslintrc .prettierrc .swcrc .jshintrc .jscsrc .bowerrc .stylelintrc"
        " .watchmanconfig composer.lock pipfile.lock flake.lock",
        line_comments=("//",),
        block_comments=(("/*", "*/"),),
    ),
    _document("jsonl", "data.tables", ".jsonl .ndjson"),
    _document("less", "styles", ".less", line_comments=("//",), block_comments=_CODE),
    _document("lock", "data.tables", ".lock", "go.sum", line_comments=_HASH),
    _document("log", "data.tables", ".log .out .err"),
    _document("man", "marked", ".man .mdoc .1 .2 .3 .4 .5 .6 .7 .8", line_comments=('.\\"',)),
    _document("markdown", "markdown", ".md .markdown .mdx .mkd .qmd .rmd", block_comments=_MARKUP),
    _document(
        "notebook", "notebooks", ".ipynb", line_comments=_HASH, is_converted=True, has_code=True
    ),
    _document("org", "marked", ".org"),
    _document(
        "properties",
        "data.settings",
        ".properties .env .flaskenv .envrc",
        ".env .flaskenv .env.example .env.sample .env.template .env.local .env.dist .env.test"
        " .env.development .env.production .env.defaults",
        line_comments=("#", "!"),
    ),
    _document("restructuredtext", "restructuredtext", ".rst .rest"),
    _document("scss", "styles", ".scss", line_comments=("//",), block_comments=_CODE),
    _document(
        "sql",
        "sql",
        ".sql .ddl .dml .psql .pgsql .plsql .tsql .mysql .hql .pks .pkb .pkg .tps .tpb .trg .prc"
        " .fnc .vw",
        line_comments=("--",),
        block_comments=_CODE,
        syntax=SQL,
    ),
    _document("svelte", "components", ".svelte", block_comments=_MARKUP, has_code=True),
    _document(
        "template",
        "components",
        ".jinja .jinja2 .j2 .ejs .hbs .handlebars .mustache .erb .rhtml .liquid .twig .njk"
        " .nunjucks .jsp .jspx .tag .ftl .ftlh .gsp .eta .tmpl .gotmpl .gohtml .tpl .vm .asp .aspx"
        " .ascx .master .cshtml .razor .marko .riot .astro .xtpl .latte .volt .heex .eex .leex",
        block_comments=(*_MARKUP, ("{#", "#}"), ("{{!--", "--}}")),
        has_code=True,
    ),
    TEXT,
    _document(
        "toml",
        "data.settings",
        ".toml",
        "pipfile cargo.lock poetry.lock uv.lock pdm.lock gopkg.lock",
        line_comments=_HASH,
    ),
    _document("vue", "components", ".vue", block_comments=_MARKUP, has_code=True),
    _document(
        "xml",
        "data.xml",
        ".xml .xsd .xsl .xslt .svg .plist .entitlements .csproj .vbproj .fsproj .vcxproj .sqlproj"
        " .props .targets .filters .xaml .axaml .pom .wsdl .rss .atom .resx .ui .qrc .storyboard"
        " .xib .iml .nuspec .kml .gpx .tmx .tmlanguage .xliff .xlf .rng .dita .ditamap .xul .jnlp"
        " .launch .wxs .wxi .manifest .jelly .fxml .osm .opml .rdf .owl .slnx .tei .dbk .docbook",
        ".classpath .project packages.config web.config app.config nuget.config",
        block_comments=_MARKUP,
    ),
    _document(
        "yaml",
        "data.yaml",
        ".yaml .yml .sls .cff .eyaml",
        ".clang-format .clang-tidy .clangd .gemrc .yamllint .condarc pubspec.lock"
        " podfile.lock .ansible-lint .salt-lint glide.lock",
        line_comments=_HASH,
    ),
)
