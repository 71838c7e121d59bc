"""Records every change that somebody makes: who, what, and to which row.

It writes to the log `codeindex.audit`.
"""

from __future__ import annotations

import logging
from enum import StrEnum

from django.contrib.auth.models import User
from django.db import connection, transaction

logger = logging.getLogger(__name__)


class Change(StrEnum):
    REPOSITORY_REGISTERED = "registered the repository"
    REPOSITORY_CHANGED = "changed the repository"
    REPOSITORY_HANDED_OVER = "handed over the repository"
    REPOSITORY_REMOVED = "removed the repository"
    RULES_CHANGED = "changed how the repository is indexed"
    TEAM_CREATED = "created the team"
    TEAM_RENAMED = "renamed the team"
    TEAM_REMOVED = "removed the team"
    MEMBER_ADDED = "added a member to the team"
    MEMBER_CHANGED = "changed the role of a member of the team"
    MEMBER_REMOVED = "removed a member from the team"
    RUN_CANCELLED = "cancelled an index run of the repository"
    TOKEN_CREATED = "created the token"  # noqa: S105
    TOKEN_REVOKED = "revoked the token"  # noqa: S105


def record(change: Change, subject: str, *, by: User | None, details: str = "") -> None:
    """Note a change in the transaction that makes it; one that is rolled back is not logged.

    `subject` and `details` hold no secrets. `by` is None for whoever runs a command on this
    machine: they need no account, and the command shows its result itself. A request for an index
    run is not recorded here: the run's own row says who made it.
    """
    assert connection.in_atomic_block, "a change and its record belong to one transaction"
    actor = "The command line" if by is None else f"User {by.get_username()!r}"
    suffix = f" ({details})" if details else ""
    level = logging.DEBUG if by is None else logging.INFO
    transaction.on_commit(lambda: logger.log(level, "%s %s %r%s.", actor, change, subject, suffix))
