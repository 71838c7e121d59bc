"""Descriptions, authentication and error responses in the OpenAPI schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import get_doc
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from codeindex.web.rest.problems import MEDIA_TYPE


class ProblemSerializer(serializers.Serializer[Any]):
    """Why a request failed, as in RFC 9457."""

    type = serializers.CharField(help_text="`about:blank`: the status says what kind it is.")
    title = serializers.CharField(help_text="The status in words.")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="What happened, and what to do.")


class InvalidSerializer(ProblemSerializer):
    """Why values of parameters or fields are refused."""

    errors = serializers.DictField(  # type: ignore[assignment]  # hides Serializer.errors
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="Reasons by parameter or field. A field within another is `outer.inner`, and an "
        "item of a list has its number from 0. Each is also a member of the problem.",
    )


_MEANINGS = {
    400: "The request is malformed, or a value in it is invalid.",
    401: "Authentication is required, or the token is invalid, revoked or expired.",
    403: "The token lacks the scope that the answer names, the user does not have permission, or a"
    " session's request lacks the CSRF token.",
    404: "Not found, or not visible to the user.",
    406: "The client does not accept JSON.",
    409: "The run has finished, or its code is already searchable.",
    410: "It was there, and is no longer.",
    413: "The request body is too large.",
    415: "The request body is neither JSON nor a form.",
    429: "Too many requests. Retry-After gives the seconds to wait.",
    503: "The database is unavailable. Retry-After gives the seconds to wait.",
}
_ALWAYS = (400, 401, 403, 406, 413, 503)


def answers(success: object, *errors: int, status: int = 200) -> dict[int | tuple[int, str], Any]:
    """The responses of an operation: success, its own errors, and the errors that any can have."""
    documented: dict[int | tuple[int, str], Any] = {
        (error, MEDIA_TYPE): OpenApiResponse(
            InvalidSerializer if error == 400 else ProblemSerializer, _MEANINGS[error]
        )
        for error in sorted({*_ALWAYS, *errors})
    }
    return {status: success, **documented}


class Schema(AutoSchema):
    def get_description(self) -> str:  # type: ignore[override]  # as in drf-spectacular
        """The operation's own description: the docstring of its view is for programmers."""
        return get_doc(getattr(self.view, self.method.lower()))


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "codeindex.accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer"}


@dataclass(frozen=True, slots=True)
class Task:
    """What people do with some of the operations, which its pattern finds by their addresses."""

    name: str
    description: str
    pattern: str


TASKS = (
    Task(
        "Search",
        "Find definitions by a description, a question, a name or code, and lines by their text.",
        "search|search/batch|lines|suggestions|saved-searches.*|recent-searches",
    ),
    Task(
        "Read",
        "Read what a search has found: a file or some of its lines, or a definition.",
        "files|definitions/[^/]+",
    ),
    Task(
        "Similar code",
        "Find the code that is most similar to a definition or to pasted code.",
        "similar|files/.*/similar",
    ),
    Task(
        "References",
        "Find where a definition is used, what calls it, and what it calls.",
        "definitions/[^/]+/(references|callers|callees)",
    ),
    Task(
        "Vectors and names",
        "Encode texts, predict names, and explain why a definition is similar to a query.",
        "encode|names(/check)?|definitions/[^/]+/explanation",
    ),
    Task(
        "Repositories",
        "Register, index, change and remove repositories, and follow their runs.",
        "repositories.*",
    ),
    Task(
        "Code hosts",
        "Import from code hosts, and have pushes indexed.",
        "(code-hosts|imports|outgoing-webhooks|webhooks|hooks).*",
    ),
    Task(
        "People",
        "Manage teams, invitations, your tokens, and the applications that you have authorized.",
        "(teams|invitations|tokens|applications).*",
    ),
    Task(
        "Administration",
        "Read the audit and the evaluations of the search, as an administrator.",
        "(audit|evaluations).*",
    ),
)
"""In the order in which the documentation lists them."""


def group_by_task(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """Gives each operation its task as a tag, and puts operations in the order of TASKS; called by
    drf-spectacular."""
    tasks = {path: _task(path) for path in result["paths"]}
    for path, operations in result["paths"].items():
        for operation in operations.values():
            operation["tags"] = [tasks[path].name]
    ordered = sorted(result["paths"], key=lambda path: TASKS.index(tasks[path]))
    result["paths"] = {path: result["paths"][path] for path in ordered}
    result["tags"] = [{"name": task.name, "description": task.description} for task in TASKS]
    return result


def _task(path: str) -> Task:
    place = path.removeprefix("/api/v1/")
    return next((task for task in TASKS if re.fullmatch(task.pattern, place)), TASKS[-1])
