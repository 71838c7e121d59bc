"""C#."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds
from embeddings.code.languages.preprocessing import with_whole_branches

_ACCESS = "(?:public|private|protected|internal|static|extern|unsafe)"
_MODIFIERS = r"""(?:(?:abstract|async|extern|file|internal|new|override|partial|private|protected
    |public|readonly|ref|sealed|static|unsafe|virtual)\s++)*+"""
_HEADS = (
    rf"""{_MODIFIERS}(?P<kind>class|enum|interface|namespace|record|struct)\s++
        (?:(?:class|struct)\s++)?(?P<name>[\w.]++)(?!.*;$)""",
    rf"""{_MODIFIERS}(?!(?:await|case|delete|do|else|goto|if|new|return|throw|using|yield)\b)
        (?:[\w.:]++|\([^()]*\))(?:<[^()=]*>)?[\[\]?*,]*+\s++(?:(?P<owner>[\w.]++)\.)?
        (?!(?:catch|for|foreach|if|lock|switch|using|while)\b)(?P<name>@?[^\W\d]\w*+)(?:<[^()]*>)?\s*+
        \([^;=]*(?:\{{.*|[,(]|\)|\bwhere\b[^;]*|=>.*)$""",
    rf"(?:{_ACCESS}\s++)+(?P<name>[A-Z]\w*+)\s*+\([^;=]*(?:\{{.*|[,(]|\)|=>.*)$",
    rf"(?:{_ACCESS}\s++)+(?P<name>[A-Z]\w*+)\s*+\([^;]*\)\s*+:\s*+(?:base|this)\b",
)

CSHARP = Language(
    name="csharp",
    extensions=(".cs", ".csx"),
    interpreters=("dotnet-script", "csi"),
    grammar=wheel("tree_sitter_c_sharp"),
    definitions="""
        (method_declaration
          (explicit_interface_specifier (_) @owner)? name: (_) @name body: (_) @body) @method
        (method_declaration name: (_) @name !body) @signature
        (constructor_declaration name: (_) @name body: (_)? @body) @method
        (destructor_declaration "~" @name name: (_) @name body: (_)? @body) @method
        (operator_declaration "operator" @name operator: _ @name body: (_)? @body) @method
        (conversion_operator_declaration "operator" @name type: (_) @name body: (_)? @body) @method
        (local_function_statement name: (_) @name body: (_)? @body) @function
        (property_declaration name: (_) @name accessors: (_) @body) @property
        (property_declaration name: (_) @name
          value: (arrow_expression_clause) @body) @property
        (indexer_declaration "this" @name
          [(accessor_list) (arrow_expression_clause)] @body) @property
        (event_declaration name: (_) @name accessors: (_)? @body) @property
        (event_field_declaration (variable_declaration
          (variable_declarator name: (_) @name))) @constant
        (field_declaration (variable_declaration
          (variable_declarator name: (_) @name (lambda_expression body: (_) @body)))) @function
        (field_declaration (variable_declaration
          (variable_declarator name: (_) @name . (_) @body))) @constant
        (field_declaration (variable_declaration (variable_declarator name: (_) @name))) @constant
        (class_declaration name: (_) @name body: (_)? @body) @class
        (struct_declaration name: (_) @name body: (_)? @body) @class
        (record_declaration name: (_) @name body: (_)? @body) @class
        (interface_declaration name: (_) @name body: (_)? @body) @interface
        (enum_declaration name: (_) @name body: (_) @body) @enum
        (delegate_declaration name: (_) @name) @type
        (namespace_declaration name: (_) @name) @scope
        (file_scoped_namespace_declaration name: (_) @name) @scope
        (compilation_unit . [(comment) (using_directive) (extern_alias_directive)
          (global_attribute) (preproc_nullable) (preproc_pragma) (preproc_region)]*
          . (file_scoped_namespace_declaration) @inner (_) @after .)
        (comment) @comment
    """,
    prepare=with_whole_branches,
    uses="""
        (invocation_expression function: [
          (identifier) @call
          (generic_name . (identifier) @call)
          (member_access_expression name: [
            (identifier) @call (generic_name . (identifier) @call)])
          (conditional_access_expression (member_binding_expression name: (identifier) @call))])
        (object_creation_expression type: [
          (identifier) @call
          (generic_name . (identifier) @call)
          (qualified_name name: (identifier) @call)])
        (using_directive) @import
        (base_list) @type
        (attribute name: (_) @type)
        [(type_argument_list) (nullable_type) (array_type) (generic_name)] @type
        [(parameter type: (_) @type)
         (method_declaration returns: (_) @type)
         (property_declaration type: (_) @type)
         (variable_declaration type: (_) @type)
         (cast_expression type: (_) @type)
         (typeof_expression type: (_) @type)
         (foreach_statement type: (_) @type)
         (declaration_pattern type: (_) @type)
         (catch_declaration type: (_) @type)
         (type_parameter_constraint (_) @type)]
        [(parameter name: (identifier) @bound)
         (foreach_statement left: (identifier) @bound)
         (declaration_pattern name: (identifier) @bound)
         (catch_declaration name: (identifier) @bound)
         (lambda_expression parameters: (implicit_parameter) @bound)]
        (local_declaration_statement
          (variable_declaration (variable_declarator name: (identifier) @bound)))
    """,
    stub=" {}",
    value=";",
    modules=False,
    wrappers=(("class _ {\n", "\n}"),),
    standalone=kinds("local_function_statement constructor_declaration"),
    identifiers=kinds("identifier"),
    strings=kinds(
        """string_literal verbatim_string_literal raw_string_literal character_literal
        interpolated_string_expression"""
    ),
    texts=kinds("string_literal_content string_content raw_string_content"),
    numbers=kinds("integer_literal real_literal"),
    interpolations=kinds("interpolation"),
    comments=kinds("comment"),
    ignored=kinds(
        """escape_sequence shebang_directive interpolation_start interpolation_quote
        interpolation_brace raw_string_start raw_string_end"""
    ),
    heads=_HEADS,
    decorators=r"\[\w.*\]$",
    operators=kinds(
        """binary_expression prefix_unary_expression postfix_unary_expression
        assignment_expression"""
    ),
)
