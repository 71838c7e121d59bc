"""Settings from TOML files."""

import tomllib
from pathlib import Path

DEFAULTS = {"host": "127.0.0.1", "port": 8080, "debug": False}


def load_settings(path):
    """Reads a TOML file of settings; what it leaves out has its default."""
    with Path(path).open("rb") as file:
        return DEFAULTS | tomllib.load(file)


def find_settings(folder, name="settings.toml"):
    """The nearest file of that name in a folder or one of those above it; None without one."""
    for parent in [Path(folder), *Path(folder).resolve().parents]:
        if (parent / name).exists():
            return parent / name
    return None
