"""Asks the web server that runs with this state folder, which has loaded the model already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.management import CommandError

from codeindex.client import local_server
from codeindex.client.errors import (
    BadRequest,
    ClientError,
    Unauthorized,
    UnexpectedAnswer,
    Unreachable,
)


def ask(path: str, parameters: Mapping[str, Sequence[str]]) -> Any:
    """The JSON of an address of the API, as the first administrator gets it; None if no server
    answers, or one that is older. Raises CommandError for what it refuses."""
    server = local_server.in_folder(settings.CODEINDEX_HOME)
    if server is None:
        return None
    try:
        with server.client() as client:
            return client.get(path, parameters)
    except (Unreachable, Unauthorized, UnexpectedAnswer):
        return None
    except BadRequest as error:
        reasons = [reason for own in error.reasons.values() for reason in own]
        raise CommandError(" ".join(reasons) or str(error)) from error
    except ClientError as error:
        raise CommandError(str(error)) from error
