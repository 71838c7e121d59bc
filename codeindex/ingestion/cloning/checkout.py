"""The head of a branch, fetched with git, and what lies in it.

A repository has one bare, shallow mirror in the state folder; files are read out of git's object
store and no work tree is ever written, so that hooks, filters, symbolic links and file names of a
stranger's repository have nothing to act on.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from django.conf import settings

from codeindex import credentials
from codeindex.ingestion.cloning import git, local_paths, proxy, remotes
from codeindex.ingestion.cloning.git import GitFailed
from codeindex.ingestion.cloning.proxy import Resolve
from codeindex.ingestion.cloning.remotes import Remote
from codeindex.leases import Lease
from codeindex.local_services.state import State
from codeindex.models import IndexRun, Repository

LONGEST_PATH = 4_096
"""Bytes. No computer could check out a longer one; it arrives one byte longer than this."""

SILENT_SECONDS = 60
"""How long git may take for the next piece of what is in the mirror already."""

BRANCHES_NAMED = 5

TOO_DEEP = "The folders of the repository are nested too deeply."
"""git before 2.43 runs out of stack there (signal 11)."""

COMPLAINTS = (
    (r"authentication failed|could not read (?:username|password)|returned error: 40[13]"
     r"|permission denied \(",
     "The host refused access: its credential is missing or wrong. Give a token in the URL, or a"
     " deploy key for ssh."),
    (r"host key verification failed|no .{1,40} host key is known",
     "The host's ssh key is unknown, or is not the one that is known for it."),
    (r"repository '[^']*' not found|repository not found|returned error: 404"
     r"|does not appear to be a git repository|not a git repository"
     r"|not valid: is this a git repository",
     "There is no git repository at this address."),
    (r"dumb http transport", "The host serves only git's old HTTP protocol, which lacks shallow"
     " clones. Use its https address for smart HTTP, or ssh."),
    (r"no space left on device", "The disk of this worker is full."),
    (r"out of memory|cannot allocate memory|unable to create thread",
     "The repository needs more memory than this installation gives to a clone."),
    (r"exceeded maximum allowed tree depth|signal 11", TOO_DEEP),
    (r"operation too slow|timed out", "The host sends nothing, or too slowly."),
    (r"certificate", "The host's TLS certificate cannot be verified."),
    (r"redirect|returned error: 30\d", "The host redirects elsewhere. Register the repository by"
     " its new address."),
    (r"returned error: 429", "The host asks to try again later: it had too many requests."),
    (r"returned error: 5\d\d", "The host failed to answer. Try again later."),
    (r"hung up unexpectedly|early eof|unexpected disconnect|connection (?:reset|closed)"
     r"|empty reply from server|transfer closed",
     "The host ended the connection early."),
    (r"connection refused|failed to connect|couldn't connect", "The host does not answer."),
    (r"index-pack|fetch-pack|unpack|bad object|bad pack|corrupt|inflate|protocol error"
     r"|missing (?:blob|tree|commit)|bad line length|invalid ",
     "The host sent what git cannot read."),
)  # fmt: skip

TOO_LARGE = re.compile(r"file too large", re.IGNORECASE)
LONGEST_LINE = 200


class CheckoutError(Exception):
    """The branch cannot be had; the message says why and is fit for a user."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a commit. `mode` is git's: a link is 120000, a submodule 160000."""

    path: bytes
    mode: str
    sha: str
    size: int


@dataclass(frozen=True, slots=True)
class Tree:
    """A commit in a mirror. What is asked of it ends with `LostLease` when the run does."""

    mirror: Path
    commit: str
    lease: Lease = field(compare=False, repr=False)

    def entries(self) -> Iterator[Entry]:
        """The files, as they come from git. Raises `CheckoutError` where they are more, or hold
        more, than is allowed; how many they are is found out before the first one is given."""
        self._check_count()
        listing = self._pieces("ls-tree", "-r", "-z", "-l", "--full-tree", self.commit)
        total = 0
        with closing(listing):
            for record in _records(listing, LONGEST_PATH + 100):
                entry = _entry(record)
                if entry.size <= settings.CODEINDEX_FILE_BYTES:
                    total += entry.size
                if total > settings.CODEINDEX_CLONE_CONTENT:
                    raise CheckoutError(
                        f"The repository holds more than {settings.CODEINDEX_CLONE_CONTENT >> 20}"
                        " MiB of files to read, the limit of this installation."
                    )
                yield entry

    def read(self, shas: Iterable[str]) -> Iterator[bytes]:
        """The contents of blobs, in order. Raises `CheckoutError` where one is missing or larger
        than a file that is indexed."""
        with tempfile.TemporaryFile() as asked:
            wanted = [asked.write(f"{sha}\n".encode()) for sha in shas]
            asked.seek(0)
            contents = self._pieces("cat-file", "--batch", "--buffer", stdin=asked)
            with closing(contents):
                reading = _Reading(contents)
                for _ in wanted:
                    yield _content(reading)

    def _check_count(self) -> None:
        """Before anything is kept of them: a few kilobytes can hold 100 million paths."""
        names = self._pieces("ls-tree", "-r", "-z", "--name-only", "--full-tree", self.commit)
        count = 0
        with closing(names):
            for piece in names:
                count += piece.count(b"\0")
                if count > settings.CODEINDEX_CLONE_FILES:
                    raise CheckoutError(
                        f"The repository has more than {settings.CODEINDEX_CLONE_FILES:,} files,"
                        " the limit of this installation."
                    )

    def _pieces(self, *arguments: str, stdin: IO[bytes] | int = git.NO_INPUT) -> Iterator[bytes]:
        def watch(silent: float) -> None:
            self.lease.progress()
            if silent > SILENT_SECONDS:
                raise CheckoutError("The repository's files cannot be read in reasonable time.")

        env = git.environment(home(), self.mirror)
        try:
            yield from git.pieces(self.mirror, *arguments, env=env, watch=watch, stdin=stdin)
        except GitFailed as failure:
            raise CheckoutError(_explained(failure)) from failure


def fetch(run: IndexRun, lease: Lease, resolve: Resolve = proxy.resolve) -> Tree:
    """The head of the run's branch, brought into the mirror; `resolve` finds the addresses of
    hosts. Raises `CheckoutError`, and `LostLease` as soon as the run is cancelled or removed.

    The tree may be read after the mirror's lock is given back: what other branches' runs fetch
    and collect there leaves the commit of this one alone.
    """
    repository = run.branch.repository
    mirror = mirrors() / f"{repository.pk}.git"
    try:
        remote = remotes.parse(repository.url, trusted_path=repository.trusted_path)
        with _locked(mirror, lease) as lock, _route(repository, remote, mirror, resolve) as route:
            fetching = _Fetch(mirror, route, lock, lease)
            commit = fetching.head(run.branch.name, f"refs/codeindex/{run.branch_id}")
            return Tree(mirror, commit, lease)
    except remotes.RefusedRemote as refusal:
        raise CheckoutError(str(refusal)) from refusal
    except credentials.UnreadableCredential as error:
        raise CheckoutError(
            "The credential cannot be decrypted with the present secret key: register again."
        ) from error


def remove_unregistered() -> None:
    """Delete this machine's mirrors of repositories that are registered no more, and deploy keys
    that a killed worker left. What a fetch is at is left to the next time."""
    for mirror in mirrors().glob("*.git"):
        if not Repository.objects.filter(pk=mirror.stem).exists():
            with _lock_of(mirror) as lock:
                if _take(lock):
                    shutil.rmtree(mirror, ignore_errors=True)
    for key in mirrors().glob("*.key"):
        with _lock_of(key) as lock:
            if _take(lock):
                key.unlink(missing_ok=True)


def mirrors() -> Path:
    return Path(settings.CODEINDEX_HOME) / "mirrors"


def home() -> Path:
    """git's own home: empty, but for the keys of hosts that ssh has met."""
    State(settings.CODEINDEX_HOME).make_folder()
    folder = Path(settings.CODEINDEX_HOME) / "git"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def _locked(mirror: Path, lease: Lease) -> Iterator[int]:
    """One reader or writer a mirror. git inherits the lock, so that a fetch that outlives a
    killed worker keeps the next worker out until it ends."""
    deadline = time.monotonic() + settings.CODEINDEX_CLONE_SECONDS
    with _lock_of(mirror) as lock:
        while not _take(lock):
            if time.monotonic() > deadline:
                raise CheckoutError("Another fetch of this repository does not end.")
            lease.progress()
            time.sleep(0.2)
        yield lock


@contextmanager
def _lock_of(mirror: Path) -> Iterator[int]:
    State(settings.CODEINDEX_HOME).make_folder()
    mirror.parent.mkdir(exist_ok=True)
    lock = os.open(mirror.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        yield lock
    finally:
        os.close(lock)


def _take(lock: int) -> bool:
    """Whether the lock is ours now."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Route:
    """How git reaches a remote: its address, options of `fetch` that go with it, what git's
    environment gains, and why the last connection was not made ("" if it was)."""

    address: str
    options: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    trouble: Callable[[], str] = str


@contextmanager
def _route(
    repository: Repository, remote: Remote, mirror: Path, resolve: Resolve
) -> Iterator[_Route]:
    """For the length of a fetch."""
    if not remote.scheme:
        yield _local_route(repository, remote)
        return
    with ExitStack() as stack:
        networks = settings.CODEINDEX_REFUSED_NETWORKS
        way = stack.enter_context(proxy.serving(networks, remote.scheme, resolve))
        if remote.scheme == "ssh":
            secret = credentials.decrypt(repository.deploy_key)
            key = stack.enter_context(_key_file(mirror, secret))
            env = git.for_ssh(home(), way.address, way.password, key)
        else:
            secret = credentials.decrypt(repository.credential)
            parts = urlsplit(remote.address)
            origin = f"{parts.scheme}://{parts.netloc}"
            env = git.for_http(origin, way.address, way.password, secret)
        yield _Route(remote.address, (), env, lambda: way.trouble)


def _local_route(repository: Repository, remote: Remote) -> _Route:
    if repository.trusted_path:
        return _Route(remote.address)
    place = local_paths.contained(remote.address, remotes.roots())
    return _Route(place, ("--upload-pack=git-upload-pack --strict",))


@contextmanager
def _key_file(mirror: Path, key: str) -> Iterator[Path | None]:
    """A deploy key where ssh reads it, for the length of a fetch; the mirror is locked."""
    file = mirror.with_suffix(".key")
    file.unlink(missing_ok=True)
    if not key:
        yield None
        return
    try:
        with open(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as writing:
            writing.write(key)
        yield file
    finally:
        file.unlink(missing_ok=True)


class _Fetch:
    """Fetches into one mirror, which is locked."""

    def __init__(self, mirror: Path, route: _Route, lock: int, lease: Lease) -> None:
        self._mirror = mirror
        self._route = route
        self._lock = lock
        self._lease = lease
        self._deadline = time.monotonic() + settings.CODEINDEX_CLONE_SECONDS

    def head(self, branch: str, kept: str) -> str:
        """The commit of the branch's head (of the remote's own if the name is empty), fetched
        alone and kept by the reference `kept`. A fetch that fails leaves nothing."""
        try:
            self._prepare()
            self._fetch(branch, kept)
            return self._git("rev-parse", f"{kept}^{{commit}}").decode().strip()
        except GitFailed as failure:
            self._discard()
            raise CheckoutError(self._route.trouble() or _explained(failure)) from failure
        except BaseException:
            self._discard()
            raise

    def _fetch(self, branch: str, kept: str) -> None:
        source = f"refs/heads/{branch}" if branch else "HEAD"
        for _ in range(3):  # again by the other hash, again by another name
            try:
                self._fetch_from(source, kept)
            except GitFailed as failure:
                if other := re.search(
                    r"mismatched algorithms: .*server (sha1|sha256)\b", failure.said
                ):
                    self._make(other[1])
                elif source == "HEAD" and "couldn't find remote ref HEAD" in failure.said:
                    source = self._only_branch()
                elif "couldn't find remote ref" in failure.said:
                    raise CheckoutError(f"There is no branch {branch}.") from failure
                else:
                    raise
            else:
                return self._check_size()
        raise CheckoutError("The host says of each hash that it uses the other one.")

    def _fetch_from(self, source: str, kept: str) -> None:
        self._git(
            "fetch", "--quiet", "--depth=1", "--no-tags", "--force", "--no-write-fetch-head",
            *self._route.options, "--", self._route.address, f"+{source}:{kept}",
        )  # fmt: skip

    def _only_branch(self) -> str:
        """Of a remote whose HEAD names no branch that there is."""
        listing = self._pieces(
            "ls-remote", "--heads", *self._route.options, "--", self._route.address
        )
        names = []
        with closing(listing):
            for record in _records(listing, LONGEST_PATH, end=b"\n"):
                names.append(record.decode(errors="replace").partition("\trefs/heads/")[2])
                if len(names) > BRANCHES_NAMED:
                    break
        if not names:
            raise CheckoutError("The repository is empty: it has no commit yet.")
        if len(names) == 1:
            return f"refs/heads/{names[0]}"
        listed = ", ".join(_line(name) for name in names[:BRANCHES_NAMED])
        more = ", …" if len(names) > BRANCHES_NAMED else ""
        raise CheckoutError(
            "The repository's HEAD names no branch that exists. Name one as the branch to index:"
            f" {listed}{more}."
        )

    def _git(self, *arguments: str) -> bytes:
        return b"".join(self._pieces(*arguments))

    def _pieces(self, *arguments: str) -> Iterator[bytes]:
        env = git.environment(home(), self._mirror) | self._route.env
        return git.pieces(
            self._mirror, *arguments, env=env, watch=self._watch, pass_fds=(self._lock,)
        )

    def _watch(self, _: float) -> None:
        self._lease.progress()
        if time.monotonic() > self._deadline:
            raise CheckoutError(
                f"The clone took longer than {settings.CODEINDEX_CLONE_SECONDS} s, the limit of"
                " this installation."
            )
        self._check_size()

    def _check_size(self) -> None:
        if _size(self._mirror) > settings.CODEINDEX_CLONE_BYTES:
            shutil.rmtree(self._mirror, ignore_errors=True)
            raise CheckoutError(_too_large())

    def _prepare(self) -> None:
        self._sweep()
        if not (self._mirror / "HEAD").exists():
            self._make("sha1")

    def _make(self, algorithm: str) -> None:
        shutil.rmtree(self._mirror, ignore_errors=True)
        self._mirror.mkdir(mode=0o700)
        self._git("init", "--quiet", "--bare", "--template=", f"--object-format={algorithm}", ".")

    def _discard(self) -> None:
        """What a fetch that failed left: all of a mirror that holds nothing else."""
        self._sweep()
        if (
            not any((self._mirror / "refs").rglob("*/*"))
            and not (self._mirror / "packed-refs").exists()
        ):
            shutil.rmtree(self._mirror, ignore_errors=True)

    def _sweep(self) -> None:
        """Locks and unfinished packs of a fetch that was killed: we hold the mirror's lock."""
        for stale in (*self._mirror.rglob("*.lock"), *self._mirror.rglob("tmp_*")):
            stale.unlink(missing_ok=True)


class _Reading:
    """Lines and counted bytes out of pieces; `line` has a bound, and so does what is kept."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._ahead = bytearray()

    def line(self, longest: int = 1_000) -> bytes:
        while (end := self._ahead.find(b"\n")) < 0 and len(self._ahead) <= longest:
            if not self._more():
                break
        if end < 0:
            raise CheckoutError("git ended its answer early.")
        line = bytes(self._ahead[:end])
        del self._ahead[: end + 1]
        return line

    def exactly(self, count: int) -> bytes:
        while len(self._ahead) < count:
            if not self._more():
                raise CheckoutError("git ended its answer early.")
        content = bytes(self._ahead[:count])
        del self._ahead[:count]
        return content

    def _more(self) -> bool:
        piece = next(self._pieces, b"")
        self._ahead += piece
        return bool(piece)


def _content(reading: _Reading) -> bytes:
    """The next blob that git cat-file gives."""
    header = reading.line().split()
    if len(header) != 3:
        raise CheckoutError("A file is missing in the fetched repository.")
    size = int(header[2])
    if size > settings.CODEINDEX_FILE_BYTES:
        raise CheckoutError("A file of the repository is larger than git said.")
    content = reading.exactly(size)
    reading.exactly(1)
    return content


def _records(pieces: Iterable[bytes], longest: int, end: bytes = b"\0") -> Iterator[bytes]:
    """What `end` ends; of a record that is longer than `longest`, its beginning."""
    kept = b""
    for piece in pieces:
        *complete, rest = piece.split(end)
        for record in complete:
            yield (kept + record)[:longest]
            kept = b""
        kept = (kept + rest)[:longest]


def _entry(record: bytes) -> Entry:
    description, _, path = record.partition(b"\t")
    mode, _, sha, size = description.decode().split()
    return Entry(path[: LONGEST_PATH + 1], mode, sha, 0 if size == "-" else int(size))


def _size(folder: Path) -> int:
    """Bytes on disk; files that git removes meanwhile count nothing."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _explained(failure: GitFailed) -> str:
    """Why git failed, in a sentence. Each line is cut, so that no pattern takes long over it."""
    lines = [_line(line) for line in failure.said.splitlines()]
    if failure.status < 0:
        lines.append(f"git was ended by signal {-failure.status}")
    said = "\n".join(lines)
    if TOO_LARGE.search(said):
        return _too_large()
    for pattern, message in COMPLAINTS:
        if re.search(pattern, said, re.IGNORECASE):
            return message
    fatal = [line for line in lines if line.startswith(("fatal:", "error:", "git was"))]
    return f"git failed: {(fatal or [f'it ended with status {failure.status}'])[0]}"


def _too_large() -> str:
    return (
        f"The repository is larger than {settings.CODEINDEX_CLONE_BYTES >> 20} MiB, the limit of"
        " this installation."
    )


def _line(text: str) -> str:
    """A stranger's text as a part of a message: short, on one line, and printable."""
    return "".join(letter if letter.isprintable() else "�" for letter in text[:LONGEST_LINE])
