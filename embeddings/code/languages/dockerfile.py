"""Dockerfiles. A stage is a `FROM` with all instructions up to the next one."""

from __future__ import annotations

from embeddings.code.languages.grammars import wheel
from embeddings.code.languages.language import Language, kinds

DOCKERFILE = Language(
    name="dockerfile",
    extensions=(".dockerfile", ".containerfile"),
    filenames=("dockerfile", "containerfile"),
    grammar=wheel("tree_sitter_dockerfile"),
    definitions="""
        (from_instruction as: (image_alias) @name) @block @open
        (from_instruction (image_spec) @name !as) @block @open
        (source_file [
          (add_instruction) (arg_instruction) (cmd_instruction) (copy_instruction)
          (cross_build_instruction) (entrypoint_instruction) (env_instruction)
          (expose_instruction) (healthcheck_instruction) (label_instruction)
          (maintainer_instruction) (onbuild_instruction) (run_instruction) (shell_instruction)
          (stopsignal_instruction) (user_instruction) (volume_instruction)
          (workdir_instruction)] @part)
        (arg_instruction name: (_) @name default: (_)? @body) @constant
        (env_pair name: (_) @name value: (_)? @body) @constant
        (source_file . (comment)* . [(arg_instruction) (from_instruction)] @module)
        (comment) @comment
    """,
    stub="",
    value="",
    line_comments=("#",),
    block_comments=(),
    prefixes=(("env_pair", "ENV "),),
    wrappers=(("", "\n"),),
    standalone=kinds(""),
    identifiers=kinds("image_name image_alias unquoted_string variable"),
    strings=kinds("double_quoted_string single_quoted_string json_string"),
    texts=kinds("shell_fragment heredoc_line"),
    numbers=kinds("expose_port"),
    comments=kinds("comment"),
    ignored=kinds("line_continuation heredoc_end"),
    operators=kinds(""),
)
