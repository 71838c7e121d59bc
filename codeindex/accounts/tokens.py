"""API tokens: issued, listed, revoked, and checked on each request."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from codeindex import audit
from codeindex.audit import Change
from codeindex.models import Scope, Token
from codeindex.models.tokens import digest

MOST_PER_USER = 50

PREFIX = "cix_"
"""Lets people, and scanners for leaked secrets, recognise a key."""

SHOWN = 12
"""How many characters of a key are stored in the clear, so that people can tell tokens apart."""

DEFAULT_DAYS = 90
"""How long a token is valid, unless whoever creates it chooses otherwise."""

ALL_SCOPES = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a request's token allows. `beginning` is that of its key."""

    beginning: str
    scopes: frozenset[Scope]


class TokenRefused(Exception):
    """A key signs nobody in. The message is fit for a user."""


@transaction.atomic
def issue(
    user: User,
    name: str = "",
    *,
    by: User | None,
    scopes: Collection[Scope] = ALL_SCOPES,
    days: int | None = None,
) -> str:
    """Issues a token that is valid for `days`, or for ever, and returns its key, which is stored
    nowhere. Raises `ValidationError` by field if the user has too many, if there is no scope, or if
    a token may not be valid for so long."""
    if not scopes:
        raise ValidationError({"scopes": ["Choose at least one scope."]})
    _check_lifetime(days)
    current = valid(user)
    user.tokens.exclude(pk__in=current).delete()
    if current.count() >= MOST_PER_USER:
        reason = f"You already have {MOST_PER_USER} tokens. Revoke one of them first."
        raise ValidationError({"name": [reason]})
    key = PREFIX + secrets.token_hex(20)
    token = Token.objects.create(
        user=user,
        name=name,
        digest=digest(key),
        beginning=key[:SHOWN],
        password=digest(user.password),
        scopes=[scope for scope in Scope if scope in scopes],
        expires=None if days is None else timezone.now() + timedelta(days=days),
    )
    until = f"until {token.expires:%Y-%m-%d}" if token.expires else "without expiry"
    details = f"{', '.join(token.scopes)}; {until}"
    audit.record(Change.TOKEN_CREATED, str(token), by=by, details=details)
    return key


def _check_lifetime(days: int | None) -> None:
    longest = settings.CODEINDEX_TOKEN_DAYS
    if days is not None and days < 1:
        raise ValidationError({"days": ["A token must be valid for at least one day."]})
    if longest and (days is None or days > longest):
        raise ValidationError({"days": [f"Tokens may be valid for at most {longest} days here."]})


def of_user(user: User) -> QuerySet[Token]:
    """The tokens of `user`, newest first, expired ones included. Those of an earlier password have
    been revoked by its change."""
    return Token.objects.filter(user=user, password=digest(user.password))


def valid(user: User) -> QuerySet[Token]:
    """The tokens with which `user` can sign in, newest first."""
    return of_user(user).filter(Q(expires=None) | Q(expires__gt=timezone.now()))


def revoke(user: User, beginning: str = "", *, by: User | None) -> int:
    """Revokes the token of `user` whose key starts with `beginning`; all of them if it is empty.
    Returns how many there were."""
    own = Token.objects.filter(user=user)
    return revoke_all(own.filter(beginning=beginning) if beginning else own, by=by)


@transaction.atomic
def revoke_all(tokens: QuerySet[Token], *, by: User | None) -> int:
    for token in tokens.select_related("user"):
        audit.record(Change.TOKEN_REVOKED, str(token), by=by)
    count, _ = tokens.delete()
    return count


def signed_in(key: str) -> tuple[User, Grant]:
    """The user whom a key signs in, and what it grants. Raises `TokenRefused`."""
    key_digest = digest(key)
    with connection.cursor() as cursor:
        cursor.execute(_OWNER, [key_digest])
        row = cursor.fetchone()
        if row is None:
            raise TokenRefused("Invalid or revoked token.")
        *fields, beginning, scopes, expires, is_expired, is_use_recorded = row
        if is_expired:
            raise TokenRefused(_expired(expires))
        if not is_use_recorded:
            cursor.execute(_RECORD_USE, [key_digest])
    user = User.from_db(connection.alias, USER_COLUMNS, fields)
    return user, Grant(beginning, frozenset(Scope(scope) for scope in scopes))


def _expired(expires: datetime) -> str:
    return (
        f"The token expired at {expires:%Y-%m-%d %H:%M} UTC. Create another one on your account's"
        " page."
    )


# In SQL, since every API search begins with this statement, and the ORM takes several times as long
# to compose it as Postgres to execute it. A use is recorded once an hour, not with each request.
USER_COLUMNS = [str(field.column) for field in User._meta.concrete_fields]
USER_SELECTED = ", ".join(f"auth_user.{column}" for column in USER_COLUMNS)
DIGEST_OF_PASSWORD = "encode(sha256(convert_to(auth_user.password, 'UTF8')), 'hex')"  # noqa: S105
_OWNER = f"""
SELECT {USER_SELECTED},
    token.beginning, token.scopes, token.expires, coalesce(token.expires <= now(), false),
    coalesce(token.last_used > now() - interval '1 hour', false)
FROM codeindex_token AS token JOIN auth_user ON auth_user.id = token.user_id
WHERE token.digest = %s AND auth_user.is_active
    AND token.password = {DIGEST_OF_PASSWORD}
"""
_RECORD_USE = "UPDATE codeindex_token SET last_used = now() WHERE digest = %s"
