"""`manage.py restore FILE`: restores a backup into this installation, which must be stopped."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from codeindex.local_services import ensure_services
from codeindex.management import base
from codeindex.management.backups import as_command_error, described
from codeindex.operations.backups import restore


class Command(base.Command):
    help = "Restore a backup into this installation, which must be stopped and empty."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument(
            "--replace", action="store_true", help="delete everything that this installation holds"
        )
        parser.add_argument(
            "--without-keys",
            action="store_true",
            help="keep this installation's secret key; credentials of the backup are removed",
        )

    def handle(self, *, file: Path, replace: bool, without_keys: bool, **_: Any) -> None:
        with as_command_error(), ensure_services():
            restored = restore.restore(
                file, replace=replace, keys=not without_keys, note=self.stderr.write
            )
        self.stdout.write(f"Restored {described(restored.manifest)}")
        for remark in restored.remarks:
            self.stdout.write(remark)
        self.stdout.write("Start codeindex now (make run).")
