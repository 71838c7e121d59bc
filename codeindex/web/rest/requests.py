"""What REST views do with the bodies of requests."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.serializers import Serializer


def validated(
    serializer: type[Serializer[Any]], request: Request, changed: object = None
) -> dict[str, Any]:
    """The fields of a request's body. With a `changed` row, fields may be missing. Raises
    `ValidationError`."""
    given = serializer(changed, data=request.data, partial=changed is not None)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)
