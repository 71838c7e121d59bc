"""`manage.py spaces`: the encoders' spaces, how far they are filled, and which one is searched."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError
from django.db.models import Q

import embeddings
from codeindex.management import base
from codeindex.management.index import existing_index
from codeindex.models import Space
from codeindex.spaces import encoders, lifecycle
from codeindex.spaces.encoders import EncoderSource
from codeindex.spaces.lifecycle import Coverage
from embeddings.types import Runtime

FINGERPRINT = 12
"""Characters of a fingerprint that are shown."""

HEAD = ("NAME", "FINGERPRINT", "STATE", "DIMENSIONS", "FILLED", "FAILED", "WANTED", "CREATED")


class Command(base.Command):
    help = "List the spaces, or change which one is searched."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", metavar="ACTION")
        for action, does in {
            "list": "what there is; also where no action is named",
            "add": "compute the vectors of another checkpoint, beside those that are searched",
            "activate": "search by it, once every live definition has a vector in it",
            "retire": "compute no more vectors for it",
            "remove": "delete a retired space and its vectors",
        }.items():
            wants = actions.add_parser(action, help=does)
            if action == "add":
                wants.add_argument("name", metavar="CHECKPOINT", help="a shipped one, or a folder")
                wants.add_argument("--runtime", choices=list(Runtime), default="")
            elif action != "list":
                wants.add_argument("name", metavar="NAME", help="or the start of its fingerprint")

    def handle(self, *, action: str | None, name: str = "", runtime: str = "", **_: Any) -> None:
        given = [one for one in (name, runtime) if one]
        with existing_index():
            getattr(self, f"_{action or 'list'}")(*given)

    def _list(self) -> None:
        covered = lifecycle.coverage()
        every = Space.objects.order_by("pk")
        rows = [HEAD, *(_row(space, covered[space.pk]) for space in every)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        self.stdout.write(lines[0])
        for space, line in zip(every, lines[1:], strict=True):
            self.stdout.write(line)
            for what, value in space.figures.items():
                self.stdout.write(f"    {what}: {value}")
            if space.problem:
                self.stdout.write(f"    {space.problem}")

    def _add(self, checkpoint: str, runtime: str = "") -> None:
        source = EncoderSource(encoders.absolute(checkpoint), runtime=runtime)
        try:
            space = lifecycle.space_for(encoders.load(source), source)
        except embeddings.EncoderUnavailable as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{space} ({space.fingerprint[:FINGERPRINT]}) is {space.state}.")

    def _activate(self, name: str) -> None:
        space, pinned = _space(name), encoders.pinned_source()
        if pinned and pinned != EncoderSource.of_space(space):
            raise CommandError(
                "CODEINDEX_CHECKPOINT or a setting beside it names another encoder,"
                " whose space would be activated again. Remove these settings first."
            )
        missing = lifecycle.activate(space).missing
        if missing:
            raise CommandError(
                f"{missing:,} live texts have no vector in {space} yet. The workers compute them;"
                " activate it again when they are done."
            )
        self.stdout.write(f"{space} is active: each web process searches it once it has loaded it.")

    def _retire(self, name: str) -> None:
        if not lifecycle.retire(_space(name)):
            raise CommandError(f"{name} is active: activate another space first.")
        self.stdout.write(f"{name} is retired.")

    def _remove(self, name: str) -> None:
        if not lifecycle.remove(_space(name)):
            raise CommandError(f"{name} is not retired.")
        self.stdout.write(f"{name} is removed.")


def _row(space: Space, covered: Coverage) -> tuple[str, ...]:
    numbers = (space.dimensions, covered.ready, covered.failed, covered.wanted)
    created = f"{space.created:%Y-%m-%d %H:%M}"
    short = space.fingerprint[:FINGERPRINT]
    return (space.name, short, space.state, *(f"{number:,}" for number in numbers), created)


def _space(name: str) -> Space:
    found = Space.objects.filter(Q(name=name) | Q(fingerprint__startswith=name))
    if len(found) > 1:
        raise CommandError(f"Several spaces are called {name}: name one by its fingerprint.")
    if not found:
        raise CommandError(f"There is no space {name}.")
    return found[0]
