"""`manage.py backup FILE`: writes a backup while codeindex runs, or verifies one."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from codeindex.management import base
from codeindex.management.backups import as_command_error, described
from codeindex.management.index import existing_index
from codeindex.operations.backups import backup, verification
from codeindex.operations.backups.backup import Wanted
from codeindex.operations.backups.contents import LeftOut

KEYS_INSIDE = "It holds the secret key. Keep it where only administrators can read it."
KEYS_ELSEWHERE = "It does not hold the secret key. Keep that as well, in another place."


class Command(base.Command):
    help = "Write a backup of the database, the secret key and the models to one file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--leave-out",
            choices=list(LeftOut),
            default=LeftOut.NOTHING,
            help="leave out what the workers can compute again: vectors, or vectors and all code",
        )
        parser.add_argument(
            "--without-keys",
            action="store_true",
            help="leave out the secret key; stored credentials cannot be restored without it",
        )
        parser.add_argument(
            "--without-models", action="store_true", help="leave out models that were trained here"
        )
        parser.add_argument(
            "--verify",
            action="store_true",
            help="verify FILE instead: restore it into a temporary database, and compare",
        )

    def handle(
        self,
        *,
        file: Path,
        leave_out: str,
        without_keys: bool,
        without_models: bool,
        verify: bool,
        **_: Any,
    ) -> None:
        note = self.stderr.write
        with as_command_error():
            if verify:
                manifest = verification.verify(file, note)
                self.stdout.write(f"{file} is intact: {described(manifest)}")
                return
            wanted = Wanted(LeftOut(leave_out), keys=not without_keys, models=not without_models)
            with existing_index():
                manifest = backup.make(file, wanted, note)
        self.stdout.write(f"{file}: {described(manifest)}")
        self.stdout.write(KEYS_INSIDE if manifest.has_keys else KEYS_ELSEWHERE)
