"""Which server is asked, and with which token: from options, the environment, and a file.

The file is `config.toml` in `$XDG_CONFIG_HOME/codeindex`, usually `~/.config/codeindex`; only its
owner may read it:

    default = "work"

    [servers.work]
    url = "https://code.example.org"
    token = "cix_…"

    [servers.home]
    home = "/srv/codeindex/.codeindex"   # a server of this machine, by its state folder
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import tomlkit
from tomlkit.exceptions import TOMLKitError

from codeindex.client import local_server
from codeindex.client.client import TIMEOUT_SECONDS, Client

URL, TOKEN = "CODEINDEX_URL", "CODEINDEX_TOKEN"
LOCAL = "local"
"""The name of the server of this machine, unless the file gives it to another."""


class Misconfigured(Exception):
    """No server is known, or what is known of one is wrong. The message is one line."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server, by its URL and a token, or by the state folder of one of this machine."""

    url: str = ""
    token: str = ""
    home: Path | None = None

    def client(self, timeout: float = TIMEOUT_SECONDS) -> Client:
        if self.home is None:
            return Client(self.url, self.token, timeout=timeout)
        local = local_server.in_folder(self.home)
        if local is None:
            raise Misconfigured(
                f"No server runs with the state folder {self.home}: start it with `make run`."
            )
        return local.client(timeout)


def configured_client(
    server: str = "",
    *,
    timeout: float = TIMEOUT_SECONDS,
    environment: Mapping[str, str] = os.environ,
) -> Client:
    """A client of the server with this name or URL; by default of the one that CODEINDEX_URL names,
    else of the default one in the file, else of the one of this machine. Raises `Misconfigured`."""
    return chosen(server, environment).client(timeout)


def chosen(server: str, environment: Mapping[str, str]) -> Server:
    """See `configured_client`. CODEINDEX_TOKEN is the token of the server that CODEINDEX_URL names
    or, without that, of the default one in the file; it is sent to no other."""
    url, token = environment.get(URL, "").strip(), environment.get(TOKEN, "").strip()
    stored = file(environment)
    if url and server in ("", url):
        return Server(checked_url(url), token or _token_for(url, stored))
    if "://" in server:
        return Server(checked_url(server), _token_for(server, stored))
    name = server or _default(stored)
    known = _servers(stored)
    if name in known:
        return replace(known[name], token=token) if token and not (server or url) else known[name]
    if name == LOCAL and (home := local_server.usual_folder()):
        return Server(home=home)
    if server:
        names = ", ".join([*known, LOCAL])
        raise Misconfigured(f"There is no server {server} in {path(environment)}: {names}.")
    raise Misconfigured(
        f"No server is known. Run `codeindex login`, or set {URL} and {TOKEN}; or, on the server's"
        " machine, set CODEINDEX_HOME to its state folder."
    )


def names(environment: Mapping[str, str] = os.environ) -> list[str]:
    return [*_servers(file(environment))]


def path(environment: Mapping[str, str]) -> Path:
    folder = environment.get("XDG_CONFIG_HOME", "")
    return (Path(folder) if folder else Path.home() / ".config") / "codeindex/config.toml"


def file(environment: Mapping[str, str]) -> tomlkit.TOMLDocument:
    """The file's content; empty if it does not exist."""
    source = path(environment)
    try:
        return tomlkit.parse(source.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise Misconfigured(f"{source} cannot be read: {error}.") from error


def store(name: str, server: Server, environment: Mapping[str, str] = os.environ) -> Path:
    """Writes a server to the file, and makes it the default one. What else the file says stays.
    Returns the file's path."""
    stored = file(environment)
    entry = tomlkit.table()
    for key, value in (("url", server.url), ("token", server.token), ("home", server.home)):
        if value:
            entry[key] = str(value)
    stored.setdefault("servers", tomlkit.table(is_super_table=True))[name] = entry
    stored["default"] = name
    _write(path(environment), tomlkit.dumps(stored))
    return path(environment)


def remove(name: str, environment: Mapping[str, str] = os.environ) -> None:
    """Removes a server from the file. Raises `Misconfigured` if it is not there."""
    stored = file(environment)
    if name not in _servers(stored):
        raise Misconfigured(f"There is no server {name} in {path(environment)}.")
    del stored["servers"][name]
    if stored.get("default") == name:
        del stored["default"]
    _write(path(environment), tomlkit.dumps(stored))


def checked_url(url: str) -> str:
    """An address of a server without a final slash. Raises `Misconfigured`."""
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or re.search(r"[\s\x00-\x1f]", url):
        raise Misconfigured(f"{url} is no address of a server, such as https://code.example.org.")
    if parts.username or parts.password:
        raise Misconfigured("The address of a server holds no user and no password.")
    return url.rstrip("/")


def _write(target: Path, text: str) -> None:
    """Replaces the file, so that it is never half written, and always its owner's alone."""
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(dir=target.parent)  # of mode 0600
        with os.fdopen(number, "w", encoding="utf-8") as written:
            written.write(text)
        os.replace(name, target)
    except OSError as error:
        raise Misconfigured(f"{target} cannot be written: {error.strerror}.") from error


def _default(stored: Mapping[str, Any]) -> str:
    default = stored.get("default", LOCAL)
    if not isinstance(default, str):
        raise Misconfigured("`default` in the configuration is not the name of a server.")
    return str(default)


def _servers(stored: Mapping[str, Any]) -> dict[str, Server]:
    tables = stored.get("servers", {})
    if not isinstance(tables, Mapping):
        raise Misconfigured("`servers` in the configuration is not a table.")
    return {name: _server(name, table) for name, table in tables.items()}


def _server(name: str, table: object) -> Server:
    values = dict(table) if isinstance(table, Mapping) else {}
    if not values or not all(isinstance(value, str) for value in values.values()):
        raise Misconfigured(f"The server {name} in the configuration has no url and no home.")
    if home := values.get("home", ""):
        return Server(home=Path(home).expanduser())
    return Server(checked_url(values.get("url", "")), str(values.get("token", "")))


def _token_for(url: str, stored: Mapping[str, Any]) -> str:
    """The stored token of the server at an address."""
    same = (each for each in _servers(stored).values() if each.url == url.rstrip("/"))
    return next((each.token for each in same), "")
