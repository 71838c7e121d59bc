"""Ruby."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

_OUTSIDE_METHODS = (
    "(program {})",
    "(class body: (body_statement {}))",
    "(module body: (body_statement {}))",
    "(singleton_class body: (body_statement {}))",
)
_VARIABLES = "[(identifier) (global_variable) (class_variable) (instance_variable)]"
_ASSIGNED = "\n".join(
    place.format(f"(assignment left: {_VARIABLES} @name right: (_) @body) @constant")
    for place in _OUTSIDE_METHODS
)
_TITLE = """(argument_list . [
    (string . (string_content) @name .)
    (simple_symbol) @name
    (constant) @name
    (scope_resolution name: (constant) @name)
    (pair key: [(hash_key_symbol) @name (simple_symbol) @name (string (string_content) @name)])])"""
_ATTRIBUTES = """(call !receiver method: (identifier) @_attributes
      arguments: (argument_list {})
      (#one-of? @_attributes "attr" "attr_reader" "attr_writer" "attr_accessor"
        "cattr_accessor" "mattr_accessor" "class_attribute" "attribute"))"""

_HEADS = (
    r"""(?:(?:private|public|protected|module_function|private_class_method)\s++)?def\s++
        (?:self\.|(?P<owner>[\w:]++)\.)?
        (?P<name>\w++(?:[?!]|=(?=\(|\s*+\w++$))?|\[\]=?|[^\s\w(]++)(?=[\s(;]|$)""",
    r"(?P<kind>class|module)\s++(?:(?P<owner>[\w:]++)::)?(?P<name>[A-Z]\w*+)(?!.*\bend$)",
    r"(?:RSpec\.)?(?P<kind>context|describe|it|test)\s*+\(?(?P<quote>['\"])(?P<name>.*?)(?P=quote).*\bdo\b",
)

RUBY = Language(
    name="ruby",
    extensions=(".rb", ".rake", ".gemspec", ".ru", ".rbi", ".podspec", ".jbuilder", ".thor"),
    filenames=(
        "rakefile",
        "gemfile",
        "guardfile",
        "capfile",
        "vagrantfile",
        "podfile",
        "fastfile",
        "brewfile",
        "dangerfile",
        "thorfile",
        ".irbrc",
        ".pryrc",
    ),
    interpreters=("ruby", "jruby", "rake"),
    line_comments=("#",),
    block_comments=(("=begin", "=end"),),
    grammar=wheel("tree_sitter_ruby"),
    definitions=f"""
        (method name: (_) @name body: (_)? @body) @function
        (singleton_method object: (self) name: (_) @name body: (_)? @body) @method
        (singleton_method object: (constant) @owner name: (_) @name body: (_)? @body) @method
        (singleton_method object: (identifier) @owner name: (_) @name body: (_)? @body) @method
        (class name: [(constant) @name (scope_resolution scope: (_) @owner name: (_) @name)]
          body: (_)? @body) @class
        (module name: [(constant) @name (scope_resolution scope: (_) @owner name: (_) @name)]
          body: (body_statement [(method) (singleton_method) (singleton_class)]) @body) @trait
        (module name: (_) @name) @scope
        (assignment left: (constant) @name
          right: (call receiver: (constant) @_type method: (identifier) @_new
            block: (do_block body: (body_statement) @body)
            (#one-of? @_type "Struct" "Class" "Module" "Data")
            (#one-of? @_new "new" "define"))) @class
        (call !receiver method: (identifier) @_define
          arguments: (argument_list . [(simple_symbol) @name (string (string_content) @name)] .)
          block: [(do_block body: (_)? @body) (block)]
          (#one-of? @_define "define_method" "define_singleton_method")) @function
        (call !receiver method: (identifier) @_scope
          arguments: (argument_list . (simple_symbol) @name . (lambda) .)
          (#one-of? @_scope "scope")) @method
        {_ATTRIBUTES.format(". (simple_symbol) @name .")} @property
        {_ATTRIBUTES.format(". (simple_symbol) . (simple_symbol)")} @field
        {_ATTRIBUTES.format(". (simple_symbol) @name @property . (simple_symbol)")}
        {_ATTRIBUTES.format(". (simple_symbol) (simple_symbol) @name @property")}
        (alias name: (_) @name) @signature
        (call !receiver method: (identifier) @_alias
          arguments: (argument_list . (simple_symbol) @name . (simple_symbol) .)
          (#one-of? @_alias "alias_method")) @signature
        (assignment left: (constant) @name right: (lambda) @body) @function
        (assignment left: (constant) @name right: (call !receiver method: (identifier) @_lambda
          block: (_)) @body (#one-of? @_lambda "lambda" "proc")) @function
        (assignment left: (constant) @name right: (_) @body) @constant
        (assignment left: (left_assignment_list (constant) @name) right: (_) @body) @constant
        {_ASSIGNED}
        (program (call !receiver arguments: {_TITLE} block: (do_block)) @block)
        (call !receiver method: (identifier) @_registers arguments: {_TITLE} block: (do_block)
          (#one-of? @_registers
            "describe" "context" "feature" "scenario" "it" "specify" "example" "test" "should"
            "shared_examples" "shared_examples_for" "shared_context" "step" "given" "factory"
            "trait" "namespace" "scope" "task" "file" "rule" "command" "resource" "resources"
            "group" "route" "get" "post" "put" "patch" "delete" "on" "rescue_from")) @block
        (call receiver: (constant) @_rspec method: (identifier) @_describe
          arguments: {_TITLE} block: (do_block)
          (#one-of? @_rspec "RSpec" "FactoryBot")) @block
        (call !receiver arguments: (argument_list . [(method) (singleton_method)] @inner .)) @outer
        (comment) @comment
    """,
    uses="""
        (call method: (_) @call)
        (superclass) @type
        [(method_parameters (identifier) @bound)
         (block_parameters (identifier) @bound)
         (lambda_parameters (identifier) @bound)
         (optional_parameter name: (identifier) @bound)
         (keyword_parameter name: (identifier) @bound)
         (splat_parameter name: (identifier) @bound)
         (hash_splat_parameter name: (identifier) @bound)
         (block_parameter name: (identifier) @bound)
         (assignment left: (identifier) @bound)
         (operator_assignment left: (identifier) @bound)
         (left_assignment_list (identifier) @bound)
         (exception_variable (identifier) @bound)
         (for pattern: (identifier) @bound)]
    """,
    stub="; end",
    value=" = nil",
    block=("", "end"),
    empty="; end",
    prefixes=(("simple_symbol", "attr "),),
    cased=True,
    sigils=":",
    standalone=kinds("method singleton_method"),
    identifiers=kinds(
        """identifier constant instance_variable class_variable global_variable setter
        hash_key_symbol"""
    ),
    strings=kinds(
        "string subshell delimited_symbol regex bare_string bare_symbol heredoc_body character"
    ),
    texts=kinds("string_content heredoc_content simple_symbol"),
    numbers=kinds("integer float rational complex"),
    interpolations=kinds("interpolation"),
    comments=kinds("comment"),
    ignored=kinds("escape_sequence heredoc_beginning heredoc_end"),
    heads=_HEADS,
    operators=kinds("binary unary operator_assignment"),
)
