"""How often a client may search, have code encoded and have repositories indexed, and how many
searches of one client a process works on at a time.

Counts lie in the broker's Valkey, for all web processes together. While it is away each process
counts by itself."""

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
"""How long a request waits for the counts."""

PAUSE_SECONDS = 15.0
"""After which a store that was away is tried again."""

TURN_SECONDS = 2.0
"""How long a search waits for another one of the same client."""

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
Asking = TypeVar("Asking", HttpRequest, Request)

logger = logging.getLogger(__name__)


class TooMany(APIException):
    """Answered with 429; `wait` is in seconds, and is told in Retry-After."""

    status_code = 429
    default_code = "throttled"

    def __init__(self, why: str, wait: float) -> None:
        self.wait = max(1, math.ceil(wait))
        unit = "second" if self.wait == 1 else "seconds"
        super().__init__(f"{why} Try again in {self.wait} {unit}.")


@dataclass(frozen=True, slots=True)
class Throttle:
    """A rate by the names of its settings: for a user, and for an address that nobody has signed in
    from. `doing` is what is counted, in the plural. Of some things administrators do as many as
    they like."""

    doing: str
    setting: str
    anonymous_setting: str
    binds_administrators: bool = True

    def count(self, request: HttpRequest | Request) -> None:
        """Counts one. Raises `TooMany` beyond the rate."""
        if request.user.is_superuser and not self.binds_administrators:
            return
        is_known = request.user.is_authenticated
        rate = getattr(settings, self.setting if is_known else self.anonymous_setting)
        count(self.doing, rate, clients.name(request))


SEARCH = Throttle("searches", "CODEINDEX_SEARCH_RATE", "CODEINDEX_ANONYMOUS_SEARCH_RATE")
ENCODE = Throttle(
    "requests to encode code", "CODEINDEX_ENCODE_RATE", "CODEINDEX_ANONYMOUS_ENCODE_RATE"
)
# Administrators bring whole organisations.
INDEX = Throttle(
    "requests to index",
    "CODEINDEX_INDEX_RATE",
    "CODEINDEX_INDEX_RATE",
    binds_administrators=False,
)


def limited(
    throttle: Throttle,
) -> Callable[
    [Callable[Concatenate[Asking, Given], Answer]], Callable[Concatenate[Asking, Given], Answer]
]:
    """A view that counts, and that works on few requests of one client at a time."""

    def decorate(
        view: Callable[Concatenate[Asking, Given], Answer],
    ) -> Callable[Concatenate[Asking, Given], Answer]:
        @wraps(view)
        def answer(request: Asking, *given: Given.args, **named: Given.kwargs) -> Answer:
            throttle.count(request)
            at_once = settings.CODEINDEX_SEARCHES_AT_ONCE
            turn = _searching.taken(
                clients.name(request), at_once=at_once, waiting=at_once, seconds=TURN_SECONDS
            )
            try:
                with turn:
                    return view(request, *given, **named)
            except NoTurn:
                raise TooMany("Too many of your searches are running at once.", 1) from None

        return answer

    return decorate


def count(doing: str, rate: str, *who: str) -> None:
    """Counts one for `who`. Raises `TooMany` beyond `rate`, such as 300/minute."""
    limit = _parsed(rate)
    if not _counts.ask(lambda limiter: limiter.hit(limit, doing, *who)):
        resets, _ = _counts.ask(lambda limiter: limiter.get_window_stats(limit, doing, *who))
        allowed = rate.replace("/", " per ")
        raise TooMany(f"Too many {doing}: the limit is {allowed}.", resets - time.time())


def forget(doing: str, rate: str, *who: str) -> None:
    """Begins to count anew."""
    _counts.ask(lambda limiter: limiter.clear(_parsed(rate), doing, *who))


class _Counts:
    """The shared counts, or, while these are away, the process's own."""

    def __init__(self) -> None:
        self._away_until = 0.0

    def ask(self, question: Callable[[FixedWindowRateLimiter], Answer]) -> Answer:
        if time.monotonic() < self._away_until:
            return question(_own())
        try:
            answer = question(_shared(settings.CELERY_BROKER_URL))
        except redis.RedisError as error:
            if not self._away_until:
                logger.warning(
                    "rate limits apply per process while the broker is unreachable: %s", error
                )
            self._away_until = time.monotonic() + PAUSE_SECONDS
            return question(_own())
        self._away_until = 0.0
        return answer


@cache
def _shared(broker: str) -> FixedWindowRateLimiter:
    """In the Valkey that the broker's URL names, which Celery spells in its own way."""
    url = broker.replace("redis+socket://", "redis+unix://").replace("virtual_host=", "db=")
    store = RedisStorage(
        url,
        key_prefix="codeindex-rates",
        socket_timeout=STORE_SECONDS,
        socket_connect_timeout=STORE_SECONDS,
    )
    return FixedWindowRateLimiter(store)


@cache
def _own() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(MemoryStorage())


_counts = _Counts()
_searching = Turns()
_parsed = cache(parse)
