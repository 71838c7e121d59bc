"""The head of a branch, fetched with git: the only subprocess.

A repository has one bare, shallow mirror in the state folder; files are read out of git's object
store and no work tree is ever written, so that hooks, filters, symbolic links and file names of a
stranger's repository have nothing to act on.
"""

from __future__ import annotations

import base64
import fcntl
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from codeindex import credentials
from codeindex.embedded.state import State
from codeindex.ingestion import remotes
from codeindex.leases import Lease
from codeindex.models import IndexRun, Repository

CONFIG = """\
[core]
	hooksPath = /dev/null
[protocol]
	allow = never
[protocol "https"]
	allow = always
[protocol "http"]
	allow = always
[protocol "ssh"]
	allow = always
[protocol "file"]
	allow = always
[safe]
	directory = *
[credential]
	helper =
[http]
	lowSpeedLimit = 1000
	lowSpeedTime = 60
[gc]
	autoDetach = false
	pruneExpire = now
[fetch]
	recurseSubmodules = false
"""

COMPLAINTS = (
    (r"could not resolve host(?:name)?:? ([^\s:]+)", "There is no host {0}."),
    (r"authentication failed|could not read (?:username|password)|returned error: 40[13]"
     r"|permission denied \(|host key verification failed",
     "The credentials were refused, or the repository needs some."),
    (r"couldn't find remote ref head", "The repository is empty: it has no commit yet."),
    (r"couldn't find remote ref refs/heads/(\S+)", "There is no branch {0}."),
    (r"repository (?:'.*' )?not found|does not appear to be a git repository"
     r"|not a git repository|not valid: is this a git repository",
     "There is no git repository at this address."),
    (r"no space left on device", "The disk of this worker is full."),
    (r"connection (?:refused|timed out)|failed to connect|couldn't connect|operation too slow",
     "The host does not answer."),
)  # fmt: skip


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
    """A commit in a mirror."""

    mirror: Path
    commit: str

    def entries(self) -> list[Entry]:
        listing = _output(self.mirror, "ls-tree", "-r", "-z", "-l", "--full-tree", self.commit)
        return [_entry(line) for line in listing.split(b"\0") if line]

    def read(self, shas: Iterable[str]) -> Iterator[bytes]:
        """The contents of blobs, in order."""
        with subprocess.Popen(
            ["git", "cat-file", "--batch"],
            cwd=self.mirror,
            env=_environment(self.mirror),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as reader:
            assert reader.stdin
            assert reader.stdout
            for sha in shas:
                reader.stdin.write(f"{sha}\n".encode())
                reader.stdin.flush()
                header = reader.stdout.readline().split()
                if len(header) != 3:
                    raise CheckoutError(f"The object {sha} is missing in the fetched repository.")
                yield reader.stdout.read(int(header[2]))
                reader.stdout.read(1)
            reader.stdin.close()


def fetch(run: IndexRun, lease: Lease) -> Tree:
    """The head of the run's branch, brought into the mirror. Raises `CheckoutError`, and
    `LostLease` as soon as the run is cancelled or removed.

    The tree may be read after the mirror's lock is given back: what other branches' runs fetch
    and collect there leaves the commit of this one alone.
    """
    repository = run.branch.repository
    mirror = mirrors() / f"{repository.pk}.git"
    try:
        remote = remotes.parse(repository.url, trusted_path=True)
        remotes.check_host(remote)
        with _locked(mirror) as lock:
            return Tree(mirror, _fetch(mirror, remote, run, lock, lease))
    except remotes.RefusedRemote as refusal:
        raise CheckoutError(str(refusal)) from refusal
    except credentials.UnreadableCredential as error:
        raise CheckoutError(
            "The credential cannot be decrypted with the present secret key: register again."
        ) from error


def remove_unregistered() -> None:
    """Delete this machine's mirrors of repositories that are registered no more."""
    for mirror in mirrors().glob("*.git"):
        if not Repository.objects.filter(pk=mirror.stem).exists():
            with _locked(mirror):
                shutil.rmtree(mirror, ignore_errors=True)


def mirrors() -> Path:
    return Path(settings.CODEINDEX_HOME) / "mirrors"


@contextmanager
def _locked(mirror: Path) -> Iterator[int]:
    """One reader or writer a mirror. git inherits the lock, so that a fetch that outlives a
    killed worker keeps the next worker out until it ends."""
    State(settings.CODEINDEX_HOME).make_folder()
    mirror.parent.mkdir(exist_ok=True)
    lock = os.open(mirror.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        _wait_for(lock)
        yield lock
    finally:
        os.close(lock)


def _wait_for(lock: int) -> None:
    deadline = time.monotonic() + settings.CODEINDEX_CLONE_SECONDS
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise CheckoutError("Another fetch of this repository does not end.") from None
            time.sleep(0.2)


def _fetch(mirror: Path, remote: remotes.Remote, run: IndexRun, lock: int, lease: Lease) -> str:
    """Fetch the branch's head alone into the mirror; its commit."""
    _prepare(mirror)
    branch = run.branch.name
    source = f"refs/heads/{branch}" if branch else "HEAD"
    kept = f"refs/codeindex/{run.branch_id}"
    fetch = (
        "fetch", "--quiet", "--depth=1", "--no-tags", "--force", "--no-write-fetch-head",
        "--", remote.address, f"+{source}:{kept}",
    )  # fmt: skip
    secret = credentials.decrypt(run.branch.repository.credential)
    _watched(mirror, fetch, _environment(mirror, remote, secret), lock, lease)
    return _output(mirror, "rev-parse", f"{kept}^{{commit}}").decode().strip()


def _prepare(mirror: Path) -> None:
    for stale in mirror.rglob("*.lock"):  # of a fetch that was killed: we hold the mirror's lock
        stale.unlink(missing_ok=True)
    if not (mirror / "HEAD").exists():
        mirror.mkdir(exist_ok=True)
        (mirrors() / "gitconfig").write_text(CONFIG)
        _output(mirror, "init", "--quiet", "--bare", "--template=", ".")


def _watched(
    mirror: Path, arguments: tuple[str, ...], env: dict[str, str], lock: int, lease: Lease
) -> None:
    """Run git in a process group of its own, which is killed past the time or size limit, and when
    the run is no longer wanted."""
    deadline = time.monotonic() + settings.CODEINDEX_CLONE_SECONDS
    git = subprocess.Popen(
        ["git", *arguments],
        cwd=mirror,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        process_group=0,
        pass_fds=(lock,),
    )
    try:
        while True:
            try:
                _, complaint = git.communicate(timeout=0.5)
                break
            except subprocess.TimeoutExpired:
                _check_limits(mirror, deadline)
                lease.progress()
    except BaseException:
        os.killpg(git.pid, signal.SIGKILL)
        git.wait()
        raise
    if git.returncode:
        raise CheckoutError(_explained(complaint.decode(errors="replace")))
    _check_limits(mirror, float("inf"))


def _check_limits(mirror: Path, deadline: float) -> None:
    if time.monotonic() > deadline:
        raise CheckoutError(
            f"The clone took longer than {settings.CODEINDEX_CLONE_SECONDS} s"
            " (CODEINDEX_CLONE_SECONDS)."
        )
    if _size(mirror) > settings.CODEINDEX_CLONE_BYTES:
        shutil.rmtree(mirror, ignore_errors=True)
        raise CheckoutError(
            f"The clone is larger than {settings.CODEINDEX_CLONE_BYTES >> 20} MiB"
            " (CODEINDEX_CLONE_BYTES)."
        )


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


def _explained(complaint: str) -> str:
    for pattern, message in COMPLAINTS:
        if found := re.search(pattern, complaint, re.IGNORECASE):
            return message.format(*found.groups())
    lines = [line for line in complaint.splitlines() if line.startswith(("fatal:", "error:"))]
    return f"git: {(lines or ['failed without a word'])[0]}"


def _environment(
    mirror: Path, remote: remotes.Remote | None = None, secret: str = ""
) -> dict[str, str]:
    """What git may know: no prompts, no configuration but ours, the credential for one host."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | {
        "GIT_CONFIG_GLOBAL": str(mirrors() / "gitconfig"),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes -oStrictHostKeyChecking=accept-new",
        "GIT_DIR": str(mirror),
        "LC_ALL": "C",
    }
    if remote and secret:
        parts = urlsplit(remote.address)
        user = secret if ":" in secret else f"{secret}:"
        token = base64.b64encode(user.encode()).decode()
        env |= {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{parts.scheme}://{parts.netloc}/.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {token}",
        }
    return env


def _output(mirror: Path, *arguments: str) -> bytes:
    try:
        return subprocess.run(
            ["git", *arguments],
            cwd=mirror,
            env=_environment(mirror),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        ).stdout
    except subprocess.CalledProcessError as error:
        raise CheckoutError(_explained(error.stderr.decode(errors="replace"))) from error


def _entry(line: bytes) -> Entry:
    description, _, path = line.partition(b"\t")
    mode, _, sha, size = description.decode().split()
    return Entry(path, mode, sha, 0 if size == "-" else int(size))
