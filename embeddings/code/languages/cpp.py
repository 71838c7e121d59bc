"""C++."""

from __future__ import annotations

from dataclasses import replace

from embeddings.code.languages.c import AROUND_FUNCTIONS, AROUND_VARIABLES, DEFINITIONS, C, around
from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.heads import C_TYPE

_NAMES = """
    (identifier) @name (field_identifier) @name (operator_name) @name (destructor_name) @name
    (template_function name: (_) @name) (template_method name: (_) @name)
"""
_CONVERSION = '(operator_cast "operator" @name type: (_) @name)'
_SCOPE = "scope: [(namespace_identifier) @owner (template_type name: (_) @owner)]"


def _qualified(name: str) -> list[str]:
    """Patterns for a name after those of one to four scopes."""
    patterns = [name]
    for _ in range(4):
        patterns.append(f"(qualified_identifier {_SCOPE} name: [{patterns[-1]}])")
    return patterns[1:]


def _functions(names: str) -> str:
    """Patterns for declarators of functions with one of some names."""
    shapes = (*AROUND_FUNCTIONS, "(reference_declarator {})")
    return around(shapes, f"(function_declarator . declarator: [{names}])")


def _variables(*names: str) -> str:
    """Patterns for declarators of variables with one of some names."""
    shapes = (*AROUND_VARIABLES, "(reference_declarator {})")
    return " ".join(around(shapes, name) for name in names)


_FIELD, _VARIABLE = "(field_identifier) @name", "(identifier) @name"
_TEST = """(function_definition !type declarator: (function_declarator
  declarator: (identifier)
  parameters: (parameter_list .
    (parameter_declaration . type: (type_identifier) @owner .) .
    (parameter_declaration . type: (type_identifier) @name .))) body: (_) @body) @method"""
_TEST_PARENTS = (
    *("translation_unit", "declaration_list", "compound_statement", "ERROR"),
    *("preproc_if", "preproc_ifdef", "preproc_else"),
)
_TYPE_NAME = """[(type_identifier) @name (template_type name: (_) @name)
  (qualified_identifier name: (type_identifier) @name)]"""

_TEMPLATE = r"(?:template\s*+<.*>\s*+)?"
_SPECIFIERS = r"(?:(?:constexpr|explicit|friend|inline|static|virtual|[A-Z_]{3,}+)\s++)*+"
_HEADS = (
    rf"""{_TEMPLATE}{C_TYPE}(?:(?P<owner>\w++)(?:<[^()]*>)?::)?(?!(?:catch|for|if|switch|while)\b)
        (?<!operator[ ])(?P<name>~?\w++|operator\s*+[^\s\w(]++|operator\s*+\(\))\s*+
        \((?!\*)[^;]*(?:\{{.*|[,(]|\)|\b(?:const|final|noexcept|override)|->[^;{{}}]*)$""",
    rf"""{_SPECIFIERS}(?P<owner>\w++)(?:<[^()]*>)?::(?P<name>~?(?P=owner))\s*+\(""",
    rf"""{_SPECIFIERS}(?!(?:[A-Z_0-9]++|catch|for|if|switch|while)\b)(?P<name>~?[^\W\d]\w*+)\s*+
        \([^;=]*\)[^;=]*\{{""",
    r"(?:inline\s++)?(?P<kind>namespace)\s++(?P<name>[\w:]++)(?:\s++[A-Z_]++)?\s*+\{?$",
    rf"""{_TEMPLATE}(?P<kind>class|struct|union|enum)(?:\s++(?:class|struct)(?=\s))?\s++
        (?:[A-Z_]{{3,}}+(?:\([^()]*\))?\s++|alignas\([^()]*\)\s++|\[\[[^\]]*\]\]\s++)?
        (?P<name>\w++)(?:<.*>)?(?:\s++final)?\s*+(?:[:{{].*)?$""",
)

CPP = replace(
    C,
    name="cpp",
    extensions=(
        *(".cc", ".cpp", ".cxx", ".c++", ".cppm", ".ixx"),
        *(".hh", ".hpp", ".hxx", ".h++", ".inl", ".ipp", ".tpp", ".cu", ".cuh", ".ino"),
    ),
    grammar=wheel("tree_sitter_cpp"),
    definitions=DEFINITIONS
    + f"""
    (function_definition declarator: [{_functions(_NAMES)} {_CONVERSION}]
      body: (compound_statement)? @body) @function
    (function_definition
      declarator: [{_functions(" ".join(_qualified(_NAMES)))} {" ".join(_qualified(_CONVERSION))}]
      body: (compound_statement)? @body) @method
    {" ".join(f"({parent} {_TEST})" for parent in _TEST_PARENTS)}
    (declaration declarator: [{_functions(_NAMES)} {_CONVERSION}]) @signature
    (field_declaration declarator: [{_functions(_NAMES)}]) @signature
    (declaration declarator: (init_declarator
      declarator: (identifier) @name value: (lambda_expression))) @function
    (declaration declarator: (init_declarator
      declarator: [{_variables(_VARIABLE, *_qualified(_VARIABLE))}] value: (_) @body)) @constant
    (declaration declarator: [{_variables(_VARIABLE)}]) @constant
    (field_declaration declarator: [{_variables(_FIELD)}] default_value: (_)? @body) @constant
    (class_specifier name: {_TYPE_NAME} body: (_) @body) @class
    (struct_specifier name: {_TYPE_NAME} body: (_) @body) @class
    (union_specifier name: {_TYPE_NAME} body: (_) @body) @type
    (alias_declaration name: (_) @name) @type
    (concept_definition name: (_) @name) @type
    (namespace_definition name: (_)? @name) @scope
    (linkage_specification body: (declaration_list)) @scope
    (linkage_specification body: [(function_definition) (declaration)] @inner) @outer
    (template_declaration (_) @inner .) @outer
    (friend_declaration (_) @inner) @outer
    ((class_specifier) @inner . ";" @after)
    ((expression_statement
      (call_expression arguments: (argument_list . (string_literal (string_content) @name)))
      (MISSING ";")) @block . (compound_statement) @body)
    """,
    uses=C.uses
    + """
    (call_expression function: [
      (template_function name: (identifier) @call)
      (field_expression field: (template_method name: (field_identifier) @call))
      (qualified_identifier name: [
        (identifier) @call
        (template_function name: (identifier) @call)
        (qualified_identifier name: [
          (identifier) @call (template_function name: (identifier) @call)])])])
    (new_expression type: (type_identifier) @call)
    (using_declaration) @import
    (reference_declarator (identifier) @bound)
    """,
    wrappers=(*C.wrappers, ("class _ {\n", "\n};")),
    standalone=frozenset(),
    identifiers=C.identifiers | {"namespace_identifier"},
    strings=C.strings | {"raw_string_literal"},
    texts=C.texts | {"raw_string_content"},
    heads=_HEADS,
    decorators=r"template\s*<|\[\[",
    ignored=C.ignored | {"raw_string_delimiter"},
)
