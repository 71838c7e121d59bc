"""How the texts of SQL definitions are parsed, for their path-contexts. `embeddings.documents.sql`
finds the definitions of a file, since no grammar parses the files of all dialects."""

from __future__ import annotations

import re

from embeddings.code.languages.grammars import packed
from embeddings.code.languages.language import Language, kinds

_ASIDE_OR_NAME = re.compile(
    rb"""
    -- [^\n]*+ | /\* (?: [^*] | \*(?!/) )*+ (?:\*/)?+ | ' (?: [^'] | '' )*+ '?+ | " [^"]*+ "?+
  | \$ \w*+ \$
  | (?P<name>
        (?<![\w\])]) \[ [^\W\d] [^\]\n]{0,200}+ \] | ` [^`\n]{1,200}+ `
      | \$\{ [^}\n]{0,200}+ \} | \{\{ [^}\n]{0,200}+ \}\}
      | (?: (?<![:\w]) : | \#{1,2}+ )?+ (?: [^\W\d] | [\x80-\xff] ) [\w$\#\x80-\xff]*+ )
    """,
    re.VERBOSE,
)
_WORDED = bytes(byte if bytes([byte]).isalnum() else ord("_") for byte in range(256))


def _with_plain_names(source: bytes) -> bytes:
    """The source with a word in place of each name that the grammar does not know as one: names in
    brackets, templates, bind variables, temporary tables, and what has other letters in it."""

    def plain(match: re.Match[bytes]) -> bytes:
        return match[0].translate(_WORDED) if match["name"] else match[0]

    return _ASIDE_OR_NAME.sub(plain, source)


_NAME = "(object_reference name: (_) @name)"

SQL = Language(
    name="sql",
    line_comments=("--",),
    grammar=packed("sql"),
    prepare=_with_plain_names,
    definitions=f"""
        (create_table {_NAME}) @type
        (create_view {_NAME}) @type
        (create_materialized_view {_NAME}) @type
        (create_type {_NAME}) @type
        (create_function {_NAME}) @function
        (create_trigger {_NAME}) @function
        (create_index column: (identifier) @name) @constant
        (create_sequence {_NAME}) @constant
        (create_database (identifier) @name) @constant
        (create_extension (identifier) @name) @constant
        (create_role (identifier) @name) @constant
        (create_schema (identifier) @name) @constant
        [(comment) (marginalia)] @comment
    """,
    stub="",
    value="",
    sigils="[]",
    standalone=kinds(""),
    identifiers=kinds(
        """identifier keyword_boolean keyword_image keyword_smallserial keyword_serial
        keyword_bigserial keyword_money keyword_smallmoney keyword_string keyword_text keyword_uuid
        keyword_json keyword_jsonb keyword_xml keyword_bytea keyword_inet keyword_date
        keyword_datetime keyword_datetime2 keyword_smalldatetime keyword_timestamptz
        keyword_interval keyword_geometry keyword_geography keyword_box2d keyword_box3d keyword_oid
        keyword_name keyword_regclass keyword_regnamespace keyword_regproc keyword_regtype"""
    ),
    strings=kinds("literal"),
    texts=kinds("parameter"),
    numbers=kinds(""),
    comments=kinds("comment marginalia"),
    ignored=kinds("bang dollar_quote op_other op_unary_other"),
    keyword_prefix="keyword_",
    operators=kinds("binary_expression unary_expression"),
)
