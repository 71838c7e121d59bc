"""What git uses of the operator's: nothing; and what belongs to a repository alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client

from codeindex import credentials, repositories, repository_settings, tasks
from codeindex.ingestion.cloning import checkout, git, mirrors
from codeindex.ingestion.cloning.errors import CheckoutError
from codeindex.ingestion.cloning.trees import Tree
from codeindex.leases import Lease
from codeindex.models import IndexRun, Repository
from tests import hosts
from tests.git import GitRepository

pytestmark = pytest.mark.django_db

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
needs_sshd = pytest.mark.skipif(not SSHD or os.geteuid() != 0, reason="there is no sshd to start")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "state"
    settings.CODEINDEX_REFUSED_NETWORKS = []


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of who runs the server, with all by which git and ssh would sign in."""
    place = tmp_path / "operator"
    (place / ".ssh").mkdir(parents=True)
    (place / ".netrc").write_text("machine 127.0.0.1 login op password 0perator\n")
    (place / ".netrc").chmod(0o600)
    helper = f"!echo used >> {place}/used; echo username=op; echo password=0perator"
    (place / ".gitconfig").write_text(f'[credential]\n\thelper = "{helper}"\n')
    (place / ".git-credentials").write_text("http://op:0perator@127.0.0.1\n")
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "credential.helper")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", helper)
    monkeypatch.setenv("GIT_SSH_COMMAND", f"touch {place}/used; false")
    monkeypatch.setenv("SSH_AUTH_SOCK", str(place / "agent"))
    return place


def private_key(passphrase: bytes = b"") -> tuple[str, str]:
    """A new private key, and its public half as authorized_keys has it."""
    key = Ed25519PrivateKey.generate()
    form = PrivateFormat.PKCS8 if passphrase else PrivateFormat.OpenSSH
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    private = key.private_bytes(Encoding.PEM, form, encryption)
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return private.decode(), public.decode()


def fetch(repository: Repository) -> Tree:
    run = IndexRun(branch=repository.branches.get())
    return checkout.fetch(run, Lease())


def test_a_host_that_asks_for_a_password_gets_none_of_the_operator_s(
    alice: User, operator: Path, source: GitRepository, tmp_path: Path
) -> None:
    source.commit({"a.py": ""})
    with hosts.serving(hosts.guarded(hosts.git_repositories(tmp_path))) as host:
        shop = repositories.register(url=f"{host.url}/shop", owner=alice, by=alice)
        with pytest.raises(CheckoutError, match="The host denied access"):
            fetch(shop)
        assert {authorization for _, authorization in host.seen} == {None}
    assert not (operator / "used").exists()


def test_git_sees_nothing_of_the_environment_but_where_things_are(
    operator: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "0perator")
    monkeypatch.setenv("GIT_SSL_CAINFO", "/etc/ca.pem")
    env = git.environment(tmp_path, tmp_path) | git.for_ssh(tmp_path, "127.0.0.1:1", "p", None)
    shown = subprocess.run(["env"], env=env, capture_output=True, text=True).stdout
    assert "GIT_SSL_CAINFO=/etc/ca.pem" in shown
    for secret in ("0perator", str(operator), "SSH_AUTH_SOCK", "DATABASE_URL"):
        assert secret not in shown


def test_no_argument_of_a_program_holds_a_secret(tmp_path: Path) -> None:
    """Arguments are visible to every user of a machine; the environment is not."""
    env = git.for_http("https://git.example.org", "127.0.0.1:1", "pr0xy", "bot:s3cret")
    assert "s3cret" not in git.CREDENTIAL_HELPER
    assert [name for name, value in env.items() if "s3cret" in value] == ["CODEINDEX_GIT_PASSWORD"]
    assert "pr0xy" not in git.for_ssh(tmp_path, "127.0.0.1:1", "pr0xy", None)["GIT_SSH_COMMAND"]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("no key", "This is not a private key"),
        (private_key()[1], "This is not a private key"),
        (private_key(b"secret phrase")[0], "has a passphrase"),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----",
            "not a private key",
        ),
        ("-----BEGIN PRIVATE KEY-----\n" + "A" * 20_000, "This is not a private key"),
    ],
    ids=["text", "public", "passphrase", "damaged", "long"],
)
def test_what_is_no_usable_key_is_refused_and_not_repeated(
    alice: User, key: str, reason: str
) -> None:
    with pytest.raises(ValidationError) as error:
        repositories.register(url="git@example.org:shop.git", owner=alice, by=alice, deploy_key=key)
    assert reason in error.value.message_dict["deploy_key"][0]
    assert key not in str(error.value)


def test_a_deploy_key_is_for_ssh(alice: User) -> None:
    with pytest.raises(ValidationError) as error:
        repositories.register(
            url="https://example.org/shop.git", owner=alice, by=alice, deploy_key=private_key()[0]
        )
    assert "deploy_key" in error.value.message_dict


@pytest.mark.parametrize("kind", ["page", "api"])
def test_a_deploy_key_is_registered_unreadable_and_never_shown(
    client: Client, alice: User, kind: str
) -> None:
    key, _ = private_key()
    client.force_login(alice)
    given = {"url": "git@example.org:shop.git", "visibility": "private", "deploy_key": key}
    secret = key.splitlines()[2]
    if kind == "api":
        answer = client.post("/api/v1/repositories", given, "application/json")
        assert answer.status_code == 201
        assert "deploy_key" not in answer.json()
        assert secret not in answer.content.decode()
    else:
        wrong = client.post("/repositories/register", given | {"branch": "a..b"})
        assert wrong.status_code == 400
        assert secret not in wrong.content.decode()
        assert client.post("/repositories/register", given).status_code == 302
    shop = Repository.objects.get()
    assert secret not in shop.deploy_key
    assert credentials.decrypt(shop.deploy_key) == key
    assert secret not in client.get(f"/repositories/{shop.pk}/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_command_gives_a_repository_another_key(alice: User, tmp_path: Path) -> None:
    key, _ = private_key()
    (tmp_path / "key").write_text(key)
    url = "ssh://git@git.example.org/shop.git"
    shop = repositories.register(url=url, owner=alice, by=alice)
    call_command(
        "index", url, "--owner", "alice", "--deploy-key", str(tmp_path / "key"), "--detach"
    )
    shop.refresh_from_db()
    assert credentials.decrypt(shop.deploy_key) == key


@dataclass(frozen=True)
class SshHost:
    port: int
    folder: Path
    authorized: Path

    def url(self, path: Path) -> str:
        return f"ssh://root@127.0.0.1:{self.port}{path}"


@pytest.fixture
def ssh_host(tmp_path: Path) -> Iterator[SshHost]:
    """An sshd of our own, which admits who is in `authorized`."""
    folder = tmp_path / "sshd"
    folder.mkdir(mode=0o700)
    (folder / "host_key").write_text(private_key()[0])
    (folder / "host_key").chmod(0o600)
    authorized = folder / "authorized"
    authorized.touch(0o600)
    port = hosts.free_port()
    (folder / "config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/host_key\n"
        f"AuthorizedKeysFile {authorized}\nStrictModes no\nUsePAM no\nPidFile none\n"
        "PermitRootLogin prohibit-password\nPasswordAuthentication no\n"
    )
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    sshd = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stderr=subprocess.DEVNULL)
    try:
        hosts.wait_for(port)
        yield SshHost(port, folder, authorized)
    finally:
        sshd.terminate()
        sshd.wait()


@needs_sshd
def test_a_clone_over_ssh_uses_its_deploy_key_and_nothing_else(
    alice: User,
    operator: Path,
    source: GitRepository,
    ssh_host: SshHost,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    commit = source.commit({"a.py": ""})
    url = ssh_host.url(source.path)
    operators, operators_public = private_key()
    (operator / ".ssh/id_ed25519").write_text(operators)
    (operator / ".ssh/id_ed25519").chmod(0o600)
    agent = subprocess.run(
        ["ssh-agent", "-s", "-a", operator / "agent"], capture_output=True, text=True, check=True
    )
    pid = agent.stdout.partition("SSH_AGENT_PID=")[2].partition(";")[0]
    try:
        subprocess.run(["ssh-add", operator / ".ssh/id_ed25519"], check=True, capture_output=True)
        ssh_host.authorized.write_text(operators_public)
        bare = repositories.register(url=url, owner=alice, by=alice)
        with pytest.raises(CheckoutError, match="The host denied access"):
            fetch(bare)
    finally:
        subprocess.run(["kill", pid], check=True)
    key, public = private_key()
    repository_settings.change(bare, {"deploy_key": key}, by=None)
    bare.refresh_from_db()
    with pytest.raises(CheckoutError, match="The host denied access"):
        fetch(bare)
    ssh_host.authorized.write_text(public)
    assert fetch(bare).commit == commit
    assert list(mirrors.folder().glob("*.key")) == []
    assert not (operator / "used").exists()
    assert not (operator / ".ssh/known_hosts").exists()
    assert (mirrors.home() / "known_hosts").read_text().count("ssh-ed25519") == 1


@needs_sshd
def test_a_host_whose_key_is_another_than_the_known_one_is_refused(
    alice: User, source: GitRepository, ssh_host: SshHost, settings: Any
) -> None:
    commit = source.commit({"a.py": ""})
    key, public = private_key()
    ssh_host.authorized.write_text(public)
    settings.CODEINDEX_SSH_KNOWN_HOSTS = ssh_host.folder / "known hosts 100%"
    shop = repositories.register(
        url=ssh_host.url(source.path), owner=alice, by=alice, deploy_key=key
    )
    settings.CODEINDEX_SSH_KNOWN_HOSTS.write_text("")
    with pytest.raises(CheckoutError, match="The host's ssh key is unknown"):
        fetch(shop)
    name = f"[127.0.0.1]:{ssh_host.port}"
    settings.CODEINDEX_SSH_KNOWN_HOSTS.write_text(f"{name} {private_key()[1]}\n")
    with pytest.raises(CheckoutError, match="is not the one that is known"):
        fetch(shop)
    host_key = subprocess.run(
        ["ssh-keygen", "-y", "-f", ssh_host.folder / "host_key"], capture_output=True, text=True
    ).stdout
    settings.CODEINDEX_SSH_KNOWN_HOSTS.write_text(f"{name} {host_key}")
    assert fetch(shop).commit == commit


def test_a_key_that_a_killed_worker_left_is_swept(registered: Repository) -> None:
    mirrors.home()
    mirrors.folder().mkdir()
    left = mirrors.folder() / f"{registered.pk}.key"
    left.write_text("left")
    tasks.forget()
    assert not left.exists()
