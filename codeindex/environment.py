"""Typed values from the environment, loud about a bad one.

A `.env` file beside manage.py supplies what the environment itself does not set, so that the
server and a command in another shell read the same settings."""

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

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}
_UNITS = {"": 1, "KIB": 1024, "MIB": 1024**2, "GIB": 1024**3, "TIB": 1024**4}


@dataclass(frozen=True, slots=True)
class Environment:
    """Variables by name. A variable that is empty counts as not set."""

    variables: Mapping[str, str]

    @classmethod
    def of_process(cls, file: Path) -> Environment:
        """The process's environment, and below it the values of a `.env` file if there is one."""
        below = {name: value or "" for name, value in dotenv_values(file).items()}
        return cls({**below, **os.environ})

    def text(self, name: str, default: str = "") -> str:
        return self.variables.get(name, "").strip() or default

    def flag(self, name: str, default: bool) -> bool:
        word = self.text(name, str(default)).lower()
        if word not in _TRUE | _FALSE:
            self._refuse(name, "neither true nor false")
        return word in _TRUE

    def whole(self, name: str, default: int, *, low: int = 1, high: int = 2**31 - 1) -> int:
        """A whole number from `low` to `high`."""
        word = self.text(name, str(default))
        if not re.fullmatch(r"\d{1,10}", word) or not low <= int(word) <= high:
            self._refuse(name, f"not a whole number from {low} to {high}")
        return int(word)

    def size(self, name: str, default: str) -> int:
        """Bytes, written as `1048576`, `512 KiB`, `1 MiB` or `2GiB`."""
        match = re.fullmatch(r"(\d{1,18})\s*([A-Z]*)", self.text(name, default).upper())
        if match is None or match[2] not in _UNITS:
            self._refuse(name, "not a size such as 1048576, 512 KiB or 2 GiB")
        return int(match[1]) * _UNITS[match[2]]

    def rate(self, name: str, default: str) -> str:
        """So many in a time: `300/minute`, `10/10 minutes`."""
        rate = self.text(name, default)
        if not re.fullmatch(r"[1-9]\d{0,8}/([1-9]\d{0,4} )?(second|minute|hour|day)s?", rate):
            self._refuse(name, "not a rate such as 300/minute or 10/10 minutes")
        return rate

    def words(self, name: str, default: str = "") -> list[str]:
        """Separated by commas."""
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def folder(self, name: str, default: Path) -> Path:
        """An absolute path; a relative one starts where the process was started."""
        return Path(self.text(name, str(default))).expanduser().absolute()

    def file(self, name: str) -> Path | None:
        """An existing file, absolute; None if it is not set."""
        word = self.text(name)
        file = Path(word).expanduser().absolute()
        if word and not file.is_file():
            self._refuse(name, "there is no such file")
        return file if word else None

    def folders(self, name: str) -> list[Path]:
        """Existing folders, absolute and free of symbolic links, separated by commas."""
        folders = [Path(word).expanduser() for word in self.words(name)]
        for folder in folders:
            if not (folder.is_absolute() and folder.is_dir()):
                self._refuse(name, f"{folder} is not the absolute path of a folder")
        return [folder.resolve() for folder in folders]

    def networks(self, name: str, default: str) -> list[Network]:
        """Networks such as 10.0.0.0/8 or fe80::/10, separated by commas."""
        try:
            return [ipaddress.ip_network(word) for word in self.words(name, default)]
        except ValueError as error:
            self._refuse(name, str(error))

    def origins(self, name: str) -> list[str]:
        """Scheme and host each, such as https://code.example.org, separated by commas."""
        origins = self.words(name)
        for origin in origins:
            parts = urlsplit(origin)
            if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path:
                self._refuse(name, f"{origin} is not a scheme and a host")
        return origins

    def url(self, name: str, *schemes: str) -> str:
        """A URL with one of the schemes, or nothing."""
        url = self.text(name)
        if url and urlsplit(url).scheme not in schemes:
            self._refuse(name, f"not a URL that starts with {' or '.join(schemes)}", hidden=True)
        return url

    def require_both_or_none(self, one: str, other: str) -> None:
        if bool(self.text(one)) != bool(self.text(other)):
            raise ImproperlyConfigured(f"Set both {one} and {other}, or neither.")

    def choice(self, name: str, default: str, *choices: str) -> str:
        word = self.text(name, default)
        if word not in choices:
            self._refuse(name, f"not one of {', '.join(choices)}")
        return word

    def _refuse(self, name: str, why: str, *, hidden: bool = False) -> NoReturn:
        """`hidden` keeps a value that may hold a password out of the message."""
        value = "" if hidden else f"={self.text(name)!r}"
        raise ImproperlyConfigured(f"The setting {name}{value} is wrong: {why}.")
