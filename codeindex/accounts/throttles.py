"""Rate limits for searching, encoding and indexing, and a limit on the concurrent searches of one
client in a process.

The counts are in the broker's Valkey, for all web processes together. While it is unreachable, each
process counts for itself."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from typing import Concatenate, ParamSpec, TypeVar

import redis
from django.conf import settings
from django.http import HttpRequest
from limits import parse
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from codeindex.accounts import clients
from codeindex.accounts.turns import NoTurn, Turns

STORE_SECONDS = 0.25
"""Timeout of the shared counts."""

PAUSE_SECONDS = 15.0
"""How long an unreachable store is not tried again."""

TURN_SECONDS = 2.0
"""How long a search waits for others of the same client."""

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
RequestType = TypeVar("RequestType", HttpRequest, Request)

logger = logging.getLogger(__name__)


class TooManyRequests(APIException):
    """Becomes a 429. `wait` is in seconds, for Retry-After."""

    status_code = 429
    default_code = "throttled"

    def __init__(self, reason: str, wait: float) -> None:
        self.wait = max(1, math.ceil(wait))
        unit = "second" if self.wait == 1 else "seconds"
        super().__init__(f"{reason} Try again in {self.wait} {unit}.")


@dataclass(frozen=True, slots=True)
class Throttle:
    """A rate limit, by the names of its settings for users and for anonymous addresses. `action` is
    what is counted, in the plural. Some limits do not apply to administrators."""

    action: str
    setting: str
    anonymous_setting: str
    binds_administrators: bool = True

    def count(self, request: HttpRequest | Request) -> None:
        """Counts one request. Raises `TooManyRequests` beyond the rate."""
        if request.user.is_superuser and not self.binds_administrators:
            return
        is_signed_in = request.user.is_authenticated
        rate = getattr(settings, self.setting if is_signed_in else self.anonymous_setting)
        count(self.action, rate, clients.name(request))


SEARCH = Throttle("searches", "CODEINDEX_SEARCH_RATE", "CODEINDEX_ANONYMOUS_SEARCH_RATE")
ENCODE = Throttle(
    "requests to encode code", "CODEINDEX_ENCODE_RATE", "CODEINDEX_ANONYMOUS_ENCODE_RATE"
)
SUGGEST = Throttle("suggestions", "CODEINDEX_SUGGEST_RATE", "CODEINDEX_ANONYMOUS_SUGGEST_RATE")
# Administrators index the repositories of whole organisations.
INDEX = Throttle(
    "requests to index",
    "CODEINDEX_INDEX_RATE",
    "CODEINDEX_INDEX_RATE",
    binds_administrators=False,
)


def count_webhook(sender: str) -> None:
    """Counts one delivery of a webhook. Raises `TooManyRequests` beyond the rate."""
    count("webhook deliveries", settings.CODEINDEX_WEBHOOK_RATE, sender)


def limited(
    throttle: Throttle,
) -> Callable[
    [Callable[Concatenate[RequestType, Parameters], Result]],
    Callable[Concatenate[RequestType, Parameters], Result],
]:
    """Decorates a view with a rate limit and a limit on the concurrent requests of one client."""

    def decorate(
        view: Callable[Concatenate[RequestType, Parameters], Result],
    ) -> Callable[Concatenate[RequestType, Parameters], Result]:
        @wraps(view)
        def wrapper(
            request: RequestType, /, *arguments: Parameters.args, **named: Parameters.kwargs
        ) -> Result:
            throttle.count(request)
            at_once = settings.CODEINDEX_SEARCHES_AT_ONCE
            turn = _searching.hold(
                clients.name(request), at_once=at_once, waiting=at_once, seconds=TURN_SECONDS
            )
            try:
                with turn:
                    return view(request, *arguments, **named)
            except NoTurn:
                reason = "Too many of your searches are running at once."
                raise TooManyRequests(reason, 1) from None

        return wrapper

    return decorate


def count(action: str, rate: str, *client: str) -> None:
    """Counts one action of `client`. Raises `TooManyRequests` beyond `rate`, such as 300/minute."""
    limit = _parsed(rate)
    if not _counts.apply(lambda limiter: limiter.hit(limit, action, *client)):
        resets, _ = _counts.apply(lambda limiter: limiter.get_window_stats(limit, action, *client))
        allowed = rate.replace("/", " per ")
        reason = f"Too many {action}: the limit is {allowed}."
        raise TooManyRequests(reason, resets - time.time())


def reset(action: str, rate: str, *client: str) -> None:
    """Starts counting from zero."""
    _counts.apply(lambda limiter: limiter.clear(_parsed(rate), action, *client))


class Counts:
    """The shared counts or, while these are unreachable, the process's own."""

    def __init__(self, pause: float = PAUSE_SECONDS) -> None:
        self._pause = pause
        self._retry_at = 0.0

    def apply(self, operation: Callable[[FixedWindowRateLimiter], Result]) -> Result:
        if time.monotonic() < self._retry_at:
            return operation(_local_limiter())
        try:
            result = operation(_shared_limiter(settings.CELERY_BROKER_URL))
        except redis.RedisError as error:
            if not self._retry_at:
                logger.warning(
                    "rate limits apply per process while the broker is unreachable: %s", error
                )
            self._retry_at = time.monotonic() + self._pause
            return operation(_local_limiter())
        self._retry_at = 0.0
        return result


@cache
def _shared_limiter(broker: str) -> FixedWindowRateLimiter:
    """In the broker's Valkey. Celery has its own format for the URL."""
    url = broker.replace("redis+socket://", "redis+unix://").replace("virtual_host=", "db=")
    store = RedisStorage(
        url,
        key_prefix="codeindex-rates",
        socket_timeout=STORE_SECONDS,
        socket_connect_timeout=STORE_SECONDS,
    )
    return FixedWindowRateLimiter(store)


@cache
def _local_limiter() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(MemoryStorage())


_counts = Counts()
_searching = Turns()
_parsed = cache(parse)
