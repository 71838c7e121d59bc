"""Locks after wrong passwords: each lasts twice as long as the one before it.

Attempts are counted before the password is checked, so that many at once cannot pass together; one
that succeeds is taken back. The counts are where those of the rate limits are."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.conf import settings
from limits import parse
from limits.storage import Storage

from codeindex.accounts.limits import counts
from codeindex.accounts.limits.throttles import TooManyRequests

FIRST_SECONDS = 15
"""The length of the first lock."""

MEMORY_SECONDS = 24 * 3600
"""How long earlier locks make the next one longer."""

KNOWN_SECONDS = 90 * 24 * 3600
"""How long an address is known as one from which a user has signed in."""

MOST_DOUBLINGS = 16


@dataclass(frozen=True, slots=True)
class Lockout:
    """Locks out whoever has made as many attempts as the rate in `setting` allows. Each further
    attempt then locks for longer, up to `longest` seconds or CODEINDEX_LOCKOUT_SECONDS."""

    reason: str
    setting: str
    longest: int | None = None

    def check(self, *who: str) -> None:
        """Raises `TooManyRequests` during a lock."""
        lock = self._key("lock", *who)
        seconds = counts.apply(
            lambda store: store.get_expiry(lock) - time.time() if store.get(lock) else 0
        )
        if seconds > 0:
            raise TooManyRequests(self.reason, seconds)

    def count(self, *who: str) -> int:
        """Counts an attempt. Returns for how many seconds further ones are locked, mostly 0."""
        rate = parse(getattr(settings, self.setting))
        tries, locks, lock = (self._key(kind, *who) for kind in ("tries", "locks", "lock"))

        def count(store: Storage) -> int:
            spent = store.incr(tries, rate.get_expiry()) >= rate.amount
            if not (spent or store.get(locks)):
                return 0
            doublings = min(store.incr(locks, MEMORY_SECONDS) - 1, MOST_DOUBLINGS)
            seconds = min(
                FIRST_SECONDS << doublings, self.longest or settings.CODEINDEX_LOCKOUT_SECONDS
            )
            store.incr(lock, seconds)
            return seconds

        return counts.apply(count)

    def take_back(self, *who: str) -> None:
        """Uncounts the last attempt, since its password was right."""
        rate = parse(getattr(settings, self.setting))
        counts.apply(
            lambda store: store.incr(self._key("tries", *who), rate.get_expiry(), amount=-1)
        )

    def forget(self, *who: str) -> None:
        """Resets the counts and ends the lock."""
        keys = [self._key(kind, *who) for kind in ("tries", "locks", "lock")]
        counts.apply(lambda store: [store.clear(key) for key in keys])

    def _key(self, kind: str, *who: str) -> str:
        return "/".join((self.setting, kind, *who))


FOR_USER_FROM_ADDRESS = Lockout(
    "Too many wrong passwords for this user from your address.", "CODEINDEX_LOGIN_RATE"
)
FROM_ADDRESS = Lockout(
    "Too many wrong passwords from your address.", "CODEINDEX_ADDRESS_LOGIN_RATE"
)
FOR_USER = Lockout(
    "Too many wrong passwords for this user.", "CODEINDEX_USER_LOGIN_RATE", longest=60
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody tries to sign in as a user, from an address."""

    name: str
    address: str

    def admit(self) -> int:
        """Counts the attempt; returns for how many seconds further ones are locked. Raises
        `TooManyRequests` during a lock.

        Where the user has signed in before, only attempts for that user from that address count:
        strangers cannot lock them out there, and elsewhere for a minute at most."""
        known = self._key()
        lockouts: list[tuple[Lockout, tuple[str, ...]]] = [
            (FOR_USER_FROM_ADDRESS, (self.name, self.address))
        ]
        if not counts.apply(lambda store: store.get(known)):
            lockouts += [(FROM_ADDRESS, (self.address,)), (FOR_USER, (self.name,))]
        for lockout, who in lockouts:
            lockout.check(*who)
        return max(lockout.count(*who) for lockout, who in lockouts)

    def succeed(self) -> None:
        """The password was right."""
        known = self._key()
        FOR_USER_FROM_ADDRESS.forget(self.name, self.address)
        FROM_ADDRESS.take_back(self.address)
        FOR_USER.take_back(self.name)
        counts.apply(lambda store: store.clear(known))
        counts.apply(lambda store: store.incr(known, KNOWN_SECONDS))

    def _key(self) -> str:
        return "/".join(("known", self.name, self.address))
