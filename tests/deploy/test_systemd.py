"""The units of systemd."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.programs import OF_OTHERS, PROJECT, documented_settings, refused_arguments

FOLDER = PROJECT / "deploy/systemd"
SERVICES = sorted(FOLDER.glob("*.service"))
COMMON = FOLDER / "codeindex-.service.d/common.conf"
INSTANCES = {"codeindex-web@.service": "8001", "codeindex-embed@.service": "cuda"}


@pytest.mark.parametrize(
    "unit", [*SERVICES, FOLDER / "codeindex.target"], ids=lambda path: path.name
)
def test_a_unit_is_valid(unit: Path, tmp_path: Path) -> None:
    """The program that it starts is replaced by one that exists here."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze")
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    for service in tmp_path.glob("*.service"):
        service.write_text(
            service.read_text().replace("/opt/codeindex/.venv/bin/python", "/bin/true")
        )
    name = unit.name.replace("@.", f"@{INSTANCES.get(unit.name, '')}.")
    if "@" in name:
        (tmp_path / name).symlink_to(unit.name)
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", tmp_path / name],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
        capture_output=True,
        text=True,
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_they_are_the_programs_of_an_installation() -> None:
    assert [path.name for path in SERVICES] == [
        f"codeindex-{name}.service"
        for name in ("beat", "embed", "embed@", "ingest", "light", "web@")
    ]


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_each_is_one_plain_command(unit: Path) -> None:
    (command,) = re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)
    assert refused_arguments(command.replace("%%", "%").split()) == ""


def test_what_they_set_is_a_setting() -> None:
    names = {
        name
        for unit in [*SERVICES, COMMON]
        for name in re.findall(r"^Environment=(\w+)=", unit.read_text(), re.MULTILINE)
    }
    assert names - documented_settings() - OF_OTHERS == set()


@pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)
def test_a_service_may_do_little(unit: Path) -> None:
    """By systemd's own figure, from 0 (nothing) to 10 (everything)."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze")
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=30", unit],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{FOLDER}:"},
        capture_output=True,
        text=True,
    )
    assert judged.returncode == 0, judged.stdout
