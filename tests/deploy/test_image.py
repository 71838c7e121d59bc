"""The image, as far as it can be checked without building it."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from runpy import run_path

import pytest

from embeddings.code.languages import LANGUAGES
from embeddings.code.languages.sql import SQL
from tests.deploy.programs import GUNICORN, PROJECT, documented_settings

IMAGE = (PROJECT / "Dockerfile").read_text().replace("\\\n", "")
STAGES = IMAGE.split("\nFROM ")[1:]
SLIM = PROJECT / "deploy/image/slim.py"


def test_the_image_installs_no_development_tools() -> None:
    (extras,) = re.findall(r"^ARG EXTRAS=(.*)$", IMAGE, re.MULTILINE)
    assert "server" in extras.split(",")
    assert "dev" not in extras.split(",")
    assert re.findall(r"\bpip .*?\binstall (.*)$", STAGES[0], re.MULTILINE) == [
        '--no-cache-dir --constraint requirements.lock ".[${EXTRAS}]"'
    ]


def test_the_last_stage_installs_nothing_but_git_and_ssh() -> None:
    assert re.findall(r"apt-get install ([^&]*)", STAGES[-1]) == [
        "--yes --no-install-recommends git openssh-client     "
    ]
    assert "pip uninstall" in STAGES[-1]


def test_the_base_is_pinned_and_the_user_is_not_root() -> None:
    assert re.search(r"^ARG PYTHON=python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}$", IMAGE, re.M)
    assert [stage.split()[0] for stage in STAGES] == ["${PYTHON}", "${PYTHON}"]
    assert re.findall(r"^USER (.*)$", STAGES[-1], re.MULTILINE) == ["codeindex"]


def test_what_it_sets_is_a_setting() -> None:
    names = set(re.findall(r"([A-Z_]+)=", " ".join(re.findall(r"^ENV (.*)$", IMAGE, re.MULTILINE))))
    assert names - documented_settings() == {
        *("PATH", "PYTHONPATH", "PYTHONUNBUFFERED", "XDG_CACHE_HOME"),
    }


def test_it_starts_the_web_server() -> None:
    (command,) = re.findall(r"^CMD (.*)$", STAGES[-1], re.MULTILINE)
    assert re.findall(r'"([^"]+)"', command) == ["python", *GUNICORN]


def test_what_is_copied_is_not_ignored() -> None:
    ignored = (PROJECT / ".dockerignore").read_text().split()
    copied = [
        name
        for names in re.findall(r"^COPY (?!--from)(.*) \S+$", IMAGE, re.MULTILINE)
        for name in names.split()
    ]
    assert "README.md" in copied
    for name in copied:
        assert (PROJECT / name).exists()
        assert Path(name).parts[:1] not in [(each,) for each in ignored]
    assert {".git", ".env", ".venv", ".codeindex", "tests"} <= set(ignored)


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder of packages that looks like that of the image."""
    folder = tmp_path / "site-packages"
    for name in (
        *("torch/include/ATen/core.h", "torch/test/test_api.py", "torch/testing/__init__.py"),
        *("torch/bin/protoc", "torch/bin/models/one.bin", "torch/bin/torch_shm_manager"),
        *("numpy/linalg/tests/test_linalg.py", "numpy/linalg/__init__.py"),
        "django/test/__init__.py",
        *("django/conf/locale/de/django.po", "django/conf/locale/de/django.mo"),
        *("transformers/models/bert/__pycache__/a.pyc", "transformers/models/bert/a.py"),
        *("tree_sitter_language_pack/bindings/objc.abi3.so",),
        *("tree_sitter_language_pack/bindings/cobol.abi3.so",),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_what_the_application_never_loads_is_removed(packages: Path) -> None:
    languages = PROJECT / "embeddings/code/languages"
    subprocess.run([sys.executable, SLIM, packages, languages], check=True)
    left = {path.relative_to(packages).as_posix() for path in packages.rglob("*") if path.is_file()}
    assert left == {
        *("torch/testing/__init__.py", "torch/bin/torch_shm_manager"),
        *("numpy/linalg/__init__.py", "django/test/__init__.py", "django/conf/locale/de/django.mo"),
        *("transformers/models/bert/a.py", "tree_sitter_language_pack/bindings/objc.abi3.so"),
    }


def test_the_grammars_that_are_kept_are_all_that_are_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    named = run_path(str(SLIM))["PACKED"]
    sources = (PROJECT / "embeddings/code/languages").glob("*.py")
    kept = {name for file in sources for name in named.findall(file.read_text())}
    asked: list[str] = []
    monkeypatch.setattr(import_module("tree_sitter_language_pack"), "get_binding", asked.append)
    for language in (*LANGUAGES, SQL):
        language.grammar()
    assert set(asked) == kept
