"""The rules for a repository's URL, and for a path of this machine.

Whether a host may be reached is decided where the connection is made (`proxy`).
No message repeats an address, which may hold a secret.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from os.path import realpath
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from django.conf import settings

SCHEMES = ("https", "http", "ssh")
SCP_FORM = re.compile(r"(?:(?P<user>[\w.-]+)@)?(?P<host>[\w.-]+):(?![/:])(?P<path>[^\s?#@]+)")
LOOKS_LIKE_SCP = re.compile(r"[^/\s]+@[^/\s]+:")
PLACE = re.compile(r"(?:\[[0-9a-f:.]+\]|[^][:@]*)(?::\d*)?", re.IGNORECASE | re.ASCII)
USER = re.compile(r"\w[\w.-]*", re.ASCII)
HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_.])?", re.IGNORECASE | re.ASCII)
FORBIDDEN_IN_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{")
SECOND_ADDRESS = re.compile(r"://|:[^/]*@")
"""In a decoded path: a URL that was pasted twice, or the user and password of another."""

PARAMETER = re.compile(r"[?#;&][^/]*=")
"""In a decoded path: a query without its question mark, or with an encoded one."""

NO_QUERY = (
    "A clone URL has no query (?…) and no fragment (#…). Put a token before the host:"
    " https://TOKEN@host/path."
)

FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

LONGEST = 2_048
"""Characters of an address."""

LONGEST_NAME = 100

MALFORMED = "This is not a valid clone URL. Check it for typos."


class RefusedRemote(ValueError):
    """The address may not be cloned; the message says why, for users."""


@dataclass(frozen=True, slots=True)
class Remote:
    """A checked address in git's form, without its `credential`, which is `user:password`, a token
    or "". `scheme` is empty for a local path."""

    address: str
    scheme: str
    host: str
    name: str
    credential: str = ""


def parse(url: str, *, trusted_path: bool = False) -> Remote:
    """The remote at `url`. A local path must lie in a folder that the administrator allows
    (`CODEINDEX_LOCAL_ROOTS`), unless whoever asks can read it anyway (`trusted_path`). Raises
    `RefusedRemote`."""
    if len(url) > LONGEST:
        raise RefusedRemote(f"The URL is longer than {LONGEST:,} characters.")
    if not url or url.startswith("-") or FORBIDDEN.search(url):
        raise RefusedRemote("Enter a clone URL or a path.")
    scheme, separator, _ = url.partition("://")
    if separator and scheme.lower() in SCHEMES:
        return _from_url(url)
    if scp := SCP_FORM.fullmatch(url):
        return _from_scp_form(scp)
    if scheme.lower() == "file" and separator:
        url = unquote(url[len("file://") :])
    elif separator or "::" in url:
        raise RefusedRemote("Only https, http and ssh URLs and local paths can be cloned.")
    elif LOOKS_LIKE_SCP.match(url):
        raise RefusedRemote("Write the address as a URL: ssh://user@host/path.")
    return _from_path(url, trusted=trusted_path)


def is_same_place(first: Remote, second: Remote) -> bool:
    """Whether both are on the same port of the same host, by the same protocol: a secret that was
    given for one may be used for the other."""
    return _place(first) == _place(second)


def _place(remote: Remote) -> tuple[str, str]:
    if "://" in remote.address:
        return remote.scheme, urlsplit(remote.address).netloc
    return remote.scheme, remote.address.partition(":")[0] if remote.scheme else ""


def is_branch_name(name: str) -> bool:
    """Whether git allows the name (check-ref-format); it can be neither an option nor a pattern."""
    parts = name.split("/")
    return not (
        name.startswith("-")
        or name == "@"
        or FORBIDDEN_IN_BRANCH.search(name)
        or any(not part or part.startswith(".") or part.endswith((".lock", ".")) for part in parts)
    )


def _from_url(url: str) -> Remote:
    if not url.isprintable() or " " in url or "\\" in url:
        raise RefusedRemote(MALFORMED)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RefusedRemote(MALFORMED) from error
    if "?" in url or "#" in url:
        raise RefusedRemote(NO_QUERY)
    _check_path(parts.path)
    if not parts.hostname:
        raise RefusedRemote("The URL has no host.")
    place = parts.netloc.rpartition("@")[2]
    if port == 0 or not PLACE.fullmatch(place):
        raise RefusedRemote(MALFORMED)
    host = _ascii(parts.hostname)
    if not place.isascii():
        place = f"{host}:{port}" if port else host
    user, credential = _user_and_credential(parts)
    address = f"{parts.scheme}://{user}{place}{parts.path}"
    return Remote(address, parts.scheme, host, _name(parts.path, host), credential)


def _check_path(path: str) -> None:
    """What is stored of an address is shown, so that its path must not hold a secret."""
    path = unquote(path)
    if SECOND_ADDRESS.search(path):
        raise RefusedRemote(MALFORMED)
    if PARAMETER.search(path):
        raise RefusedRemote(NO_QUERY)


def _user_and_credential(parts: SplitResult) -> tuple[str, str]:
    """The part before the host that stays in the URL, and the credential, which does not."""
    userinfo, separator, _ = parts.netloc.rpartition("@")
    if parts.scheme != "ssh":
        credential = unquote(userinfo)
        if not credential.isprintable():
            raise RefusedRemote("The user or password in the URL has unprintable characters.")
        return "", credential
    if ":" in userinfo:
        raise RefusedRemote(
            "Passwords are not supported for ssh. Remove it from the URL and add a deploy key."
        )
    if separator and not USER.fullmatch(userinfo):
        raise RefusedRemote(MALFORMED)
    return userinfo + separator, ""


def _from_scp_form(scp: re.Match[str]) -> Remote:
    _check_path(scp["path"])
    host = _ascii(scp["host"])
    user = ""
    if scp["user"]:
        if not USER.fullmatch(scp["user"]):
            raise RefusedRemote(MALFORMED)
        user = f"{scp['user']}@"
    return Remote(f"{user}{host}:{scp['path']}", "ssh", host, _name(scp["path"], host))


def _ascii(host: str) -> str:
    """A host in git's form: a name in ASCII letters, or an IPv6 address."""
    try:
        if ":" in host:
            ipaddress.IPv6Address(host)
            return host
        plain = host if host.isascii() else host.encode("idna").decode()
    except ValueError as error:  # UnicodeError is one
        raise RefusedRemote(MALFORMED) from error
    if not HOST.fullmatch(plain):
        raise RefusedRemote(MALFORMED)
    return plain


def _from_path(path: str, *, trusted: bool) -> Remote:
    if FORBIDDEN.search(path):  # from a file URL: %00
        raise RefusedRemote("Enter a clone URL or a path.")
    try:
        place = Path(path).expanduser() if trusted else Path(path)
    except RuntimeError as error:  # ~user, and there is none
        raise RefusedRemote("Enter a clone URL or a path.") from error
    if not trusted and not place.is_absolute():
        raise RefusedRemote("Enter a clone URL (https, http, ssh) or an absolute path.")
    place = Path(realpath(place))
    if not trusted and not any(place.is_relative_to(root) for root in roots()):
        # The same message whether the path exists or not.
        raise RefusedRemote(
            "This path is not in a folder from which repositories may be cloned. Ask your"
            " administrator which folders are allowed."
        )
    return Remote(str(place), "", "", _name(str(place)))


def roots() -> list[Path]:
    """The folders whose repositories users may clone, with symbolic links resolved."""
    return [Path(realpath(root)) for root in settings.CODEINDEX_LOCAL_ROOTS]


def _name(path: str, host: str = "") -> str:
    """A repository's name by its address: `shop` for `team/shop.git` and `shop/.git`."""
    folders = [folder for folder in path.split("/") if folder and folder != ".git"]
    return (folders[-1].removesuffix(".git") if folders else host)[:LONGEST_NAME]
