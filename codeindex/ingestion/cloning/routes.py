"""How git reaches a repository's host: through the proxy that checks addresses, and with the
credential or the deploy key of the repository."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from codeindex import credentials
from codeindex.ingestion.cloning import git, local_paths, mirrors, proxy, remotes
from codeindex.ingestion.cloning.errors import CheckoutError
from codeindex.ingestion.cloning.proxy import Resolve
from codeindex.ingestion.cloning.remotes import Remote
from codeindex.models import Repository


@dataclass(frozen=True, slots=True)
class Route:
    """How git reaches a remote: its address, the options of `fetch` for it, additions to git's
    environment, and why the last connection failed ("" if it did not)."""

    address: str
    options: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    connection_error: Callable[[], str] = str


@contextmanager
def opened(repository: Repository, key_beside: Path, resolve: Resolve) -> Iterator[Route]:
    """The route to a repository, open during the block. A deploy key is meanwhile in a file beside
    `key_beside`, which the caller has locked. Raises `CheckoutError`."""
    try:
        remote = remotes.parse(repository.url, trusted_path=repository.trusted_path)
        with ExitStack() as stack:
            if not remote.scheme:
                yield _local(repository, remote)
            else:
                yield _through_proxy(repository, remote, key_beside, resolve, stack)
    except remotes.RefusedRemote as refusal:
        raise CheckoutError(str(refusal)) from refusal
    except credentials.UnreadableCredential as error:
        raise CheckoutError(
            "The stored credential cannot be decrypted: the secret key of this installation has"
            " changed. Register the repository again."
        ) from error


def _through_proxy(
    repository: Repository, remote: Remote, key_beside: Path, resolve: Resolve, stack: ExitStack
) -> Route:
    networks = settings.CODEINDEX_REFUSED_NETWORKS
    forward = stack.enter_context(proxy.serving(networks, remote.scheme, resolve))
    if remote.scheme == "ssh":
        secret = credentials.decrypt(repository.deploy_key)
        key = stack.enter_context(_key_file(key_beside, secret))
        env = git.for_ssh(mirrors.home(), forward.address, forward.password, key)
    else:
        secret = credentials.decrypt(repository.credential)
        parts = urlsplit(remote.address)
        origin = f"{parts.scheme}://{parts.netloc}"
        env = git.for_http(origin, forward.address, forward.password, secret)
    return Route(remote.address, (), env, lambda: forward.error)


def _local(repository: Repository, remote: Remote) -> Route:
    if repository.trusted_path:
        return Route(remote.address)
    place = local_paths.contained(remote.address, remotes.roots())
    return Route(place, ("--upload-pack=git-upload-pack --strict",))


@contextmanager
def _key_file(beside: Path, key: str) -> Iterator[Path | None]:
    """A file with the deploy key for ssh, during the block."""
    file = beside.with_suffix(".key")
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
