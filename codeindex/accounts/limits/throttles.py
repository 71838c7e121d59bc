"""Rate limits for searching, encoding and indexing, and a limit on the concurrent searches of one
client in a process."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.conf import settings
from django.http import HttpRequest
from limits import parse
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from codeindex.accounts.authentication import grant_of
from codeindex.accounts.limits import clients, counts
from codeindex.accounts.limits.turns import NoTurn, Turns

LONG_SECONDS = 120
"""Waits of this length and longer are given in minutes."""

TURN_SECONDS = 2.0
"""How long a search waits for others of the same client."""

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
RequestType = TypeVar("RequestType", HttpRequest, Request)


class TooManyRequests(APIException):
    """Becomes a 429. `wait` is in seconds, for Retry-After."""

    status_code = 429
    default_code = "throttled"

    def __init__(self, reason: str, wait: float) -> None:
        self.wait = max(1, math.ceil(wait))
        super().__init__(f"{reason} Try again in {_in_words(self.wait)}.")


def _in_words(seconds: int) -> str:
    if seconds >= LONG_SECONDS:
        return f"{math.ceil(seconds / 60)} minutes"
    return "1 second" if seconds == 1 else f"{seconds} seconds"


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left of the `limit` of a rate for the next `seconds`: negative beyond it."""

    limit: int
    left: int
    seconds: int

    @property
    def headers(self) -> dict[str, str]:
        """Those of draft-ietf-httpapi-ratelimit-headers, in the form that most clients read."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.left)),
            "RateLimit-Reset": str(self.seconds),
        }


@dataclass(frozen=True, slots=True)
class Throttle:
    """A rate limit, by the names of its settings for users, for anonymous addresses and for single
    tokens, if these have one of their own. `action` is what is counted, in the plural. Some limits
    do not apply to administrators."""

    action: str
    setting: str
    anonymous_setting: str
    token_setting: str = ""
    binds_administrators: bool = True

    def count(self, request: HttpRequest | Request, times: int = 1) -> None:
        """Counts a request `times` times, and stores the smallest budget on it, for the headers of
        the answer. Raises `TooManyRequests` beyond a rate."""
        if not times or (request.user.is_superuser and not self.binds_administrators):
            return
        for rate, client in self._rates(request):
            budget = spend(self.action, rate, client, times)
            _store(budget, request)
            refuse_beyond(self.action, rate, budget)

    def _rates(self, request: HttpRequest | Request) -> Iterator[tuple[str, str]]:
        """The rates that apply, each with the client whose requests it counts."""
        setting = self.setting if request.user.is_authenticated else self.anonymous_setting
        rate = getattr(settings, setting)
        yield rate, clients.name(request)
        grant = grant_of(request)
        if grant and self.token_setting:
            token_rate = getattr(settings, self.token_setting)
            if token_rate != rate:  # a token never has more requests than its user
                yield token_rate, f"token {grant.beginning}"


SEARCH = Throttle(
    "searches",
    "CODEINDEX_SEARCH_RATE",
    "CODEINDEX_ANONYMOUS_SEARCH_RATE",
    "CODEINDEX_TOKEN_SEARCH_RATE",
)
ENCODE = Throttle(
    "requests to encode code",
    "CODEINDEX_ENCODE_RATE",
    "CODEINDEX_ANONYMOUS_ENCODE_RATE",
    "CODEINDEX_TOKEN_ENCODE_RATE",
)
SUGGEST = Throttle("suggestions", "CODEINDEX_SUGGEST_RATE", "CODEINDEX_ANONYMOUS_SUGGEST_RATE")
# Administrators index the repositories of whole organisations.
INDEX = Throttle(
    "requests to index",
    "CODEINDEX_INDEX_RATE",
    "CODEINDEX_INDEX_RATE",
    "CODEINDEX_TOKEN_INDEX_RATE",
    binds_administrators=False,
)


def _store(budget: Budget, request: HttpRequest | Request) -> None:
    underlying = request._request if isinstance(request, Request) else request
    before = budget_of(underlying)
    if before is None or budget.left <= before.left:
        underlying.rate_budget = budget  # type: ignore[attr-defined]


def budget_of(request: HttpRequest) -> Budget | None:
    """What is left of the rate that limits a request; None if none does."""
    return getattr(request, "rate_budget", None)


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


def count(action: str, rate: str, client: str) -> None:
    """Counts one action of `client`. Raises `TooManyRequests` beyond `rate`, such as 300/minute."""
    refuse_beyond(action, rate, spend(action, rate, client))


def spend(action: str, rate: str, client: str, times: int = 1) -> Budget:
    """Counts an action of `client` `times` times; returns what is left of `rate`."""
    limit = _parsed(rate)
    key = limit.key_for(action, client)
    used, resets = counts.apply(
        lambda store: (store.incr(key, limit.get_expiry(), times), store.get_expiry(key))
    )
    return Budget(limit.amount, limit.amount - used, max(1, math.ceil(resets - time.time())))


def refuse_beyond(action: str, rate: str, budget: Budget) -> None:
    """Raises `TooManyRequests` if more than the budget has been spent."""
    if budget.left < 0:
        reason = f"Too many {action}: the limit is {rate.replace('/', ' per ')}."
        raise TooManyRequests(reason, budget.seconds)


_searching = Turns()
_parsed = cache(parse)
