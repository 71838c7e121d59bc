"""HCL, the language of Terraform, OpenTofu, Packer and Nomad."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

HCL = Language(
    name="hcl",
    extensions=(".tf", ".tfvars", ".hcl", ".tofu", ".nomad"),
    grammar=wheel("tree_sitter_hcl"),
    definitions="""
        (config_file (body (block . (identifier) @owner . (string_lit (template_literal) @name)
          . (block_start) @body) @constant
          (#any-of? @owner "variable" "output")))
        (config_file (body (block . (identifier) @owner . (string_lit (template_literal) @name)
          . (block_start) @body) @type
          (#not-match? @owner "^(variable|output)$")))
        (config_file (body (block . (identifier) @kind
          . (string_lit (template_literal) @owner) . (string_lit (template_literal) @name)
          . (block_start) @body) @type
          (#not-eq? @kind "data")))
        (config_file (body (block . (identifier) @kind @owner
          . (string_lit (template_literal) @owner) . (string_lit (template_literal) @name)
          . (block_start) @body) @constant
          (#eq? @kind "data")))
        (config_file (body (block . (identifier) @owner
          (body (attribute (identifier) @name) @constant)
          (#eq? @owner "locals"))))
        (config_file (body (attribute (identifier) @name) @constant))
        (block (identifier) @kind
          (body (attribute (identifier) @key
            (expression (literal_value (string_lit) @content))))
          (#any-of? @kind "variable" "output") (#eq? @key "description")) @documentation
        (config_file (body . (_) @module))
        (comment) @comment
    """,
    uses="""
        (function_call . (identifier) @call)
    """,
    stub=" {}",
    value=" {}",
    line_comments=("#", "//"),
    standalone=kinds(""),
    identifiers=kinds("identifier"),
    strings=kinds("string_lit quoted_template heredoc_template"),
    texts=kinds("template_literal"),
    numbers=kinds("numeric_lit"),
    interpolations=kinds("template_interpolation template_directive"),
    comments=kinds("comment"),
    ignored=kinds(
        """block_start block_end quoted_template_start quoted_template_end
        template_interpolation_start template_interpolation_end heredoc_start heredoc_identifier"""
    ),
    operators=kinds("binary_operation unary_operation"),
)
