"""What the audit notes when somebody reads code."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User

from codeindex import audit
from codeindex.audit import Access
from codeindex.models import Definition, Repository, SourceFile


def note_read(
    access: Access,
    user: User | AnonymousUser,
    file: SourceFile,
    definition: Definition | None = None,
    details: str = "",
) -> None:
    """`user` has read a file, or a definition in it. The file comes with its repository and the
    repository's owner."""
    lines = f"#L{definition.start_line}-L{definition.end_line}" if definition else ""
    subject = f"{file.branch.repository.full_name}:{file.path}{lines}"
    audit.note(access, user, subject=subject, details=details)


def note_listed(user: User | AnonymousUser, repository: Repository, folder: str) -> None:
    """`user` has seen what is in a folder; "" is the repository itself. The repository comes with
    its owner."""
    subject = f"{repository.full_name}:{folder.strip('/')}"
    audit.note(Access.FOLDER_LISTED, user, subject=subject)
