"""Postgres as organisations have it: of any version, with TLS, and a role that may do little."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codeindex.local_services.state import State
from tests.git import GitRepository
from tests.topology import postgres, programs
from tests.topology.authority import Authority
from tests.topology.codeindexes import SHOP, Codeindex
from tests.topology.postgres import ROLE, Server


@pytest.fixture
def shop(tmp_path: Path) -> GitRepository:
    repository = GitRepository.made(tmp_path / "shop")
    repository.commit(dict(SHOP))
    return repository


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres.started(postgres.oldest()) as server:
        yield server


def codeindex(home: Path, database: str, broker: str = "redis://localhost") -> Codeindex:
    """Commands that migrate need no broker."""
    return Codeindex(home, {"DATABASE_URL": database, "BROKER_URL": broker})


@pytest.mark.parametrize("version", [15, 16, 17, 18])
def test_each_version_serves_a_role_without_rights_of_its_own(
    version: int, tmp_path: Path, services: State, shop: GitRepository
) -> None:
    with postgres.started(postgres.of(version)) as server:
        server.make_database()
        own = codeindex(tmp_path, server.url(), services.broker_url)
        own.command("migrate")
        assert "definitions in 2 files" in own.command("index", str(shop.path))
        assert "parse_price" in own.names("how is an amount of money parsed")
        rights = "rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication"
        assert server.sql(f"SELECT {rights} FROM pg_roles WHERE rolname = '{ROLE}'") == [(False,)]


LACKS = {
    "DROP EXTENSION vector": "to run: CREATE EXTENSION vector;",
    f"REVOKE CREATE ON SCHEMA public FROM {ROLE}": f'CREATE ON SCHEMA public TO "{ROLE}";',
    "CREATE SCHEMA own; ALTER EXTENSION vector SET SCHEMA own": "SET search_path = public, own;",
    "UPDATE pg_extension SET extversion = '0.7.4'": "ALTER EXTENSION vector UPDATE;",
}
"""What an administrator did → what they are asked for."""


@pytest.mark.parametrize("done", LACKS)
def test_what_is_missing_is_said_with_whom_to_ask_for_what(
    done: str, server: Server, tmp_path: Path
) -> None:
    name = f"lacking_{list(LACKS).index(done)}"
    server.make_database(name=name)
    server.sql(*done.split("; "), database=name)
    migrated = codeindex(tmp_path, server.url(name)).try_command("migrate")
    assert migrated.returncode == 1
    assert LACKS[done] in migrated.stderr
    assert "Traceback" not in migrated.stderr


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    with programs.folder() as folder:
        yield Authority(folder)


@pytest.fixture(scope="module")
def guarded(authority: Authority) -> Iterator[Server]:
    pair = authority.server()
    settings = {
        "ssl": "on",
        "ssl_cert_file": str(pair.certificate),
        "ssl_key_file": str(pair.key),
        "ssl_ca_file": str(authority.certificate),
    }
    with postgres.started(postgres.with_tls(), settings, "cert clientcert=verify-full") as server:
        server.make_database(with_vector=False)
        yield server


def test_with_certificates_of_both_it_connects_by_tls(
    guarded: Server, authority: Authority, tmp_path: Path
) -> None:
    own = authority.client(ROLE)
    url = guarded.url(
        sslmode="verify-full",
        sslrootcert=authority.certificate,
        sslcert=own.certificate,
        sslkey=own.key,
    )
    assert "[ ] 0001_extension" in codeindex(tmp_path, url).command("showmigrations")


def test_a_server_of_another_authority_is_refused(guarded: Server, tmp_path: Path) -> None:
    other = Authority(tmp_path, "Another authority")
    url = guarded.url(sslmode="verify-full", sslrootcert=other.certificate)
    refused = codeindex(tmp_path, url).try_command("showmigrations")
    assert refused.returncode == 1
    assert "certificate verify failed" in refused.stderr
