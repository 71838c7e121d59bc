"""What the provider has verified of users, kept for whoever has to know them elsewhere."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.conf import settings

from codeindex.accounts.sign_on.rules import Claims
from codeindex.models import SignOnIdentity


def note(account: SocialAccount, claims: Claims) -> None:
    """Keep what the provider says of an account that has just signed in."""
    said = {"provider": settings.CODEINDEX_OIDC_URL, "email": claims.email}
    SignOnIdentity.objects.update_or_create(account=account, defaults=said)
