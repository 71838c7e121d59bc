"""Many repositories registered at once, from a list of their clone URLs: first shown, then
registered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import Group, User
from django.db import transaction

from codeindex import repositories
from codeindex.ingestion.cloning import remotes
from codeindex.ingestion.cloning.remotes import Remote
from codeindex.models import Repository, host_path
from codeindex.repositories import Imported

MOST_LINES = 200
"""Of one list."""

HAS_CREDENTIAL = (
    "It holds a credential. Register it alone, or import its organisation: a list is for addresses"
    " that need none."
)
TWICE = "It stands in this list twice."
TOO_MANY = f"A list has at most {MOST_LINES} addresses. This line and what follows are left out."
NO_ROOM = "You would have more repositories than a user can have."


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line of a list: the repository to register, or the problem with it. The text of a line with
    a problem may hold a secret, and is not kept."""

    line: int
    name: str = ""
    remote: Remote | None = None
    problem: str = ""

    @property
    def address(self) -> str:
        return self.remote.address if self.remote else ""


@transaction.atomic
def check(text: str, owner: User) -> list[Candidate]:
    """What would be registered of the lines of a text, each a clone URL. Empty lines are left
    out."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    written = [(number, line) for number, line in lines if line]
    checked = list(_checked(written[:MOST_LINES], owner))
    too_many = [Candidate(number, problem=TOO_MANY) for number, _ in written[MOST_LINES:][:1]]
    return checked + too_many


@transaction.atomic
def register(
    candidates: Iterable[Candidate], *, owner: User, visibility: str, teams: Sequence[Group]
) -> list[Repository]:
    """Register those that have no problem, as far as the owner's quota goes. They were checked a
    moment ago, so that a name may be taken by now: raises `IntegrityError`."""
    room = repositories.room(owner)
    wanted = [Imported(each.name, each.remote) for each in candidates if each.remote]
    return repositories.register_all(
        wanted[:room],
        owner=owner,
        by=owner,
        credential="",
        visibility=visibility,
        teams=teams,
        source="a list of addresses",
    )


def _checked(lines: Iterable[tuple[int, str]], owner: User) -> Iterable[Candidate]:
    own = Repository.objects.filter(owner=owner)
    registered = {path: name for name, path in own.values_list("name", "host_path")}
    names, seen = set(registered.values()), set[str]()
    room = repositories.room(owner)
    for number, line in lines:
        try:
            remote = remotes.parse(line)
        except remotes.RefusedRemote as refusal:
            yield Candidate(number, problem=str(refusal))
            continue
        path = host_path(remote.address)
        if remote.credential:
            problem = HAS_CREDENTIAL
        elif path in seen:
            problem = TWICE
        elif path in registered:
            problem = f"You have registered it as {registered[path]}."
        elif len(seen) >= room:
            problem = NO_ROOM
        else:
            seen.add(path)
            name = _free_name(remote, names)
            names.add(name)
            yield Candidate(number, name, remote)
            continue
        yield Candidate(number, problem=problem)


def _free_name(remote: Remote, taken: set[str]) -> str:
    """`shop`, or else `shop-2`, and so on."""
    name, number = remote.name, 1
    while name in taken:
        number += 1
        suffix = f"-{number}"
        name = remote.name[: remotes.LONGEST_NAME - len(suffix)] + suffix
    return name
