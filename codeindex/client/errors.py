"""What can go wrong with a request. Each error is a sentence that says what happened, why, and what
to do."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import httpx


class ClientError(Exception):
    """A request that got no answer, or another one than it asked for. `status` is that of the
    response, or None if there was none."""

    status: int | None = None


class Unreachable(ClientError):
    """No server responded, or none in time."""


class UnexpectedAnswer(ClientError):
    """What responded is no codeindex, or one whose answers this version does not understand."""


class BadRequest(ClientError):
    """A parameter is wrong. `reasons` has the reasons by parameter."""

    def __init__(self, message: str, reasons: Mapping[str, list[str]]) -> None:
        super().__init__(message)
        self.reasons = reasons


class Unauthorized(ClientError):
    """The token is unknown, revoked or expired, or one is needed."""


class Forbidden(ClientError):
    """The user or the token may not do this."""


class NotFound(ClientError):
    """It does not exist, or you may not see it."""


class Gone(NotFound):
    """It was there, and has changed or been removed since."""


class Conflict(ClientError):
    """The state of what is to be changed does not allow it."""


class TooManyRequests(ClientError):
    """A rate limit. `wait` is in seconds."""

    def __init__(self, message: str, wait: int) -> None:
        super().__init__(message)
        self.wait = wait


class ServerFailed(ClientError):
    """The server, or a proxy before it, has failed."""


_KINDS: Mapping[int, type[ClientError]] = {
    HTTPStatus.UNAUTHORIZED: Unauthorized,
    HTTPStatus.FORBIDDEN: Forbidden,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.GONE: Gone,
}


def unreachable(url: str, error: httpx.HTTPError | httpx.InvalidURL) -> ClientError:
    """The error for a request to which there was no response."""
    if isinstance(error, httpx.TimeoutException):
        return Unreachable(f"{url} did not respond in time. Try again, or with a longer --timeout.")
    if isinstance(error, httpx.ConnectError) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Unreachable(
            f"The certificate of {url} cannot be verified ({_ssl_reason(error)}). If your"
            " organisation signs certificates itself, set SSL_CERT_FILE to its authority's."
        )
    if isinstance(error, httpx.ConnectError):
        return Unreachable(f"{url} cannot be reached: {error}. Is the server running?")
    return Unreachable(f"The connection to {url} broke off: {error}.")


def _ssl_reason(error: BaseException) -> str:
    """What OpenSSL says, which httpx wraps."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        cause = cause.__cause__ or cause.__context__
    return str(error)


def refused(response: httpx.Response) -> ClientError:
    """The error for a response that is no success."""
    error = _refused(response)
    error.status = response.status_code
    return error


def _refused(response: httpx.Response) -> ClientError:
    status, url = response.status_code, f"{response.url.scheme}://{response.url.netloc.decode()}"
    if response.is_redirect:
        return UnexpectedAnswer(
            f"{url} redirects to {response.headers.get('Location', 'nowhere')}. If codeindex is"
            " there, use that address; if it is a page to sign in, a proxy before codeindex lets no"
            " programs through."
        )
    body = _json(response)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = _wait(response)
        return TooManyRequests(_sentence(body) or f"Too many requests. Wait {wait} s.", wait)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerFailed(_sentence(body) or f"{url} failed with the status {status}.")
    if body is None:
        return not_codeindex(url, response)
    if status == HTTPStatus.UNAUTHORIZED:
        reason = _sentence(body) or "The server asks for a token."
        return Unauthorized(f"{reason} Run `codeindex login` to sign in with another token.")
    kind = _KINDS.get(status)
    if kind is not None:
        return kind(_sentence(body) or HTTPStatus(status).phrase)
    return BadRequest(_sentence(body) or f"{url} refused the request ({status}).", _reasons(body))


def not_codeindex(url: str, response: httpx.Response) -> UnexpectedAnswer:
    """The error for a response that is not JSON, or not the JSON of codeindex."""
    kind = response.headers.get("Content-Type", "").partition(";")[0] or "nothing"
    return UnexpectedAnswer(
        f"{url} answered with the status {response.status_code} and {kind} instead of the expected"
        " JSON. Check the address, whether a proxy answers in codeindex's place, and whether"
        " codeindex is older there."
    )


def _json(response: httpx.Response) -> dict[str, Any] | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _wait(response: httpx.Response) -> int:
    """Seconds of Retry-After; 1 if it has no number, or no likely one."""
    value = response.headers.get("Retry-After", "")
    return max(1, int(value)) if re.fullmatch(r"[0-9]{1,5}", value) else 1


def _sentence(body: dict[str, Any] | None) -> str:
    """What a body says, in one line: its detail or, of an older server, its reasons."""
    if body is None:
        return ""
    reasons = [f"{name}: {reason}" for name, own in _reasons(body).items() for reason in own]
    return str(body.get("detail") or " ".join(reasons) or body.get("title", ""))


def _reasons(body: dict[str, Any]) -> dict[str, list[str]]:
    """Reasons by parameter, from `errors` or from the body itself."""
    errors = body.get("errors", body)
    return dict(_pairs(errors)) if isinstance(errors, dict) else {}


def _pairs(errors: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for name, own in errors.items():
        if isinstance(own, list) and all(isinstance(reason, str) for reason in own):
            yield name, own
