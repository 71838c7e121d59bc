"""Links to a file on the code host that a repository was cloned from, at the indexed commit.

A kind of code host is the form of its links. The kinds of well-known hosts are known, those of
others are a setting, and a host of no kind gets a template instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from types import MappingProxyType
from urllib.parse import quote, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class LinkForm:
    """The templates of a code host's links: of a file, and what follows for a line and for several
    ones. `root` is that of a repository's pages."""

    file: str
    line: str = "#L{first}"
    lines: str = "#L{first}-L{last}"
    root: str = "{host}/{repository}"


KINDS: Mapping[str, LinkForm] = MappingProxyType(
    {
        "github": LinkForm("{root}/blob/{commit}/{path}"),
        "gitlab": LinkForm("{root}/-/blob/{commit}/{path}", lines="#L{first}-{last}"),
        "gitea": LinkForm("{root}/src/commit/{commit}/{path}"),
        "bitbucket": LinkForm(
            "{root}/src/{commit}/{path}", "#lines-{first}", "#lines-{first}:{last}"
        ),
        "bitbucket-server": LinkForm(
            "{root}/browse/{path}?at={commit}",
            "#{first}",
            "#{first}-{last}",
            root="{host}/projects/{project}/repos/{name}",
        ),
        "azure": LinkForm(
            "{root}?path=/{path}&version=GC{commit}",
            "&line={first}&lineEnd={after}&lineStartColumn=1&lineEndColumn=1",
            "&line={first}&lineEnd={after}&lineStartColumn=1&lineEndColumn=1",
        ),
        "cgit": LinkForm(
            "{root}/tree/{path}?id={commit}", "#n{first}", "#n{first}", root="{host}/{clone_path}"
        ),
        "sourcehut": LinkForm("{root}/tree/{commit}/item/{path}", lines="#L{first}-{last}"),
    }
)
KINDS = MappingProxyType({**KINDS, "forgejo": KINDS["gitea"]})

WELL_KNOWN: Mapping[str, str] = MappingProxyType(
    {
        "github.com": "github",
        "gitlab.com": "gitlab",
        "codeberg.org": "forgejo",
        "gitea.com": "gitea",
        "bitbucket.org": "bitbucket",
        "dev.azure.com": "azure",
        "git.sr.ht": "sourcehut",
        "git.kernel.org": "cgit",
    }
)

TELLING = {"bitbucket": "bitbucket-server"} | {
    name: name for name in ("github", "gitlab", "gitea", "forgejo", "cgit")
}
"""First parts of host names that tell the kind: `gitlab.example.org`."""

SSH_HOSTS: Mapping[str, str] = MappingProxyType(
    {
        "ssh.github.com": "github.com",
        "altssh.gitlab.com": "gitlab.com",
        "altssh.bitbucket.org": "bitbucket.org",
        "ssh.dev.azure.com": "dev.azure.com",
        "vs-ssh.visualstudio.com": "dev.azure.com",
    }
)
"""Hosts for ssh alone, and those of the pages."""

PLACEHOLDERS = frozenset({"host", "repository", "name", "commit", "path", "first", "last"})
"""Of templates: the host's address, the repository's path at the host, its last part, and then the
commit, the file's path and its lines, of which a link to a whole file has 1 and 1."""

_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[^@/:]+):(?!//)(?P<path>.+)")


class BadTemplate(ValueError):
    """The message says why, and is fit for a user."""


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone URL, taken apart: the address of the host's pages, its name, and the repository's
    path there, without slashes around it."""

    web: str
    host: str
    path: str


def link(
    url: str,
    commit: str,
    path: str,
    first: int = 0,
    last: int = 0,
    *,
    hosts: Mapping[str, str],
    template: str = "",
) -> str:
    """The address of a file, or of its lines `first` to `last`, from 1, on the code host that `url`
    is cloned from; empty if the host's links are not known, or for a local path.

    `hosts` gives a host's kind or its template. `template`, if there is one, is the repository's
    own."""
    clone = _clone(url)
    if clone is None or not commit:
        return ""
    template = template or hosts.get(clone.host) or _kind(clone.host)
    form = KINDS.get(template)
    values = {
        "host": clone.web,
        "clone_path": quote(clone.path),
        "repository": quote(clone.path.removesuffix(".git")),
        "commit": quote(commit),
        "path": quote(path),
        "first": str(first or 1),
        "last": str(max(first, last) or 1),
        "after": str(max(first, last) + 1),
    }
    values["name"] = values["repository"].rpartition("/")[2]
    if form is None:
        return template.format_map(values)
    values["project"] = values["repository"].rpartition("/")[0].rpartition("/")[2]
    values["root"] = form.root.format_map(values)
    of_lines = "" if not first else form.lines if last > first else form.line
    return (form.file + of_lines).format_map(values)


def check_template(template: str) -> None:
    """Raises `BadTemplate` unless it is a kind, or makes web addresses."""
    if template in KINDS:
        return
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise BadTemplate(f"The template of links is malformed: {error}.") from error
    if not template.isprintable() or " " in template:
        raise BadTemplate("The template of links may contain no blanks.")
    names = {name for _, name, _, _ in parts if name is not None}
    is_plain = not any(form or conversion for _, _, form, conversion in parts)
    if not template.startswith(("https://", "http://", "{host}/")):
        raise BadTemplate(
            "The template of links must start with https://, http:// or {host}/, or be one of"
            f" {', '.join(KINDS)}."
        )
    if not is_plain or not names <= PLACEHOLDERS:
        allowed = ", ".join(f"{{{name}}}" for name in sorted(PLACEHOLDERS))
        raise BadTemplate(f"The template of links may contain only these placeholders: {allowed}.")


def _kind(host: str) -> str:
    """Empty if it is not known."""
    if host.endswith(".visualstudio.com"):
        return "azure"
    return WELL_KNOWN.get(host) or TELLING.get(host.partition(".")[0], "")


def _clone(url: str) -> Clone | None:
    """None for a local path."""
    if scp := None if "://" in url else _SCP.fullmatch(url):
        return _over_ssh(scp["host"].lower(), unquote(scp["path"]).strip("/"))
    parts = urlsplit(url)
    host, path = parts.hostname or "", unquote(parts.path).strip("/")
    if parts.scheme not in ("http", "https", "ssh") or not host:
        return None
    if parts.scheme == "ssh":
        return _over_ssh(host, path)
    port = f":{parts.port}" if parts.port else ""
    return Clone(f"{parts.scheme}://{_place(host)}{port}", host, path)


def _over_ssh(host: str, path: str) -> Clone:
    """The pages are taken to be at the same host; the port is that of ssh alone."""
    host = SSH_HOSTS.get(host, host)
    if host == "dev.azure.com":  # v3/organisation/project/repository
        _, organisation, project, name = f"{path}///".split("/")[:4]
        path = f"{organisation}/{project}/_git/{name}"
    return Clone(f"https://{_place(host)}", host, path)


def _place(host: str) -> str:
    return f"[{host}]" if ":" in host else host
