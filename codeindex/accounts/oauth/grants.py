"""What users have authorized: recorded, listed, revoked, and checked on each request."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from allauth.idp.oidc.models import Client
from allauth.idp.oidc.models import Token as IssuedToken
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from codeindex import audit
from codeindex.accounts import tokens
from codeindex.accounts.oauth import clients
from codeindex.accounts.tokens import Grant, TokenRefused
from codeindex.audit import Change
from codeindex.models import OAuthGrant, Scope
from codeindex.models.tokens import digest

MOST_PER_USER = 50

MOST_SPENT = 20
"""How many of a grant's earlier refresh tokens are remembered."""

AGAIN = timedelta(minutes=1)
"""For how long the same refresh token may be sent again."""

UNKNOWN = "Invalid or revoked token. Authorize the application again."


def has_room(user: User) -> bool:
    """Whether the user may authorize another application."""
    return of_user(user).count() < MOST_PER_USER


def record(user: User, client: Client, scopes: Iterable[Scope], identifier: str) -> None:
    """The user has authorized the application; allauth's tokens carry the identifier."""
    days = settings.CODEINDEX_TOKEN_DAYS
    grant = OAuthGrant.objects.create(
        identifier=identifier,
        user=user,
        client=client,
        scopes=list(scopes),
        password=digest(user.password),
        expires=timezone.now() + timedelta(days=days) if days else None,
    )
    details = f"{', '.join(grant.scopes)}; {grant.beginning}"
    audit.record(Change.APPLICATION_AUTHORIZED, client.name, by=user, details=details)


def of_user(user: User) -> QuerySet[OAuthGrant]:
    """What the user has authorized, the newest first, as long as it has a valid token. A change of
    the password ends all of it."""
    own = OAuthGrant.objects.filter(
        Q(expires=None) | Q(expires__gt=timezone.now()), user=user, password=digest(user.password)
    )
    return own.with_valid_token().select_related("client", "user")


def revoke(user: User, beginning: str | None = None, *, by: User | None) -> int:
    """Ends the user's grant with this beginning, or all of the user's grants if it is None. Returns
    how many there were."""
    own = OAuthGrant.objects.filter(user=user).select_related("client", "user")
    ended = [grant for grant in own if beginning is None or grant.beginning == beginning]
    for grant in ended:
        end(grant, by=by)
    return len(ended)


@transaction.atomic
def end(grant: OAuthGrant, *, by: User | None, details: str = "") -> None:
    """Removes the grant with its tokens."""
    _issued(grant).delete()
    grant.delete()
    details = "; ".join(filter(None, [f"{grant.beginning} of {grant.user}", details]))
    audit.record(Change.AUTHORIZATION_REVOKED, grant.client.name, by=by, details=details)


def of_token(value: str, client_id: str) -> OAuthGrant | None:
    """The grant that an application's access token, refresh token or spent refresh token belongs
    to."""
    own = OAuthGrant.objects.filter(client_id=client_id).select_related("client", "user")
    issued = IssuedToken.objects.by_value(value).filter(client_id=client_id).first()
    if issued is not None:
        return own.filter(identifier=issued.get_grant_id()).first()
    return own.filter(spent__contains=[digest(value)]).first()


def _issued(grant: OAuthGrant) -> QuerySet[IssuedToken]:
    issued: QuerySet[IssuedToken] = IssuedToken.objects.filter(
        client=grant.client_id, user=grant.user_id, data__grant_id=grant.identifier
    )
    return issued


def before_refresh(value: str, client_id: str) -> OAuthGrant | None:
    """The grant of a refresh token that is about to be exchanged. One that must not be exchanged
    ends here, so that allauth refuses the token: a grant that has expired, or whose user has
    changed the password; and one of a token that was exchanged before, since two programs hold it
    (RFC 9700, section 4.14). An application that sends a token twice in a minute only lost an
    answer."""
    grant = of_token(value, client_id)
    if grant is None:
        return None
    if digest(value) in grant.spent:
        if not _has_just_been_refreshed(grant):
            end(grant, by=None, details="an earlier refresh token was used again")
        return None
    if not of_user(grant.user).filter(pk=grant.pk).exists():
        end(grant, by=None, details="it had expired")
        return None
    return grant


def after_refresh(grant: OAuthGrant, value: str) -> None:
    """The refresh token was exchanged for another one."""
    grant.spent = [*grant.spent, digest(value)][-MOST_SPENT:]
    grant.refreshed = timezone.now()
    grant.save(update_fields=["spent", "refreshed"])


def _has_just_been_refreshed(grant: OAuthGrant) -> bool:
    return bool(grant.refreshed and timezone.now() - grant.refreshed < AGAIN)


def signed_in(key: str) -> tuple[User, Grant]:
    """The user of an access token, and what it grants. Raises `TokenRefused`."""
    if not clients.is_on():
        raise TokenRefused(UNKNOWN)
    key_digest = digest(key)
    with connection.cursor() as cursor:
        cursor.execute(_OWNER, [key_digest])
        row = cursor.fetchone()
        if row is None:
            raise TokenRefused(UNKNOWN)
        *fields, identifier, scopes, is_use_recorded = row
        if not is_use_recorded:
            cursor.execute(_RECORD_USE, [identifier])
    user = User.from_db(connection.alias, tokens.USER_COLUMNS, fields)
    beginning = OAuthGrant(identifier=identifier).beginning
    return user, Grant(beginning, frozenset(Scope(scope) for scope in scopes))


# In SQL for the same reason as in `tokens`.
_OWNER = f"""
SELECT {tokens.USER_SELECTED}, authorized.identifier, authorized.scopes,
    coalesce(authorized.last_used > now() - interval '1 hour', false)
FROM allauth_idp_oidc_token AS issued
JOIN codeindex_oauthgrant AS authorized ON authorized.identifier = issued.data->>'grant_id'
JOIN auth_user ON auth_user.id = authorized.user_id AND auth_user.id = issued.user_id
WHERE issued.type = 'at' AND issued.hash = %s AND issued.expires_at > now()
    AND auth_user.is_active AND (authorized.expires IS NULL OR authorized.expires > now())
    AND authorized.password = {tokens.DIGEST_OF_PASSWORD}
"""
_RECORD_USE = "UPDATE codeindex_oauthgrant SET last_used = now() WHERE identifier = %s"
