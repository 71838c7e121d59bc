"""API tokens: issued, listed, revoked, and checked on each request."""

from __future__ import annotations

import secrets

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet

from codeindex import audit
from codeindex.audit import Change
from codeindex.models import Token
from codeindex.models.tokens import digest

MOST_PER_USER = 50

PREFIX = "cix_"
"""Lets people, and scanners for leaked secrets, recognise a key."""

SHOWN = 12
"""How many characters of a key are stored in the clear, so that people can tell tokens apart."""


@transaction.atomic
def issue(user: User, name: str = "", *, by: User | None) -> str:
    """Issues a token and returns its key, which is stored nowhere. Raises `ValidationError` by
    field if the user has too many."""
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
    )
    audit.record(Change.TOKEN_CREATED, str(token), by=by)
    return key


def valid(user: User) -> QuerySet[Token]:
    """The tokens with which `user` can sign in, newest first."""
    return Token.objects.filter(user=user, password=digest(user.password))


def revoke(user: User, beginning: str = "", *, by: User | None) -> None:
    """Revokes the token of `user` whose key starts with `beginning`; all of them if it is empty."""
    own = Token.objects.filter(user=user)
    revoke_all(own.filter(beginning=beginning) if beginning else own, by=by)


@transaction.atomic
def revoke_all(tokens: QuerySet[Token], *, by: User | None) -> None:
    for token in tokens.select_related("user"):
        audit.record(Change.TOKEN_REVOKED, str(token), by=by)
    tokens.delete()


def owner(key: str) -> User | None:
    """The user whom a key signs in, or None."""
    key_digest = digest(key)
    with connection.cursor() as cursor:
        cursor.execute(_OWNER, [key_digest])
        row = cursor.fetchone()
        if row is None:
            return None
        *fields, is_use_recorded = row
        if not is_use_recorded:
            cursor.execute(_RECORD_USE, [key_digest])
    return User.from_db(connection.alias, _USER_COLUMNS, fields)


# In SQL, since every API search begins with this statement, and the ORM takes several times as long
# to compose it as Postgres to execute it. A use is recorded once an hour, not with each request.
_USER_COLUMNS = [str(field.column) for field in User._meta.concrete_fields]
_OWNER = f"""
SELECT {", ".join(f"auth_user.{column}" for column in _USER_COLUMNS)},
    coalesce(token.last_used > now() - interval '1 hour', false)
FROM codeindex_token AS token JOIN auth_user ON auth_user.id = token.user_id
WHERE token.digest = %s AND auth_user.is_active
    AND token.password = encode(sha256(convert_to(auth_user.password, 'UTF8')), 'hex')
"""
_RECORD_USE = "UPDATE codeindex_token SET last_used = now() WHERE digest = %s"
