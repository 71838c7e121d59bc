"""Tokens of the API: made, listed, revoked, and checked once for each request."""

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

MOST = 50
"""Tokens of one user."""

PREFIX = "cix_"
"""By which people, and programs that look for leaked secrets, recognise a key."""

SHOWN = 12
"""Characters of a key that are kept in the clear."""


@transaction.atomic
def issue(user: User, name: str = "", *, by: User | None) -> str:
    """A new token; returns its key, which cannot be had again. Raises `ValidationError` by field
    if the user has too many."""
    valid = of(user)
    user.tokens.exclude(pk__in=valid).delete()
    if valid.count() >= MOST:
        raise ValidationError({"name": [f"You have {MOST} tokens: revoke one of them first."]})
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


def of(user: User) -> QuerySet[Token]:
    """The tokens that are taken for `user`, the newest first."""
    return Token.objects.filter(user=user, password=digest(user.password))


def revoke(user: User, beginning: str = "", *, by: User | None) -> None:
    """The token of `user` whose key begins so, or all of them."""
    own = Token.objects.filter(user=user)
    revoke_all(own.filter(beginning=beginning) if beginning else own, by=by)


@transaction.atomic
def revoke_all(tokens: QuerySet[Token], *, by: User | None) -> None:
    for token in tokens.select_related("user"):
        audit.record(Change.TOKEN_REVOKED, str(token), by=by)
    tokens.delete()


def owner(key: str) -> User | None:
    """Whose token this is, if it is taken."""
    found = digest(key)
    with connection.cursor() as cursor:
        cursor.execute(OWNER, [found])
        row = cursor.fetchone()
        if row is None:
            return None
        *fields, is_use_recorded = row
        if not is_use_recorded:
            cursor.execute(USED, [found])
    return User.from_db(connection.alias, FIELDS, fields)


# In SQL, since the ORM takes several times as long to put together the statement that every search
# begins with as Postgres to answer it. A use is recorded once an hour, not with each request.
FIELDS = [field.column for field in User._meta.concrete_fields]
OWNER = f"""
SELECT {", ".join(f"auth_user.{field}" for field in FIELDS)},
    coalesce(token.last_used > now() - interval '1 hour', false)
FROM codeindex_token AS token JOIN auth_user ON auth_user.id = token.user_id
WHERE token.digest = %s AND auth_user.is_active
    AND token.password = encode(sha256(convert_to(auth_user.password, 'UTF8')), 'hex')
"""
USED = "UPDATE codeindex_token SET last_used = now() WHERE digest = %s"
