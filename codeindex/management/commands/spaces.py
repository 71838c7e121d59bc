"""`manage.py spaces`: lists the embedding spaces, how complete they are, and which one is
searched."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.db.models import Q

import embeddings
from codeindex.management import base
from codeindex.management.index import existing_index
from codeindex.management.terminal import aligned
from codeindex.models import Embedding, Space
from codeindex.spaces import changes, encoders, lifecycle
from codeindex.spaces.encoders import EncoderSource
from codeindex.spaces.lifecycle import Coverage
from embeddings.types import Runtime

FINGERPRINT = 12
"""How many characters of a fingerprint are shown."""

HEAD = (
    "NAME",
    "FINGERPRINT",
    "STATE",
    "DIMENSIONS",
    "FILLED",
    "DRAFTS",
    "FAILED",
    "WANTED",
    "CREATED",
)


class Command(base.Command):
    help = "List the embedding spaces, or choose which one is searched."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", metavar="ACTION")
        for action, description in {
            "list": "list all spaces (the default)",
            "add": "compute vectors with another checkpoint, beside the ones that are searched",
            "activate": "search this space, once every live definition has a vector in it",
            "retire": "stop computing vectors for it",
            "pause": "stop refining its drafts",
            "resume": "refine its drafts again",
            "remove": "delete a retired space and its vectors",
        }.items():
            wants = actions.add_parser(action, help=description)
            if action == "add":
                wants.add_argument(
                    "name", metavar="CHECKPOINT", help="a name, such as default, or a folder"
                )
                wants.add_argument("--runtime", choices=list(Runtime), default="")
            elif action != "list":
                wants.add_argument(
                    "name", metavar="NAME", help="its name, or the start of its fingerprint"
                )

    def handle(self, *, action: str | None, name: str = "", runtime: str = "", **_: Any) -> None:
        arguments = [argument for argument in (name, runtime) if argument]
        with existing_index():
            getattr(self, f"_{action or 'list'}")(*arguments)

    def _list(self) -> None:
        covered = lifecycle.coverage()
        every = Space.objects.order_by("pk")
        rows = [HEAD, *(_row(space, covered[space.pk]) for space in every)]
        lines = aligned(rows)
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
        space = _space(name)
        try:
            missing = changes.activate(space, by=None)
        except ValidationError as error:
            raise CommandError(error.messages[0]) from error
        if missing:
            raise CommandError(
                f"{missing:,} live texts have no vector in {space} yet. The workers are computing"
                " them. Try again when they are done."
            )
        self.stdout.write(
            f"{space} is active. Each web process switches to it once it has loaded the encoder."
        )

    def _retire(self, name: str) -> None:
        try:
            changes.retire(_space(name), by=None)
        except ValidationError as error:
            raise CommandError(error.messages[0]) from error
        self.stdout.write(f"{name} is retired.")

    def _pause(self, name: str) -> None:
        changes.pause(_space(name), by=None)
        self.stdout.write(f"Refining of {name} is paused. A batch that has begun is completed.")

    def _resume(self, name: str) -> None:
        changes.resume(_space(name), by=None)
        self.stdout.write(f"Refining of {name} goes on.")

    def _remove(self, name: str) -> None:
        if not changes.remove(_space(name), by=None):
            raise CommandError(f"{name} is not retired. Retire it first.")
        self.stdout.write(f"{name} has been removed.")


def _row(space: Space, covered: Coverage) -> tuple[str, ...]:
    drafts = Embedding.objects.filter(space=space, draft=True).count()
    numbers = (space.dimensions, covered.ready, drafts, covered.failed, covered.wanted)
    created = f"{space.created:%Y-%m-%d %H:%M}"
    short = space.fingerprint[:FINGERPRINT]
    return (space.name, short, space.state, *(f"{number:,}" for number in numbers), created)


def _space(name: str) -> Space:
    matches = Space.objects.filter(Q(name=name) | Q(fingerprint__startswith=name))
    if len(matches) > 1:
        raise CommandError(f"Several spaces match {name}. Use a fingerprint.")
    if not matches:
        raise CommandError(f"Space {name} does not exist.")
    return matches[0]
