"""Links that an administrator creates on the command line. Each signs a user in once, for when the
provider is down and passwords are switched off."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core import signing

MINUTES = 10

_SALT = "codeindex.accounts.sign_on.links"


def sign(user: User) -> str:
    """The secret part of a link. It is valid until the user signs in, for at most MINUTES."""
    return signing.dumps([user.pk, _last_sign_in(user)], salt=_SALT)


def user_of(signed: str) -> User | None:
    """The active user whom a link signs in, or None."""
    try:
        pk, last_sign_in = signing.loads(signed, salt=_SALT, max_age=MINUTES * 60)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    return user if user and _last_sign_in(user) == last_sign_in else None


def _last_sign_in(user: User) -> str:
    return user.last_login.isoformat() if user.last_login else ""
