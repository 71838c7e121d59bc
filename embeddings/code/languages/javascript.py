"""JavaScript, with JSX."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.heads import MODIFIERS
from embeddings.code.languages.language import Language, kinds

_FUNCTION = """
    (arrow_function body: (_) @body)
    (function_expression name: (_)? @alias body: (_) @body)
    (generator_function body: (_) @body)
"""
_CLASS = "(class name: (_)? @alias body: (class_body) @body)"
_KEY = """[(property_identifier) (private_property_identifier) (string) (number)
    (computed_property_name)] @name"""
_SLOT = "(member_expression object: (_) @owner property: (_) @name)"
_ITEM = "(subscript_expression object: (_) @owner index: (string) @name)"


def definitions(field: str, wrapping: str) -> str:
    """The query of JavaScript or one of its descendants. `field` begins the pattern of a class's
    field up to its name; `wrapping` are the kinds of expressions that change nothing about the
    function, class or object inside."""

    def wrapped(inner: str) -> str:
        once = " ".join([inner, *(f"({kind} [{inner}])" for kind in wrapping.split())])
        return " ".join([inner, *(f"({kind} [{once}])" for kind in wrapping.split())])

    def passed(inner: str) -> str:
        """What a call makes of a function, as `memo` and `debounce` do."""
        call = f"(call_expression arguments: (arguments [{inner}]))"
        return f"""
            (call_expression
              function: [
                (identifier) @callee (member_expression property: (_) @callee) (call_expression)]
              arguments: (arguments [{inner} {call}]))"""

    function = f"[{wrapped(_FUNCTION)} {passed(_FUNCTION)}]"
    class_ = f"[{wrapped(_CLASS)} {passed(_CLASS)}]"
    object_ = f"[{wrapped('(object)')} {passed('(object)')}]"
    variable = "(variable_declarator name: (identifier) @name value: (_)? @body) @constant"
    variables = f"[(lexical_declaration {variable}) (variable_declaration {variable})]"
    return f"""
    (function_declaration name: (_) @name body: (_) @body) @function
    (generator_function_declaration name: (_) @name body: (_) @body) @function
    (method_definition name: {_KEY} body: (_) @body) @method
    (variable_declarator name: (identifier) @name value: {function}) @function
    (pair key: {_KEY} value: {function}) @method
    (assignment_expression left: (identifier) @name right: {function}) @function
    (assignment_expression left: [{_SLOT} {_ITEM}] right: {function}) @function
    (export_statement "default" @name value: {function}) @function
    (expression_statement (call_expression arguments: (arguments
      (function_expression name: (_) @name body: (_) @body) @function)))
    (class_declaration name: (_) @name body: (class_body) @body) @class
    (variable_declarator name: (identifier) @name value: {class_}) @class
    (pair key: {_KEY} value: {class_}) @class
    (assignment_expression left: (identifier) @name right: {class_}) @class
    (assignment_expression left: [{_SLOT} {_ITEM}] right: {class_}) @class
    (export_statement "default" @name value: {class_}) @class
    (variable_declarator name: (identifier) @name value: {object_}) @scope
    (pair key: {_KEY} value: {object_}) @scope
    (assignment_expression left: (_) @name right: {object_}) @scope
    (export_statement "default" @name value: {object_}) @scope
    ({field}: (_) @name value: {function}) @method
    ({field}: (_) @name value: (_)? @body) @constant
    (program {variables})
    (program (export_statement declaration: {variables}))
    (expression_statement (call_expression
      arguments: (arguments . [(string) (template_string)] @name [{_FUNCTION}])) @block)
    (export_statement declaration: (_) @inner) @outer
    (lexical_declaration . (variable_declarator) @inner .) @outer
    (variable_declaration . (variable_declarator) @inner .) @outer
    (variable_declarator value: (assignment_expression) @inner) @outer
    (assignment_expression right: (assignment_expression) @inner) @outer
    (expression_statement [(assignment_expression) (call_expression)] @inner) @outer
    (program (import_statement) @module)
    (comment) @comment
    """


USES = """
    (call_expression function: [
      (identifier) @call (member_expression property: (_) @call)])
    (new_expression constructor: [
      (identifier) @call (member_expression property: (_) @call)])
    (decorator (identifier) @call)
    (import_statement) @import
    (export_statement source: (_)) @import
    (class_heritage) @type
    (variable_declarator name: (identifier) @bound)
    [(shorthand_property_identifier_pattern) (rest_pattern (identifier))] @bound
    (array_pattern (identifier) @bound)
    (pair_pattern value: (identifier) @bound)
    (for_in_statement left: (identifier) @bound)
    (catch_clause parameter: (identifier) @bound)
    (arrow_function parameter: (identifier) @bound)
"""

ELEMENTS = """
    [(jsx_opening_element name: (_) @call) (jsx_self_closing_element name: (_) @call)]
"""


_ARROW = (
    r"(?:function\b|(?:<[^()]*>)?\([^()]*+(?:\([^()]*+\)[^()]*+)*+\)[^=;]*=>|[\w$]++\s*+=>|\($)"
)
_HEADS = (
    rf"{MODIFIERS}function\b\s*+\*?\s*+(?P<name>[\w$]++)",
    rf"""{MODIFIERS}(?P<kind>class|enum|interface|module|namespace|type)\s++(?P<name>[\w$]++)
        \b(?!\s*+[(:,;.)])""",
    rf"""(?:export\s++)?(?:const|let|var)\s++(?P<name>[\w$]++)(?:\s*+:[^=]*(?:=>[^=]*)?)?\s*+=\s*+
        (?:(?:React\.)?[\w$]++(?:<[^()]*>)?\(\s*+)?(?:async\b\s*+)?{_ARROW}""",
    rf"""{MODIFIERS}(?P<name>\#?[\w$]++)(?:\s*+:[^=]*(?:=>[^=]*)?)?\s*+=\s*+(?:async\b\s*+)?{_ARROW}""",
    rf"""(?P<owner>[\w$]+(?:\.[\w$]+)*)\.(?P<name>[\w$]++)\s*+=\s*+(?:async\b\s*+)?
        (?:{_ARROW}|class\b)""",
    rf"""(?P<name>[\w$]++)\s*+:\s*+(?:async\b\s*+)?{_ARROW}""",
    rf"""(?:async\s++)?(?P<quote>['"])(?P<name>[^'"]++)(?P=quote)\s*+
        (?::\s*+(?:async\b\s*+)?{_ARROW}|\([^;]*\)[^;()]*\{{$)""",
    rf"""{MODIFIERS}(?:(?:get|set)\s++)?\*?\s*+
        (?!(?:catch|do|else|for|function|if|return|super|switch|while|with)\b)
        (?P<name>\#?[\w$]++)\s*+(?:<[^()]*>)?\((?!.*(?:=>\s*+\{{$|\bfunction\b))
        [^;]*\)[^;()]*\{{(?:$|.*\}}$)""",
    r"(?P<name>constructor)\s*+\(",
    r"""(?P<kind>context|describe|it|suite|test)(?:\.\w++)*+\(\s*+
        (?P<quote>['"`])(?P<name>.*?)(?P=quote)\s*+,""",
)

JAVASCRIPT = Language(
    name="javascript",
    extensions=(".js", ".jsx", ".mjs", ".cjs"),
    interpreters=("node", "nodejs"),
    grammar=wheel("tree_sitter_javascript"),
    definitions=definitions("field_definition property", "parenthesized_expression"),
    members_need_object=True,
    uses=f"""{USES} {ELEMENTS}
        [(formal_parameters (identifier) @bound) (assignment_pattern left: (identifier) @bound)]
    """,
    slots=kinds("module.exports exports default"),
    callers=kinds(
        """addEventListener assign catch createServer every filter finally find findIndex findLast
        flatMap forEach from keys listen map on queueMicrotask reduce reduceRight replace replaceAll
        requestAnimationFrame setImmediate setInterval setTimeout some sort subscribe then toSorted
        transaction useEffect useLayoutEffect useMemo useReducer useRef useState"""
    ),
    stub=" {}",
    value=";",
    prefixes=(("variable_declarator", "const "),),
    wrappers=(("class _ {\n", "\n}"), ("({\n", "\n})")),
    standalone=kinds(
        """function_declaration generator_function_declaration method_definition export_statement
        lexical_declaration variable_declaration variable_declarator expression_statement"""
    ),
    identifiers=kinds(
        """identifier property_identifier private_property_identifier statement_identifier
        shorthand_property_identifier shorthand_property_identifier_pattern"""
    ),
    strings=kinds("string template_string regex"),
    texts=kinds("string_fragment regex_pattern jsx_text"),
    numbers=kinds("number"),
    interpolations=kinds("template_substitution"),
    comments=kinds("comment html_comment"),
    ignored=kinds("escape_sequence hash_bang_line"),
    heads=_HEADS,
    operators=kinds(
        "binary_expression unary_expression update_expression augmented_assignment_expression"
    ),
)
