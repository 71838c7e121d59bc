"""Typed settings from environment variables. An invalid value raises ImproperlyConfigured.

A `.env` file beside manage.py supplies the variables that the environment does not set, so that the
server and a command in another shell read the same settings. A secret can be read from a file
instead: `SECRET_KEY_FILE` names the file that holds `SECRET_KEY`, as with Docker's secrets.

This is not environs: of the kinds of values below it has integers, booleans and choices. An empty
variable is not unset there, and its errors quote no value and are not Django's, so that a command
would end with a traceback instead of one line."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from dotenv import dotenv_values

from codeindex import code_host_links

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_UNITS = {"": 1, "KIB": 1024, "MIB": 1024**2, "GIB": 1024**3, "TIB": 1024**4}


@dataclass(frozen=True, slots=True)
class Environment:
    """Environment variables by name. An empty variable counts as unset."""

    variables: Mapping[str, str]

    @classmethod
    def from_process(cls, file: Path) -> Environment:
        """The environment of this process, with defaults from a `.env` file if it exists."""
        defaults = {name: value or "" for name, value in dotenv_values(file).items()}
        return cls({**defaults, **os.environ})

    def text(self, name: str, default: str = "") -> str:
        return self.variables.get(name, "").strip() or default

    def secret(self, name: str) -> str:
        """The value of a variable, or the content of the file that `NAME_FILE` names."""
        value, file = self.text(name), self.text(f"{name}_FILE")
        if not file:
            return value
        if value:
            raise ImproperlyConfigured(f"Set either {name} or {name}_FILE, not both.")
        try:
            return Path(file).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            self._reject(f"{name}_FILE", "the file cannot be read")

    def boolean(self, name: str, default: bool) -> bool:
        value = self.text(name, str(default)).lower()
        if value not in _TRUE | _FALSE:
            self._reject(name, "must be true or false")
        return value in _TRUE

    def integer(self, name: str, default: int, *, low: int = 1, high: int = 2**31 - 1) -> int:
        """An integer from `low` to `high`."""
        value = self.text(name, str(default))
        if not re.fullmatch(r"\d{1,10}", value) or not low <= int(value) <= high:
            self._reject(name, f"must be an integer from {low} to {high}")
        return int(value)

    def size(self, name: str, default: str) -> int:
        """Bytes, written as `1048576`, `512 KiB`, `1 MiB` or `2GiB`."""
        match = re.fullmatch(r"(\d{1,18})\s*([A-Z]*)", self.text(name, default).upper())
        if match is None or match[2] not in _UNITS:
            self._reject(name, "must be a size such as 1048576, 512 KiB or 2 GiB")
        return int(match[1]) * _UNITS[match[2]]

    def rate(self, name: str, default: str) -> str:
        """A rate such as `300/minute` or `10/10 minutes`."""
        rate = self.text(name, default)
        if not re.fullmatch(r"[1-9]\d{0,8}/([1-9]\d{0,4} )?(second|minute|hour|day)s?", rate):
            self._reject(name, "must be a rate such as 300/minute or 10/10 minutes")
        return rate

    def items(self, name: str, default: str = "") -> list[str]:
        """Strings separated by commas."""
        return _split(self.text(name, default))

    def pairs(self, name: str) -> dict[str, str]:
        """Values by their names, written as `name=value` and separated by commas."""
        split = [item.partition("=") for item in self.items(name)]
        for key, separator, value in split:
            if not (key.strip() and separator and value.strip()):
                self._reject(name, f"{key.strip() or value.strip()} is not name=value")
        return {key.strip(): value.strip() for key, _, value in split}

    def secrets(self, name: str) -> list[str]:
        """Secrets separated by commas."""
        return _split(self.secret(name))

    def folder(self, name: str, default: Path) -> Path:
        """An absolute path. A relative one is resolved against the working directory."""
        return Path(self.text(name, str(default))).expanduser().absolute()

    def file(self, name: str) -> Path | None:
        """The absolute path of an existing file; None if the variable is unset."""
        value = self.text(name)
        file = Path(value).expanduser().absolute()
        if value and not file.is_file():
            self._reject(name, "the file does not exist")
        return file if value else None

    def folders(self, name: str) -> list[Path]:
        """Existing folders, given as absolute paths separated by commas, with symbolic links
        resolved."""
        folders = [Path(item).expanduser() for item in self.items(name)]
        for folder in folders:
            if not (folder.is_absolute() and folder.is_dir()):
                self._reject(name, f"{folder} is not the absolute path of an existing folder")
        return [folder.resolve() for folder in folders]

    def networks(self, name: str, default: str) -> list[Network]:
        """Networks such as 10.0.0.0/8 or fe80::/10, separated by commas."""
        try:
            return [ipaddress.ip_network(item) for item in self.items(name, default)]
        except ValueError as error:
            self._reject(name, str(error))

    def origins(self, name: str) -> list[str]:
        """Origins such as https://code.example.org, separated by commas."""
        origins = self.items(name)
        for origin in origins:
            parts = urlsplit(origin)
            if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path:
                self._reject(name, f"{origin} is not a scheme and a host")
        return origins

    def code_hosts(self, name: str) -> dict[str, str]:
        """The kind of a code host, or a template of its links, by its name:
        `git.example.org=gitlab`, separated by commas."""
        hosts = dict[str, str]()
        for item in self.items(name):
            host, _, template = (part.strip() for part in item.partition("="))
            try:
                code_host_links.check_template(template)
            except code_host_links.BadTemplate as error:
                self._reject(name, str(error).removesuffix("."))
            hosts[host.lower()] = template
        return hosts

    def url(self, name: str, *schemes: str) -> str:
        """A secret URL with one of the schemes, or an empty string."""
        url = self.secret(name)
        if url and urlsplit(url).scheme not in schemes:
            raise ImproperlyConfigured(f"Invalid {name}: must start with {' or '.join(schemes)}.")
        return url

    def choice(self, name: str, default: str, *choices: str) -> str:
        value = self.text(name, default)
        if value not in choices:
            self._reject(name, f"must be one of {', '.join(filter(None, choices))}")
        return value

    def _reject(self, name: str, reason: str) -> NoReturn:
        raise ImproperlyConfigured(f"Invalid {name}={self.text(name)!r}: {reason}.")


def _split(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]
