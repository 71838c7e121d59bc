"""Error responses in the OpenAPI schema."""

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
    "description": "Reasons by parameter or field; `detail` for the request as a whole.",
    "additionalProperties": {
        "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]
    },
}
_MEANINGS = {
    400: "The request is malformed, or a value in it is invalid.",
    401: "Authentication is required, or the token is invalid or revoked.",
    403: "The user does not have permission, or a session's request lacks the CSRF token.",
    404: "Not found, or not visible to the user.",
    406: "The client does not accept JSON.",
    409: "The run has finished, or its code is already searchable.",
    413: "The request body is too large.",
    415: "The request body is neither JSON nor a form.",
    429: "Too many requests. Retry-After gives the seconds to wait.",
    503: "The database is unavailable. Retry-After gives the seconds to wait.",
}
_ALWAYS = (400, 401, 406, 413, 503)


def answers(success: object, *errors: int, status: int = 200) -> dict[int, Any]:
    """The responses of an operation: success, its own errors, and the errors that any can have."""
    documented = {
        error: OpenApiResponse(_REASONS if error == 400 else _DETAIL, _MEANINGS[error])
        for error in sorted({*_ALWAYS, *errors})
    }
    return {status: success, **documented}
