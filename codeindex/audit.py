"""The audit: who changed, searched or read something or signed in, when, by which door and from
which address.

It is a table to which rows are only added (`codeindex.models.audit`). Changes are also written to
the log `codeindex.audit`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import Error, connection, transaction
from django.utils.crypto import salted_hmac

from codeindex.models import AuditRecord

MOST_CHARACTERS = 2_000
"""Of a subject, details or a text: as many as a query may have."""

BATCH = 10_000
"""How many rows are deleted in one transaction."""

MOST_BATCHES = 1_000

logger = logging.getLogger(__name__)


class Change(StrEnum):
    """Actions that change something, and signing in and out."""

    REPOSITORY_REGISTERED = "registered the repository"
    REPOSITORY_CHANGED = "changed the repository"
    REPOSITORY_HANDED_OVER = "handed over the repository"
    REPOSITORY_REMOVED = "removed the repository"
    REPOSITORY_PAUSED = "paused the repository"
    REPOSITORY_RESUMED = "resumed the repository"
    RULES_CHANGED = "changed how the repository is indexed"
    NAME_DISMISSED = "dismissed the doubt about the name"
    NAME_DOUBTED_AGAIN = "took back the dismissal of the doubt about the name"
    TEAM_CREATED = "created the team"
    TEAM_RENAMED = "renamed the team"
    TEAM_REMOVED = "removed the team"
    MEMBER_ADDED = "added a member to the team"
    MEMBER_CHANGED = "changed the role of a member of the team"
    MEMBER_REMOVED = "removed a member from the team"
    PUSH_RECEIVED = "received a push by the webhook"
    INVITATION_CREATED = "made the invitation"
    INVITATION_REVOKED = "revoked the invitation"
    INVITATION_ACCEPTED = "accepted the invitation"
    RUN_REQUESTED = "requested an index run of the repository"
    REPOSITORIES_IMPORTED = "registered repositories from"
    CODE_HOST_ADDED = "added the code host"
    CODE_HOST_CHANGED = "changed the code host"
    CODE_HOST_REMOVED = "removed the code host"
    IMPORT_ADDED = "added the import"
    IMPORT_CHANGED = "changed the import"
    READERS_CHANGED = "changed, as the code host says, who sees the repository"
    IMPORT_STARTED = "started the import"
    IMPORT_CONFIRMED = "confirmed what the import removes"
    IMPORT_REMOVED = "removed the import"
    WEBHOOK_CREATED = "created the push webhook"
    WEBHOOK_REMOVED = "removed the push webhook"
    OUTGOING_WEBHOOK_CREATED = "created the outgoing webhook"
    OUTGOING_WEBHOOK_REMOVED = "removed the outgoing webhook"
    SEARCH_SAVED = "saved the search"
    SAVED_SEARCH_CHANGED = "changed the saved search"
    SAVED_SEARCH_REMOVED = "removed the saved search"
    RECENT_SEARCHES_CLEARED = "cleared the recent searches of"
    SPACE_ACTIVATED = "activated the space"
    SPACE_RETIRED = "retired the space"
    SPACE_CHANGED = "changed the space"
    SPACE_REMOVED = "removed the space"
    RUN_CANCELLED = "cancelled an index run of the repository"
    TOKEN_CREATED = "created the token"  # noqa: S105
    TOKEN_REVOKED = "revoked the token"  # noqa: S105
    APPLICATION_REGISTERED = "registered the application"
    APPLICATION_AUTHORIZED = "authorized the application"
    AUTHORIZATION_REVOKED = "revoked the authorization of the application"
    SIGNED_IN = "signed in as"
    SIGNED_OUT = "signed out as"
    PASSWORD_CHANGED = "changed the password of"  # noqa: S105
    SECOND_FACTOR_SET_UP = "set up the second factor of"
    SECOND_FACTOR_REMOVED = "removed the second factor of"
    RECOVERY_CODES_REPLACED = "replaced the recovery codes of"
    RECOVERY_CODE_USED = "used a recovery code of"
    USER_CREATED = "created the user"
    USER_CHANGED = "changed the user"
    USER_REMOVED = "removed the user"
    BACKUP_MADE = "made the backup"
    BACKUP_RESTORED = "restored the backup"


class Access(StrEnum):
    """Actions that change nothing."""

    SEARCHED = "searched for"
    LINES_SEARCHED = "searched lines for"
    SIMILAR_SEARCHED = "searched for code similar to"
    REFERENCES_READ = "read the references of"
    DEFINITION_READ = "read the definition"
    FILE_READ = "read the file"
    FOLDER_LISTED = "listed the folder"
    REPOSITORIES_LISTED = "listed repositories"
    VECTOR_READ = "read the explanation of"
    AUDIT_READ = "read the audit"
    SIGN_IN_FAILED = "failed to sign in as"
    SIGN_IN_LOCKED = "is locked out after wrong passwords for"


ACTIONS = {each.name.lower(): each.value for each in (*Change, *Access)}
"""The text for each value of a row's `action`."""


class Door(StrEnum):
    """The interface that a request used."""

    PAGE = "page"
    API = "api"
    AGENT = "agent"
    WEBHOOK = "webhook"
    COMMAND = "command"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from: its door, the client's address, who is signed in, and the
    beginning of the token by which they are."""

    door: Door
    address: str = ""
    user: User | AnonymousUser | None = None
    token: str = ""


COMMAND_LINE = Origin(Door.COMMAND)

ACTORS = {
    Door.COMMAND: "The command line", Door.WEBHOOK: "A code host", Door.WORKER: "A worker",
}  # fmt: skip
"""Who acts by a door when no user is known."""

_origin: ContextVar[Origin] = ContextVar("origin", default=COMMAND_LINE)


@contextmanager
def from_origin(origin: Origin) -> Iterator[None]:
    """Sets the origin of what is recorded in the block. A thread must be given the context of the
    one that starts it (`contextvars.copy_context`)."""
    outer = _origin.set(origin)
    try:
        yield
    finally:
        _origin.reset(outer)


def set_origin(origin: Origin) -> None:
    """Sets the origin of what this thread records from now on."""
    _origin.set(origin)


def identify(user: User, token: str = "", door: Door | None = None) -> None:
    """Notes who made the request in progress. `token` is the beginning of the token's key, if one
    was used; `door` replaces the API, for programs of ours that use it."""
    if (origin := _origin.get()) is not COMMAND_LINE:
        door = door if door and origin.door == Door.API else origin.door
        _origin.set(replace(origin, user=user, token=token, door=door))


def current_user() -> User | None:
    """Who is signed in to the request in progress."""
    user = _origin.get().user
    return user if isinstance(user, User) else None


def record(change: Change, subject: str, *, by: User | None, details: str = "") -> None:
    """Note a change in the transaction that makes it; one that is rolled back is not noted.

    `subject` and `details` hold no secrets. `by` is None for whoever runs a command on this
    machine: they need no account, and the command shows its result itself.
    """
    assert connection.in_atomic_block, "a change and its record belong to one transaction"
    AuditRecord.objects.create(**asdict(_row(change, by, subject, details)))
    actor = _actor(by)
    suffix = f" ({details})" if details else ""
    is_command = _origin.get() is COMMAND_LINE and by is None
    level = logging.DEBUG if is_command else logging.INFO
    transaction.on_commit(lambda: logger.log(level, "%s %s %r%s.", actor, change, subject, suffix))


def note(
    access: Access,
    by: User | AnonymousUser | None,
    *,
    subject: str = "",
    details: str = "",
    text: str = "",
) -> None:
    """Note what changes nothing, after it was done. `text` is what was searched for; a setting says
    whether it is kept.

    It neither fails nor waits long: a row that cannot be written, for instance because the table is
    locked, is logged as an error instead. If Postgres itself is killed, the rows of the last half
    second are lost.
    """
    row = asdict(_row(access, by, subject, details, _kept(text)))
    # Within a transaction, an error would otherwise end it.
    beside = transaction.atomic() if connection.in_atomic_block else nullcontext()
    try:
        with beside, connection.cursor() as cursor:
            cursor.execute(_NOTE, row)
    except Error as error:
        logger.error("The audit has no row for %s: %s", row, str(error).strip())


def _actor(by: User | None) -> str:
    if by is not None:
        return f"User {by.get_username()!r}"
    return ACTORS.get(_origin.get().door, "Somebody")


@dataclass(frozen=True, slots=True)
class _Row:
    """The columns of an `AuditRecord` that are not filled by Postgres."""

    action: str
    user_id: int | None
    user: str
    door: str
    address: str
    token: str
    subject: str
    details: str
    text: str


def _row(
    action: Change | Access,
    by: User | AnonymousUser | None,
    subject: str,
    details: str,
    text: str = "",
) -> _Row:
    origin = _origin.get()
    return _Row(
        action=action.name.lower(),
        user_id=by.pk if by else None,
        user=by.get_username() if by else "",
        door=origin.door.value,
        address=origin.address,
        token=origin.token,
        subject=_storable(subject),
        details=_storable(details),
        text=text,
    )


def difference(new: Iterable[str], gone: Iterable[str]) -> str:
    """+new, −gone; "" if there is neither."""
    return ", ".join([*(f"+{name}" for name in new), *(f"−{name}" for name in gone)])


def _kept(text: str) -> str:
    """What the setting keeps of a text: the text, nothing, or a keyed hash that shows only whether
    two are the same."""
    if not text or settings.CODEINDEX_AUDIT_TEXT == "omit":
        return ""
    if settings.CODEINDEX_AUDIT_TEXT == "hash":
        return salted_hmac(
            __name__, text.encode("utf-8", "replace"), algorithm="sha256"
        ).hexdigest()
    return _storable(text)


def _storable(text: str) -> str:
    """A text without the characters that Postgres refuses, cut to a length that is kept."""
    cut = text[:MOST_CHARACTERS].replace("\x00", "\ufffd")
    return cut.encode("utf-8", "replace").decode()


def forget(days: int) -> int:
    """Delete the rows that are older than `days`, or none for 0. Returns how many there were."""
    deleted = 0
    for _ in range(MOST_BATCHES if days else 0):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL codeindex.forgetting = on")
            cursor.execute(_FORGET, {"days": days, "batch": BATCH})
            count = cursor.rowcount
        deleted += count
        if count < BATCH:
            break
    if deleted:
        logger.info("Forgot %s rows of the audit that were older than %s days.", deleted, days)
    return deleted


# In SQL, since each search ends with this statement. It is sent with its settings in one message.
_NOTE = """
SET LOCAL lock_timeout = '100ms';
SET LOCAL synchronous_commit = off;
INSERT INTO codeindex_auditrecord
    (action, user_id, "user", door, address, token, subject, details, text)
VALUES (%(action)s, %(user_id)s, %(user)s, %(door)s, %(address)s, %(token)s, %(subject)s,
    %(details)s, %(text)s)
"""
_FORGET = """
DELETE FROM codeindex_auditrecord WHERE id IN (
    SELECT id FROM codeindex_auditrecord
    WHERE at < now() - make_interval(days => %(days)s) ORDER BY at LIMIT %(batch)s
)
"""
