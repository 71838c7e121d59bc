"""Which addresses may be cloned: the rules for a repository's URL, and for the host behind it."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

SCHEMES = ("https", "http", "ssh")
SCP_FORM = re.compile(r"(?:[\w.-]+@)?(?P<host>[\w.-]+):(?!/)(?P<path>\S+)")
FORBIDDEN_IN_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class RefusedRemote(ValueError):
    """The address may not be cloned; the message says why and is fit for a user."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A checked address, as git takes it. `host` is empty for a local path."""

    address: str
    host: str
    name: str


def parse(url: str, *, trusted_path: bool = False) -> Remote:
    """The remote that `url` means. A local path must lie in a folder that the administrator
    allows (`CODEINDEX_LOCAL_ROOTS`), unless who asks could read it anyway (`trusted_path`)."""
    if not url or url.startswith("-") or CONTROL.search(url):
        raise RefusedRemote("Give a clone URL or a path.")
    parts = urlsplit(url)
    if parts.scheme in SCHEMES:
        if not parts.hostname:
            raise RefusedRemote("The URL names no host.")
        return Remote(url, parts.hostname, _last_name(parts.path))
    if scp := SCP_FORM.fullmatch(url):
        return Remote(url, scp["host"], _last_name(scp["path"]))
    if parts.scheme == "file":
        url = parts.path
    elif "://" in url or "::" in url:
        raise RefusedRemote("Only https, http and ssh URLs and local paths can be cloned.")
    return _local(url, trusted=trusted_path)


def check_host(remote: Remote) -> None:
    """Refuse hosts in networks that a server must not be made to call: its own and its cloud's."""
    if not remote.host:
        return
    try:
        found = socket.getaddrinfo(remote.host, None, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as error:
        raise RefusedRemote(f"There is no host {remote.host}.") from error
    addresses = {ipaddress.ip_address(sockaddr[0]) for *_, sockaddr in found}
    for network in map(ipaddress.ip_network, settings.CODEINDEX_REFUSED_NETWORKS):
        if any(address in network for address in addresses):
            raise RefusedRemote(
                f"{remote.host} is in {network}, which CODEINDEX_REFUSED_NETWORKS refuses."
            )


def is_branch_name(name: str) -> bool:
    """git's rules (check-ref-format), so that a name can be neither an option nor a pattern."""
    parts = name.split("/")
    return not (
        name.startswith("-")
        or name == "@"
        or FORBIDDEN_IN_BRANCH.search(name)
        or any(not part or part.startswith(".") or part.endswith((".lock", ".")) for part in parts)
    )


def _local(path: str, *, trusted: bool) -> Remote:
    place = Path(path).expanduser() if trusted else Path(path)
    if not trusted and not place.is_absolute():
        raise RefusedRemote("Give a clone URL (https, http, ssh) or an absolute path.")
    place = place.resolve()
    roots = [Path(root).resolve() for root in settings.CODEINDEX_LOCAL_ROOTS]
    if not trusted and not any(place.is_relative_to(root) for root in roots):
        # Says the same of paths that exist and of paths that do not.
        raise RefusedRemote("This path is not in a folder that CODEINDEX_LOCAL_ROOTS allows.")
    return Remote(str(place), "", _last_name(str(place)))


def _last_name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2].removesuffix(".git")
