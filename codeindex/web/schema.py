"""What the OpenAPI schema says of answers that are errors."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiResponse

_DETAIL = {
    "type": "object",
    "properties": {"detail": {"type": "string"}},
    "required": ["detail"],
}
_REASONS = {
    "type": "object",
    "description": "The reasons, by parameter or field, or `detail` for the whole request.",
    "additionalProperties": {
        "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
    },
}
_MEANINGS = {
    400: "The request cannot be understood, or a value in it is wrong.",
    401: "The token is unknown or was revoked, or one is needed and there is none.",
    403: "The user may not do this, or a session's request lacks the CSRF token.",
    404: "Unknown, or hidden from the user.",
    406: "JSON is not accepted as an answer.",
    409: "The run has ended already, or is searchable.",
    413: "The body is too large.",
    415: "The body is neither JSON nor a form.",
    429: "Too many requests. Retry-After says in how many seconds to try again.",
    503: "The database is away. Retry-After says in how many seconds to try again.",
}
_ALWAYS = (400, 401, 406, 413, 503)


def answers(success: object, *errors: int, status: int = 200) -> dict[int, Any]:
    """The responses of an operation: its success, its own errors, and those of all operations."""
    documented = {
        error: OpenApiResponse(_REASONS if error == 400 else _DETAIL, _MEANINGS[error])
        for error in sorted({*_ALWAYS, *errors})
    }
    return {status: success, **documented}
