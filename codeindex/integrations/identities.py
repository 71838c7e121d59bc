"""Which users here have the accounts of a code host.

Only what single sign-on has verified counts: the provider's id of a user where the code host is
itself the provider, and otherwise an e-mail address that both have verified. User names and
addresses that somebody has typed in prove nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from codeindex.integrations.readers import Account, Directory
from codeindex.models import CodeHost, HostAccount, SignOnIdentity

KEPT = timedelta(days=1)
"""How long a host is not asked again for an account's e-mail address."""

FORGOTTEN = timedelta(days=30)
"""When an address is deleted that nobody has asked for."""

BATCH = 100
"""Addresses that are stored together."""

DISCOVERY = "/.well-known/openid-configuration"


class Identities:
    """What single sign-on knows at this moment of users who may have accounts of a code host."""

    def __init__(self, host: CodeHost) -> None:
        self._host = host
        provider = settings.CODEINDEX_OIDC_URL
        known = SignOnIdentity.objects.filter(provider=provider) if provider else None
        self._by_uid: dict[str, int] = {}
        self._by_email: dict[str, int] = {}
        if known is None:
            return
        if _normalised(provider) == _normalised(host.url):
            self._by_uid = dict(known.values_list("account__uid", "account__user"))
        else:
            self._by_email = _unambiguous(known)

    def users(self, accounts: Collection[Account], directory: Directory) -> set[int]:
        """The ids of the users who have these accounts. Raises `HostError`."""
        if self._by_uid:
            uids = (account.uid for account in accounts)
            return {self._by_uid[uid] for uid in uids if uid in self._by_uid}
        if not self._by_email:
            return set()
        emails = self._emails(accounts, directory)
        return {self._by_email[email] for email in emails if email in self._by_email}

    def _emails(self, accounts: Collection[Account], directory: Directory) -> set[str]:
        by_uid = {account.uid: account for account in accounts}
        kept = HostAccount.objects.filter(
            host=self._host, uid__in=by_uid.keys(), asked__gt=Now() - KEPT
        )
        known = dict(kept.values_list("uid", "email"))
        unknown = [account for uid, account in by_uid.items() if uid not in known]
        for start in range(0, len(unknown), BATCH):
            known |= self._asked(unknown[start : start + BATCH], directory)
        return set(known.values()) - {""}

    def _asked(self, accounts: Collection[Account], directory: Directory) -> dict[str, str]:
        """What the host tells of these accounts; stored, even if it stops to answer."""
        told: dict[str, str] = {}
        try:
            for account in accounts:
                told[account.uid] = directory.email(account)
        finally:
            HostAccount.objects.bulk_create(
                (
                    HostAccount(host=self._host, uid=uid, email=email, asked=timezone.now())
                    for uid, email in told.items()
                ),
                update_conflicts=True,
                unique_fields=["host", "uid"],
                update_fields=["email", "asked"],
            )
        return told


def are_known() -> bool:
    """Whether anybody can be matched: whether single sign-on is on."""
    return bool(settings.CODEINDEX_OIDC_URL)


def forget() -> None:
    HostAccount.objects.filter(asked__lt=Now() - FORGOTTEN).delete()


def _unambiguous(known: QuerySet[SignOnIdentity]) -> dict[str, int]:
    """E-mail address → user. An address that several users have is nobody's."""
    rows = list(known.exclude(email="").values_list("email", "account__user").distinct())
    holders = Counter(email for email, _ in rows)
    return {email: user for email, user in rows if holders[email] == 1}


def _normalised(url: str) -> str:
    return url.removesuffix(DISCOVERY).rstrip("/").lower()
