"""The file of a backup: an uncompressed ZIP archive whose manifest has the hash of each member."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from codeindex.operations.backups.contents import LeftOut, TableContent

FORMAT = 1
"""Raised when an older version could not restore what this one writes."""

MANIFEST, DATABASE, SECRET_KEY, MODELS = "manifest.json", "database.dump", "secret_key", "models/"

PART = 1024**2
"""Bytes that are read at once."""

_LONGEST_MANIFEST = 16 * 1024**2


UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)
"""What `zipfile` raises for members that are damaged, encrypted or compressed in an unknown way."""


class Unusable(Exception):
    """A backup that cannot be made, verified or restored. The message is for the administrator."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the archive."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `migrations`: the newest one of each application. `left_out`: what it
    does without, since that can be rebuilt. `home`: the state folder of the installation."""

    version: str
    created: str
    postgres: int
    pgvector: str
    migrations: Mapping[str, str]
    home: str
    left_out: LeftOut
    has_keys: bool
    tables: Mapping[str, TableContent]
    members: Mapping[str, Member] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def made_at(self) -> datetime:
        return datetime.fromisoformat(self.created)

    @property
    def model_names(self) -> list[str]:
        """The folders in `models/`."""
        paths = [PurePosixPath(name) for name in self.members if name.startswith(MODELS)]
        return sorted({path.parts[1] for path in paths})


class Writer:
    """Adds members to an archive, and notes their sizes and hashes."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.members: dict[str, Member] = {}

    @contextmanager
    def member(self, name: str) -> Iterator[Hashing]:
        """A new member to write to."""
        with self._archive.open(name, "w", force_zip64=True) as raw:
            hashed = Hashing(raw)
            yield hashed
        self.members[name] = Member(hashed.size, hashed.digest.hexdigest())

    def add_file(self, name: str, file: Path) -> None:
        with file.open("rb") as reading, self.member(name) as writing:
            shutil.copyfileobj(reading, writing, PART)

    def add_bytes(self, name: str, content: bytes) -> None:
        with self.member(name) as writing:
            writing.write(content)

    def finish(self, manifest: Manifest) -> Manifest:
        """Writes the manifest, with the members that were added; returns it."""
        complete = replace(manifest, members=self.members)
        self._archive.writestr(MANIFEST, json.dumps(asdict(complete), indent=1))
        return complete


class Hashing:
    """Passes on what is written, and hashes it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest, self.size = hashlib.sha256(), 0

    def write(self, part: bytes) -> int:
        self.digest.update(part)
        self.size += len(part)
        return self._file.write(part)


@contextmanager
def created(path: Path) -> Iterator[Writer]:
    """A new archive, for its owner alone. It appears under its name once it is complete; if the
    block fails, nothing is left. Raises `Unusable`, also if the file exists."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        if path.exists():
            raise Unusable(f"{path} exists. Choose another name; a backup is never overwritten.")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                with zipfile.ZipFile(file, "w") as archive:
                    yield Writer(archive)
                file.flush()
                os.fsync(file.fileno())
            os.link(unfinished, path)  # refuses a file that was created meanwhile
        finally:
            unfinished.unlink()
    except OSError as error:
        raise Unusable(f"{path} cannot be written: {error.strerror or error}.") from error


@dataclass(frozen=True, slots=True)
class Backup:
    """An archive that is open for reading."""

    manifest: Manifest
    archive: zipfile.ZipFile

    def check(self) -> None:
        """Reads everything. Raises `Unusable` if a member is damaged, missing or unexpected."""
        present = set(self.archive.namelist()) - {MANIFEST}
        if present != set(self.manifest.members):
            raise Unusable("The backup is damaged: it does not hold what its manifest says.")
        for name, member in self.manifest.members.items():
            digest = hashlib.sha256()
            try:
                with self.archive.open(name) as file:
                    while part := file.read(PART):
                        digest.update(part)
            except (*UNREADABLE, OSError) as error:
                raise _damaged(name) from error
            if digest.hexdigest() != member.sha256:
                raise _damaged(name)

    def open(self, name: str) -> IO[bytes]:
        return self.archive.open(name)

    def read(self, name: str) -> bytes:
        return self.archive.read(name)

    def extract_models(self, folder: Path) -> None:
        """Writes `models/` to `folder`, for its owner alone."""
        for name in self.manifest.members:
            if name.startswith(MODELS):
                target = folder.joinpath(*PurePosixPath(name).parts[1:])
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                with self.archive.open(name) as reading, target.open("wb") as writing:
                    shutil.copyfileobj(reading, writing, PART)


@contextmanager
def opened(path: Path) -> Iterator[Backup]:
    """Raises `Unusable` for what is no backup, or one of a newer version."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield Backup(_manifest(archive, path), archive)
    except zipfile.BadZipFile as error:
        raise _no_backup(path, error) from error
    except OSError as error:
        raise Unusable(f"{path} cannot be read: {error.strerror or error}.") from error


def _manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    try:
        if archive.getinfo(MANIFEST).file_size > _LONGEST_MANIFEST:
            raise ValueError("its manifest is too long")
        told: dict[str, Any] = json.loads(archive.read(MANIFEST))
        if told["format"] > FORMAT:
            raise Unusable(
                f"{path} was written by version {told['version']} of codeindex, which is newer than"
                " this one. Upgrade codeindex first."
            )
        tables = {name: TableContent(**told["tables"][name]) for name in told["tables"]}
        members = {name: Member(**told["members"][name]) for name in told["members"]}
        left_out = LeftOut(told["left_out"])
        manifest = Manifest(**told | {"tables": tables, "members": members, "left_out": left_out})
        _check(manifest)
    except (LookupError, TypeError, ValueError, AttributeError, *UNREADABLE) as error:
        raise _no_backup(path, error) from error
    return manifest


def _check(manifest: Manifest) -> None:
    """Raises `ValueError` or `TypeError` if no backup says this of itself."""
    datetime.fromisoformat(manifest.created)
    dict(manifest.migrations)
    needed = {DATABASE, SECRET_KEY} if manifest.has_keys else {DATABASE}
    if missing := needed - manifest.members.keys():
        raise ValueError(f"it lacks {min(missing)}")
    if strange := [name for name in manifest.members if not _is_expected(name)]:
        raise ValueError(f"it holds {strange[0]!r}")


def _is_expected(name: str) -> bool:
    """No name leads out of the folder to which models are written."""
    parts = PurePosixPath(name).parts
    in_models = name.startswith(MODELS) and len(parts) > 2 and not {"..", ""} & {*name.split("/")}
    return name in (DATABASE, SECRET_KEY) or in_models


def _no_backup(path: Path, why: object) -> Unusable:
    return Unusable(f"{path} is damaged or is no backup of codeindex: {why}.")


def _damaged(name: str) -> Unusable:
    return Unusable(f"The backup is damaged: {name} is not what was written.")


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """The regular files below a folder with their paths in it, sorted; links are left out, since
    they may lead anywhere."""
    for path in sorted(folder.rglob("*")):
        with suppress(FileNotFoundError):
            if stat.S_ISREG(path.lstat().st_mode):
                yield path.relative_to(folder).as_posix(), path
