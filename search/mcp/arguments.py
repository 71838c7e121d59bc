"""The arguments of the tools: their schemas, and their validation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)

from search.mcp.locations import FORM
from search.query.filters import BadQuery, check_characters, quoted

DEFAULT_TOKENS = 2500
MOST_TOKENS = 20_000
"""Agents truncate answers that are longer than 10,000 to 25,000 tokens."""

MOST_REASONS = 5
"""How many wrong arguments one error explains."""

MOST_CHARACTERS = 10_000
"""Of one text; cursors may be that long. Queries and patterns have bounds of their own."""


def _storable(text: str) -> str:
    check_characters(text, "text", "")
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"At most {MOST_CHARACTERS:,} characters are allowed.")
    return text


def _listed(value: object) -> object:
    """A single text stands for a list with only it."""
    return [value] if isinstance(value, str) else value


Text = Annotated[str, AfterValidator(_storable)]
Texts = Annotated[list[Text], BeforeValidator(_listed), Field(default_factory=list)]
MaxTokens = Annotated[int, Field(ge=200, le=MOST_TOKENS), WithJsonSchema({"type": "integer"})]
"""The schemas leave out its bounds, since all six would repeat them; an error names them."""
Cursor = Annotated[Text, Field(description="from the previous answer, to continue")]
RepositoryNames = Annotated[Texts, Field(description="owner/name; -NAME excludes")]
Paths = Annotated[Texts, Field(description="part of a path or a glob; -PATH excludes")]


class Arguments(BaseModel):
    """The arguments of one tool. Unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_tokens: MaxTokens = DEFAULT_TOKENS


class Search(Arguments):
    query: Annotated[Text, Field(description="description, question, name, error message, code")]
    repo: RepositoryNames
    path: Paths
    lang: Texts
    kind: Annotated[Texts, Field(description="function, method, class, section, ...")]
    detail: Literal["location", "signature", "body"] = "signature"
    limit: Annotated[int, Field(ge=1, le=50)] = 10
    cursor: Cursor = ""


class Read(Arguments):
    id: Annotated[Text, Field(description=f"{FORM}, or without lines")]


class Similar(Arguments):
    id: Annotated[Text, Field(description=FORM)] = ""
    code: Annotated[Text, Field(description="instead of id")] = ""
    lang: Annotated[Text, Field(description="of code")] = "python"
    by: Literal["both", "meaning", "structure"] = "both"
    repo: RepositoryNames
    limit: Annotated[int, Field(ge=1, le=50)] = 10


class Grep(Arguments):
    pattern: Text
    fixed: Annotated[bool, Field(description="pattern is plain text")] = False
    repo: RepositoryNames
    path: Paths
    limit: Annotated[int, Field(ge=1, le=100, description="files")] = 20
    cursor: Cursor = ""


class Outline(Arguments):
    repo: Annotated[Text, Field(description="owner/name")]
    path: Annotated[Text, Field(description="folder or file; empty: the root")] = ""
    depth: Annotated[int, Field(ge=1, le=10)] = 2


class Repositories(Arguments):
    query: Annotated[Text, Field(description="part of owner/name")] = ""
    cursor: Cursor = ""


def schema(arguments: type[Arguments]) -> dict[str, Any]:
    """The JSON schema without what agents do not need, since each conversation begins with it."""
    full = arguments.model_json_schema()
    properties = {
        name: {key: value for key, value in described.items() if key != "title" and value != ""}
        for name, described in full["properties"].items()
    }
    required = {"required": full["required"]} if "required" in full else {}
    return {"type": "object", "properties": properties, **required}


def parse(arguments: type[Arguments], given: dict[str, Any]) -> Arguments:
    """Raises `BadQuery`, which says what is allowed."""
    try:
        return arguments.model_validate(given)
    except ValidationError as error:
        reasons = [_reason(arguments, each["loc"], each["msg"]) for each in error.errors()]
        raise BadQuery(" ".join(reasons[:MOST_REASONS])) from error


def _reason(arguments: type[Arguments], location: tuple[int | str, ...], message: str) -> str:
    name = str(location[0]) if location else ""
    if name not in arguments.model_fields:
        return f"Unknown argument {quoted(name)}. Use {', '.join(arguments.model_fields)}."
    return f"{name}: {message.removeprefix('Value error, ').removesuffix('.')}."
