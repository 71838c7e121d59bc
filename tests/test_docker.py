"""The compose file and the image, as far as they can be read without a Docker engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parents[1]
COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SETTINGS = re.findall(r"^(?:# )?([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE)
# What the containers depend on: their addresses, and the folder that they share.
FIXED = {"DATABASE_URL", "BROKER_URL", "CODEINDEX_HOME", "CODEINDEX_HOST", "PORT"}
OWN = [name for name, service in COMPOSE["services"].items() if "build" in service]


@pytest.mark.parametrize("service", OWN)
def test_every_documented_setting_reaches_a_service(service: str) -> None:
    file = {name: f"value of {name}" for name in SETTINGS}
    received = environment_of(COMPOSE["services"][service], file)
    assert {name: received[name] for name in SETTINGS if name not in FIXED} == {
        name: value for name, value in file.items() if name not in FIXED
    }
    assert all(received[name] != file[name] for name in FIXED)


@pytest.mark.parametrize("service", OWN)
def test_a_service_starts_without_a_file_of_settings(service: str) -> None:
    received = environment_of(COMPOSE["services"][service], {})
    assert received["ALLOWED_HOSTS"] == "localhost, 127.0.0.1"
    assert received["CODEINDEX_CHECKPOINT"] == ""


def test_the_services_of_codeindex_are_all_there() -> None:
    assert set(OWN) == {"setup", "web", "ingest", "light", "embed", "beat"}


def test_the_image_installs_no_development_tools() -> None:
    image = (PROJECT / "Dockerfile").read_text()
    (extras,) = re.findall(r"^ARG EXTRAS=(.*)$", image, re.MULTILINE)
    assert "server" in extras.split(",")
    assert "dev" not in extras.split(",")
    assert re.findall(r"pip install (.*)$", image, re.MULTILINE) == [
        '--no-cache-dir --constraint requirements.lock ".[${EXTRAS}]"'
    ]


def environment_of(service: dict[str, Any], file: dict[str, str]) -> dict[str, str]:
    """What a container of the service has in its environment where `.env` holds `file`."""
    read: dict[str, str] = {}
    for entry in service["env_file"]:
        assert entry == {"path": ".env", "required": False}
        read |= file
    return read | {
        name: re.sub(
            r"\$\{(\w+):-([^}]*)\}", lambda match: file.get(match[1]) or match[2], str(value)
        )
        for name, value in service["environment"].items()
    }
