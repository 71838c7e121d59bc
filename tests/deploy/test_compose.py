"""The compose file, as far as it can be checked without a Docker engine."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.deploy.programs import PROJECT, documented_settings, refused_arguments

FILE = PROJECT / "docker-compose.yml"
COMPOSE = yaml.safe_load(FILE.read_text())
SERVICES = COMPOSE["services"]
OWN = [name for name, service in SERVICES.items() if "build" in service]
EXAMPLE = re.findall(r"^(?:# )?([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE)
# What the containers depend on: their addresses, the folder that they share, and the proxy.
FIXED = {
    *("DATABASE_URL", "BROKER_URL", "CODEINDEX_HOME", "CODEINDEX_HOST", "PORT"),
    "CODEINDEX_BEHIND_TLS",
}
# Of the compose file itself: what .env may set besides settings of codeindex.
OF_COMPOSE = {
    *("POSTGRES_PASSWORD", "PROXY_TLS", "HTTPS_PORT", "GRAFANA_PORT"),
    *("CPU_EMBEDDERS", "IMAGE_TAG"),
}
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")

own_services = pytest.mark.parametrize("service", OWN)
every_service = pytest.mark.parametrize("service", SERVICES)


def test_it_is_valid_by_the_specification_of_compose() -> None:
    schema = json.loads(
        files("check_jsonschema").joinpath("builtin_schemas/vendor/compose-spec.json").read_text()
    )
    jsonschema.validate(COMPOSE, schema)


@pytest.mark.parametrize("profile", ["", "nvidia", "monitoring"])
def test_docker_compose_accepts_it(profile: str, tmp_path: Path) -> None:
    shown = config(profile, POSTGRES_PASSWORD="secret", CPU_EMBEDDERS="0")
    assert shown.returncode == 0, shown.stderr
    services = json.loads(shown.stdout)["services"]
    assert ("grafana" in services) == (profile == "monitoring")
    assert ("embed-gpu" in services) == (profile == "nvidia")
    assert services["embed"]["deploy"]["replicas"] == 0
    assert services["web"]["environment"]["DATABASE_URL"].startswith("postgres://codeindex:secret@")


def test_it_has_no_password_of_its_own() -> None:
    refused = config("", POSTGRES_PASSWORD="")
    assert refused.returncode != 0
    assert "openssl rand" in refused.stderr


@own_services
def test_every_documented_setting_reaches_a_service(service: str) -> None:
    file = {name: f"value of {name}" for name in EXAMPLE}
    received = environment_of(SERVICES[service], file)
    fixed = FIXED | ({"CODEINDEX_DEVICE"} if service == "embed-gpu" else set())
    assert {name: received[name] for name in EXAMPLE if name not in fixed} == {
        name: value for name, value in file.items() if name not in fixed
    }
    assert all(received[name] != file[name] for name in fixed)


@own_services
def test_a_service_needs_one_setting(service: str) -> None:
    received = environment_of(SERVICES[service], {"POSTGRES_PASSWORD": "secret"})
    assert received["ALLOWED_HOSTS"] == "localhost, 127.0.0.1"
    assert received["CODEINDEX_CHECKPOINT"] == ""


@own_services
def test_what_a_service_is_given_is_a_setting(service: str) -> None:
    assert set(SERVICES[service]["environment"]) - documented_settings() == set()


def test_what_the_file_asks_for_is_a_setting_or_its_own() -> None:
    names = {name for name, _, _ in VARIABLE.findall(FILE.read_text())}
    assert names - documented_settings() == OF_COMPOSE
    explained = (PROJECT / "docs/deployment.md").read_text()
    assert {name for name in OF_COMPOSE if f"`{name}`" not in explained} == set()


def test_the_services_of_codeindex_are_all_there() -> None:
    assert set(OWN) == {
        *("setup", "web", "web2", "ingest", "light", "embed", "embed-gpu", "beat"),
    }


@own_services
def test_the_command_of_a_service_is_one_that_codeindex_has(service: str) -> None:
    """That of the web server is the image's."""
    command = SERVICES[service].get("command")
    if command is None:
        assert service in {"web", "web2"}
        return
    parts = shlex.split(command)
    commands = [shlex.split(each) for each in parts[2].split("&&")] if parts[0] == "sh" else [parts]
    assert [refused_arguments(each) for each in commands] == [""] * len(commands)


@own_services
def test_a_service_may_do_little(service: str) -> None:
    container = SERVICES[service]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in container
    assert "user" not in container  # that of the image, which is not root


@every_service
def test_only_the_proxy_is_reached_from_outside(service: str) -> None:
    """Grafana is reached from the machine itself."""
    published = SERVICES[service].get("ports", [])
    if service == "grafana":
        assert all(port.startswith("127.0.0.1:") for port in published)
    else:
        assert bool(published) == (service == "proxy")


@pytest.mark.parametrize("service", ["postgres", "valkey"])
def test_the_database_and_the_broker_have_a_network_without_a_way_out(service: str) -> None:
    assert SERVICES[service]["networks"] == ["services"]
    assert COMPOSE["networks"]["services"] == {"internal": True}


@every_service
def test_what_a_service_mounts_is_there(service: str) -> None:
    sources = [volume.split(":")[0] for volume in SERVICES[service].get("volumes", [])]
    folders = {source for source in sources if source.startswith(".")}
    assert {folder for folder in folders if not (PROJECT / folder).exists()} == set()
    assert set(sources) - folders <= set(COMPOSE["volumes"])


@every_service
def test_images_of_others_are_pinned(service: str) -> None:
    if service not in OWN:
        assert re.search(r":[\w.-]+@sha256:[0-9a-f]{64}$", SERVICES[service]["image"])


def test_prometheus_and_grafana_find_what_ships_for_them() -> None:
    """The same paths in the compose file and in the files that it mounts."""
    mounted = {
        target: PROJECT / source
        for service in ("prometheus", "grafana")
        for source, target, *_ in (each.split(":") for each in SERVICES[service]["volumes"])
    }
    folder = mounted["/etc/prometheus"]
    (scrape,) = yaml.safe_load((folder / "prometheus.yml").read_text())["scrape_configs"]
    (static,) = scrape["static_configs"]
    webs = [f"{name}:8000" for name in SERVICES if name.startswith("web")]
    assert static["targets"] == webs
    (token,) = SERVICES["prometheus"]["secrets"]
    assert scrape["authorization"]["credentials_file"] == f"/run/secrets/{token}"
    provider = mounted["/etc/grafana/provisioning"] / "dashboards" / "codeindex.yml"
    (provided,) = yaml.safe_load(provider.read_text())["providers"]
    assert (mounted[provided["options"]["path"]] / "codeindex.json").is_file()


def test_volumes_of_earlier_versions_keep_their_names() -> None:
    """Data that an installation has would seem lost otherwise."""
    assert {"postgres", "valkey", "state"} <= set(COMPOSE["volumes"])
    assert SERVICES["postgres"]["volumes"] == ["postgres:/var/lib/postgresql"]
    assert SERVICES["web"]["volumes"] == ["state:/var/lib/codeindex"]


def environment_of(service: dict[str, Any], file: dict[str, str]) -> dict[str, str]:
    """What a container of the service has in its environment where `.env` holds `file`."""
    read: dict[str, str] = {}
    for entry in service["env_file"]:
        assert entry == {"path": ".env", "required": False}
        read |= file

    def value(match: re.Match[str]) -> str:
        return file.get(match[1]) or (match[3] if match[2] == "-" else "")

    return read | {
        name: VARIABLE.sub(value, str(text)) for name, text in service["environment"].items()
    }


def config(profile: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `docker compose config` says of the file, with these variables."""
    program = compose_program()
    if program is None:
        pytest.skip("there is no docker compose")
    command = [*program, "--file", str(FILE), "--env-file", os.devnull]
    command += ["--profile", profile] if profile else []
    return subprocess.run(
        [*command, "config", "--format", "json"],
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
        capture_output=True,
        text=True,
    )


@cache
def compose_program() -> tuple[str, ...] | None:
    """`docker compose`, or the same as a program of its own."""
    for program in (("docker", "compose"), ("docker-compose",)):
        if shutil.which(program[0]):
            said = subprocess.run([*program, "version", "--short"], capture_output=True, text=True)
            if said.returncode == 0 and int(said.stdout.lstrip("v").split(".")[0] or 0) >= 2:
                return program
    return None
