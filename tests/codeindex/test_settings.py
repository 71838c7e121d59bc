"""Settings are read from the environment, with types; one line reports an invalid value."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from codeindex.local_services.secret_key import stored_secret_key
from codeindex.local_services.state import State
from codeindex.settings.environment import Environment

PROJECT = Path(__file__).parents[2]


def setting(name: str, home: Path, **variables: str) -> str:
    """The value in a process of its own, as text, or the last line of the error."""
    show = f"from django.conf import settings; print(settings.{name})"
    environment = {"PATH": os.environ["PATH"], "CODEINDEX_HOME": str(home), **variables}
    environment.setdefault("CODEINDEX_ENV_FILE", os.devnull)
    environment["DJANGO_SETTINGS_MODULE"] = "codeindex.settings"
    done = subprocess.run(
        [sys.executable, "-c", show], cwd=PROJECT, env=environment, capture_output=True, text=True
    )
    return (done.stdout or done.stderr.splitlines()[-1]).strip()


class TestEnvironment:
    def test_values_are_typed(self, tmp_path: Path) -> None:
        environment = Environment(
            {
                "FLAG": "yes",
                "COUNT": "8",
                "SIZE": "2 GiB",
                "WORDS": "a, b,",
                "NETWORKS": "10.0.0.0/8, fe80::/10",
                "FOLDERS": str(tmp_path),
                "EMPTY": "  ",
            }
        )
        assert environment.boolean("FLAG", False) is True
        assert environment.integer("COUNT", 1) == 8
        assert environment.size("SIZE", "1") == 2 * 1024**3
        assert environment.items("WORDS") == ["a", "b"]
        assert [str(net) for net in environment.networks("NETWORKS", "")] == [
            "10.0.0.0/8",
            "fe80::/10",
        ]
        assert environment.folders("FOLDERS") == [tmp_path.resolve()]
        assert environment.text("EMPTY", "default") == "default"

    @pytest.mark.parametrize(
        ("read", "value"),
        [
            (lambda e: e.boolean("X", False), "maybe"),
            (lambda e: e.integer("X", 1), "eighty"),
            (lambda e: e.integer("X", 1), "-1"),
            (lambda e: e.integer("X", 1, high=65535), "65536"),
            (lambda e: e.size("X", "1"), "2 apples"),
            (lambda e: e.rate("X", "1/hour"), "often"),
            (lambda e: e.rate("X", "1/hour"), "0/minute"),
            (lambda e: e.rate("X", "1/hour"), "10/fortnight"),
            (lambda e: e.networks("X", ""), "10.0.0.0/33"),
            (lambda e: e.folders("X"), "relative/folder"),
            (lambda e: e.folders("X"), "/no/such/folder"),
            (lambda e: e.origins("X"), "example.org"),
            (lambda e: e.choice("X", "A", "A", "B"), "C"),
            (lambda e: e.pairs("X"), "team"),
            (lambda e: e.pairs("X"), "a=b, c="),
            (lambda e: e.pairs("X"), "=team"),
        ],
    )
    def test_a_bad_value_is_named(self, read: Callable[[Environment], object], value: str) -> None:
        with pytest.raises(ImproperlyConfigured, match=f"^Invalid X='{value}': "):
            read(Environment({"X": value}))

    def test_a_password_in_a_bad_url_is_not_shown(self) -> None:
        with pytest.raises(ImproperlyConfigured) as refused:
            Environment({"X": "mysql://me:secret@host/db"}).url("X", "postgres")
        assert "secret" not in str(refused.value)


class TestSettings:
    def test_the_environment_wins_over_the_file(self, tmp_path: Path) -> None:
        file = tmp_path / "env"
        file.write_text("PORT=8001\nCODEINDEX_LLM='some/model'\n")
        where = {"CODEINDEX_ENV_FILE": str(file)}
        assert setting("PORT", tmp_path, **where) == "8001"
        assert setting("PORT", tmp_path, PORT="8002", **where) == "8002"
        assert setting("CODEINDEX_LLM", tmp_path, **where) == "some/model"

    def test_services_of_others(self, tmp_path: Path) -> None:
        named = {
            "DATABASE_URL": "postgres://me:word@db.example.org:5433/index",
            "BROKER_URL": "redis://broker.example.org/1",
        }
        assert "db.example.org" in setting("DATABASES['default']['HOST']", tmp_path, **named)
        assert setting("CELERY_BROKER_URL", tmp_path, **named) == named["BROKER_URL"]
        assert setting("PRIVATE_SERVICES", tmp_path, **named) == "False"

    @pytest.mark.parametrize(
        ("name", "read"),
        [
            ("SECRET_KEY", "SECRET_KEY"),
            ("SECRET_KEY_FALLBACKS", "SECRET_KEY_FALLBACKS[0]"),
            ("DATABASE_URL", "DATABASES['default']['PASSWORD']"),
            ("BROKER_URL", "CELERY_BROKER_URL"),
        ],
    )
    def test_secrets_are_read_from_files(self, tmp_path: Path, name: str, read: str) -> None:
        secrets = {
            "DATABASE_URL": "postgres://me:s3cret@db.example.org/index",
            "BROKER_URL": "redis://:s3cret@broker.example.org/1",
        } | dict.fromkeys(("SECRET_KEY", "SECRET_KEY_FALLBACKS"), "s3cret")
        file = tmp_path / "secret"
        file.write_text(f"{secrets.pop(name)}\n")
        assert "s3cret" in setting(read, tmp_path, **secrets, **{f"{name}_FILE": str(file)})

    def test_a_secret_file_that_cannot_be_used_is_named(self, tmp_path: Path) -> None:
        error = setting("PORT", tmp_path, SECRET_KEY_FILE="/no/such/file")
        assert "Invalid SECRET_KEY_FILE='/no/such/file': the file cannot be read." in error
        both = setting("PORT", tmp_path, SECRET_KEY_FILE="/no/such/file", SECRET_KEY="given")
        assert "Set either SECRET_KEY or SECRET_KEY_FILE, not both." in both

    def test_one_service_alone_is_refused(self, tmp_path: Path) -> None:
        said = setting("PORT", tmp_path, DATABASE_URL="postgres://db.example.org/index")
        assert "Set both DATABASE_URL and BROKER_URL, or neither." in said

    def test_single_sign_on_is_whole_or_off(self, tmp_path: Path) -> None:
        assert setting("CODEINDEX_OIDC_URL", tmp_path) == ""
        url = {"CODEINDEX_OIDC_URL": "https://id.example.org"}
        assert "Set CODEINDEX_OIDC_CLIENT_ID" in setting("PORT", tmp_path, **url)
        client = {
            **url, "CODEINDEX_OIDC_CLIENT_ID": "codeindex", "CODEINDEX_PASSWORDS": "false",
            "CODEINDEX_OIDC_TEAMS": "platform = backend, *=id-*",
        }  # fmt: skip
        teams = setting("CODEINDEX_OIDC_TEAMS", tmp_path, **client)
        assert teams == "{'platform': 'backend', '*': 'id-*'}"
        backends = setting("AUTHENTICATION_BACKENDS", tmp_path, **client)
        assert backends == "['codeindex.accounts.sign_on.backend.SignOnBackend']"
        alone = setting("PORT", tmp_path, CODEINDEX_PASSWORDS="false")
        assert "nobody can sign in" in alone

    def test_private_services_lie_in_the_state_folder(self, tmp_path: Path) -> None:
        assert setting("DATABASES['default']['HOST']", tmp_path) == str(tmp_path / "sockets")
        socket = f"redis+socket://{tmp_path}/sockets/valkey.sock"
        assert setting("CELERY_BROKER_URL", tmp_path) == socket


class TestSecretKey:
    def test_made_once_and_for_its_owner_alone(self, tmp_path: Path) -> None:
        state = State(tmp_path / "state")
        file = state.secret_key
        key = stored_secret_key(state)
        assert len(key) > 50
        assert stored_secret_key(state) == key
        assert file.stat().st_mode & 0o777 == 0o600
        assert list(file.parent.iterdir()) == [file]

    def test_a_folder_that_cannot_be_used(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(ImproperlyConfigured, match="Cannot use the state folder"):
            stored_secret_key(State(tmp_path / "file"))
