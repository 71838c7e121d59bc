"""The WSGI application: `gunicorn codeindex.wsgi`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.utils.http import parse_header_parameters

from codeindex.observability import serving

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codeindex.settings")

serving.observe_web()
_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django's application. Ignores a charset that is no text encoding, such as bz2_codec: Django
    fails on it before there is a request that it could respond to."""
    content_type, parameters = parse_header_parameters(environ.get("CONTENT_TYPE", ""))
    if not _is_text_encoding(parameters.get("charset", "utf-8")):
        environ["CONTENT_TYPE"] = content_type
    return _django(environ, start_response)


def _is_text_encoding(charset: str) -> bool:
    try:
        return "".encode(charset) is not None
    except (LookupError, UnicodeError):
        return False
