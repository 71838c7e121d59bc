"""Which hosts git reaches, and what they learn."""

from __future__ import annotations

import ipaddress
import socket
import struct
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from codeindex import repositories
from codeindex.ingestion.cloning import checkout, git, mirrors, networks, proxy
from codeindex.ingestion.cloning.errors import CheckoutError
from codeindex.ingestion.cloning.trees import Tree
from codeindex.leases import Lease, LostLease
from codeindex.models import IndexRun
from tests import hosts
from tests.git import GitRepository

REFUSED = "is in a network from which this installation does not clone"
DEFAULT = settings.CODEINDEX_REFUSED_NETWORKS
LOOPBACK = [ipaddress.ip_network("127.0.0.1/32"), ipaddress.ip_network("::1/128")]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    """127.0.0.1 stands for a server's own network, the rest of loopback for the internet."""
    settings.CODEINDEX_HOME = tmp_path / "home"
    settings.CODEINDEX_REFUSED_NETWORKS = LOOPBACK


def fetch(url: str, owner: User, lease: Lease | None = None, **named: Any) -> Tree:
    repository = repositories.register(url=url, owner=owner, by=owner, **named)
    return checkout.fetch(IndexRun(branch=repository.branches.get()), lease or Lease())


@pytest.mark.parametrize(
    "spelling",
    [
        "127.0.0.1", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "64:ff9b:1:7f00:0:100::", "64:ff9b:1:7f:0:1::",
        "64:ff9b:1:0:7f:0:100:0", "2002:7f00:1::", "2001:0:7f00:1::", "2001::80ff:fffe",
        "2001:db8::5efe:127.0.0.1", "2001:db8::200:5efe:127.0.0.1",
    ],
)  # fmt: skip
def test_an_address_is_refused_by_every_way_to_it(spelling: str) -> None:
    assert networks.refuses(LOOPBACK, ipaddress.ip_address(spelling))


@pytest.mark.parametrize(
    "address", ["140.82.112.3", "10.0.0.5", "64:ff9b::8c52:7003", "2606:50c0:8000::64"]
)
def test_hosts_of_the_internet_and_of_an_organisation_are_allowed(address: str) -> None:
    assert not networks.refuses(DEFAULT, ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "127.9.9.9", "169.254.169.254",
        "100.100.100.200", "168.63.129.16", "192.0.0.192",
        "224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "ff02::1", "fd00:ec2::254",
    ],
)  # fmt: skip
def test_by_default_the_machine_itself_and_metadata_services_are_refused(address: str) -> None:
    assert networks.refuses(DEFAULT, ipaddress.ip_address(address))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "0x7f.1", "2130706433", "127.1",
        "0177.0.0.1", "127.0.0.1.", "localhost", "LOCALHOST.", "[::1]",
    ],
)  # fmt: skip
def test_no_spelling_of_a_refused_address_is_called(
    alice: User, source: GitRepository, tmp_path: Path, host: str
) -> None:
    source.commit({"a.py": ""})
    with hosts.serving(hosts.git_repositories(tmp_path)) as inner:
        with pytest.raises(CheckoutError, match=f"{REFUSED}|Could not resolve"):
            fetch(f"http://{host}:{inner.server_port}/shop", alice)
        assert inner.seen == []


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:7f00:1]", "localhost", "0x7f000001"])
def test_ssh_calls_no_refused_address_either(alice: User, host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as inner:
        port = inner.getsockname()[1]
        if host == "0x7f000001":
            port = 22
        with pytest.raises(CheckoutError, match=REFUSED):
            fetch(f"ssh://git@{host}:{port}/shop.git", alice)
        inner.setblocking(False)
        with pytest.raises(BlockingIOError):
            inner.accept()


@pytest.mark.django_db
def test_a_redirect_to_a_refused_address_is_not_followed(
    alice: User, source: GitRepository, tmp_path: Path
) -> None:
    source.commit({"a.py": ""})
    with (
        hosts.serving(hosts.git_repositories(tmp_path)) as inner,
        hosts.serving(hosts.redirecting(inner.url), "127.0.0.2") as outer,
    ):
        with pytest.raises(CheckoutError, match=rf"127\.0\.0\.1 {REFUSED}"):
            fetch(f"{outer.url}/shop", alice)
        assert len(outer.seen) == 1
        assert inner.seen == []


@pytest.mark.django_db
def test_a_redirect_to_an_allowed_host_is_followed_without_the_credential(
    alice: User, source: GitRepository, tmp_path: Path
) -> None:
    commit = source.commit({"a.py": ""})
    with (
        hosts.serving(hosts.git_repositories(tmp_path), "127.0.0.2") as new,
        hosts.serving(hosts.redirecting(new.url), "127.0.0.2") as old,
    ):
        url = f"http://bot:s3cret@127.0.0.2:{old.server_port}/shop"
        assert fetch(url, alice).commit == commit
        assert {authorization for _, authorization in new.seen} == {None}


@pytest.mark.django_db
def test_a_redirect_behind_a_password_takes_the_credential_nowhere(
    alice: User, source: GitRepository, tmp_path: Path
) -> None:
    source.commit({"a.py": ""})
    with (
        hosts.serving(hosts.git_repositories(tmp_path), "127.0.0.2") as new,
        hosts.serving(hosts.guarded(hosts.redirecting(new.url)), "127.0.0.2") as old,
    ):
        with pytest.raises(CheckoutError, match="Register the repository with that address"):
            fetch(f"http://bot:s3cret@127.0.0.2:{old.server_port}/shop", alice)
        assert ("/shop/info/refs?service=git-upload-pack", BASIC) in old.seen
        assert {authorization for _, authorization in new.seen} == {None}


BASIC = "Basic " + b64encode(b"bot:s3cret").decode()


@pytest.mark.django_db
def test_a_host_that_asks_again_after_a_redirect_gets_no_credential_of_another(
    alice: User, source: GitRepository, tmp_path: Path
) -> None:
    source.commit({"a.py": ""})
    with (
        hosts.serving(hosts.guarded(hosts.git_repositories(tmp_path)), "127.0.0.2") as thief,
        hosts.serving(hosts.guarded(hosts.redirecting(thief.url)), "127.0.0.2") as old,
    ):
        with pytest.raises(CheckoutError, match="The host denied access"):
            fetch(f"http://bot:s3cret@127.0.0.2:{old.server_port}/shop", alice)
        assert thief.seen
        assert BASIC not in {authorization for _, authorization in thief.seen}


@pytest.mark.django_db
@pytest.mark.parametrize("userinfo", ["bot:s3cret", "s3cret-token", "b%40t:p%20%25s%24x"])
def test_a_credential_reaches_its_own_host(
    alice: User, source: GitRepository, tmp_path: Path, userinfo: str
) -> None:
    commit = source.commit({"a.py": ""})
    answer = hosts.guarded(hosts.git_repositories(tmp_path))
    with hosts.serving(answer, "127.0.0.2") as host:
        url = f"http://{userinfo}@127.0.0.2:{host.server_port}/shop"
        assert fetch(url, alice).commit == commit
        plain = {"b%40t:p%20%25s%24x": "b@t:p %s$x", "s3cret-token": "s3cret-token:"}
        expected = b64encode(plain.get(userinfo, userinfo).encode()).decode()
        assert host.seen[-1][1] == f"Basic {expected}"


@pytest.mark.django_db
def test_a_name_that_changes_its_address_leads_to_no_refused_one(
    alice: User, source: GitRepository, tmp_path: Path
) -> None:
    commit = source.commit({"a.py": ""})
    answer = hosts.git_repositories(tmp_path)
    with (
        hosts.serving(answer, "127.0.0.2") as outer,
        hosts.serving(answer, "127.0.0.1", outer.server_port) as inner,
    ):
        url = f"http://changing.example:{outer.server_port}/shop"
        repository = repositories.register(url=url, owner=alice, by=alice)
        run = IndexRun(branch=repository.branches.get())

        def outcome(addresses: Iterator[int]) -> str:
            told = (ipaddress.ip_address(f"127.0.0.{last}") for last in addresses)
            try:
                return checkout.fetch(run, Lease(), lambda *_: [next(told)]).commit
            except CheckoutError as error:
                return str(error)

        refused = f"changing.example {REFUSED}."
        assert outcome(cycle([2])) == commit
        assert {outcome(cycle(order)) for order in ([1, 2], [2, 1], [2, 2, 1])} <= {refused, commit}
        assert len(outer.seen) > 2
        assert inner.seen == []


@pytest.mark.django_db
def test_a_name_with_one_refused_address_among_others_is_refused(alice: User) -> None:
    both = [ipaddress.ip_address("127.0.0.2"), ipaddress.ip_address("127.0.0.1")]
    repository = repositories.register(url="http://both.example/shop", owner=alice, by=alice)
    with pytest.raises(CheckoutError, match=REFUSED):
        checkout.fetch(IndexRun(branch=repository.branches.get()), Lease(), lambda *_: both)


def test_the_proxy_serves_nobody_without_its_password() -> None:
    with proxy.serving(LOOPBACK) as way, socket.create_connection(way.server_address) as stranger:
        stranger.sendall(b"\x05\x01\x00")
        assert stranger.recv(2) == b"\x05\xff"
    with proxy.serving(LOOPBACK) as way, socket.create_connection(way.server_address) as stranger:
        stranger.sendall(b"\x05\x01\x02")
        assert stranger.recv(2) == b"\x05\x02"
        stranger.sendall(b"\x01\x01-\x05wrong")
        assert stranger.recv(2) == b"\x01\x01"
        assert stranger.recv(1) == b""


def test_a_connection_ends_with_the_proxy() -> None:
    with socket.create_server(("127.0.0.2", 0)) as host:
        with proxy.serving(LOOPBACK) as way:
            client = socket.create_connection(way.server_address)
            client.sendall(b"\x05\x01\x02" + b"\x01\x01-" + _counted(way.password.encode()))
            target = b"\x05\x01\x00\x03" + _counted(b"127.0.0.2")
            client.sendall(target + struct.pack("!H", host.getsockname()[1]))
            assert client.recv(14, socket.MSG_WAITALL)[5] == 0
        with client:
            client.settimeout(5)
            assert client.recv(1) == b""


def _counted(text: bytes) -> bytes:
    return bytes([len(text)]) + text


@pytest.mark.django_db
@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy"])
def test_an_outbound_proxy_of_the_environment_is_used(
    alice: User,
    source: GitRepository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    variable: str,
) -> None:
    commit = source.commit({"a.py": ""})
    with (
        hosts.serving(hosts.git_repositories(tmp_path), "127.0.0.2") as host,
        socket.create_server(("127.0.0.1", 0)) as outbound,
    ):
        requests: list[bytes] = []
        Thread(target=_tunnels, args=(outbound, host.server_address, requests), daemon=True).start()
        monkeypatch.setenv(variable, f"http://127.0.0.1:{outbound.getsockname()[1]}")
        repository = repositories.register(url="http://git.example/shop", owner=alice, by=alice)
        run = IndexRun(branch=repository.branches.get())
        known = [ipaddress.ip_address("127.0.0.2")]
        assert checkout.fetch(run, Lease(), lambda *_: known).commit == commit
        assert requests[0].startswith(b"CONNECT git.example:80 HTTP/1.1\r\n")
        refused = [ipaddress.ip_address("127.0.0.1")]
        with pytest.raises(CheckoutError, match=REFUSED):
            checkout.fetch(run, Lease(), lambda *_: refused)
        with pytest.raises(CheckoutError, match="Could not resolve"):
            checkout.fetch(run, Lease(), unknown_name)
        settings.CODEINDEX_PROXY_RESOLVES = True
        assert checkout.fetch(run, Lease(), unknown_name).commit == commit
        with pytest.raises(CheckoutError, match=REFUSED):
            checkout.fetch(run, Lease(), lambda *_: refused)


def unknown_name(host: str, port: int) -> list[proxy.Address]:
    raise proxy.Unreachable(f"Could not resolve {host}. Check the address.")


def _tunnels(listener: socket.socket, target: tuple[str, int], requests: list[bytes]) -> None:
    """Answers CONNECT, as a proxy of an organisation does."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        requests.append(client.recv(4_096))
        remote = socket.create_connection(target)
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        Thread(target=proxy._relay, args=(client, remote), daemon=True).start()


@pytest.mark.django_db
def test_a_host_that_trickles_is_left_at_the_time_limit(alice: User, settings: Any) -> None:
    settings.CODEINDEX_CLONE_SECONDS = 1
    with hosts.serving(hosts.trickling, "127.0.0.2") as host:
        began = time.monotonic()
        with pytest.raises(CheckoutError, match="took longer than 1 s"):
            fetch(f"{host.url}/shop", alice)
        assert time.monotonic() - began < 10
    assert list(mirrors.folder().glob("*.git")) == []


@pytest.mark.django_db
def test_a_cancelled_fetch_ends_at_once_and_leaves_nothing(alice: User) -> None:
    lease = Lease()
    with hosts.serving(hosts.trickling, "127.0.0.2") as host:
        Thread(target=lambda: (time.sleep(0.5), lease.lose())).start()
        began = time.monotonic()
        with pytest.raises(LostLease):
            fetch(f"{host.url}/shop", alice, lease)
        assert time.monotonic() - began < 5
    assert list(mirrors.folder().glob("*.git")) == []


def test_git_and_all_that_it_started_end_with_the_one_who_asked(tmp_path: Path) -> None:
    env = git.environment(tmp_path, tmp_path)
    command = ["-c", f"alias.wait=!echo $$ > {tmp_path}/pid; sleep 60", "wait"]

    def stop(_silent: float) -> None:
        if (tmp_path / "pid").exists():
            raise LostLease

    with pytest.raises(LostLease):
        list(git.pieces(tmp_path, *command, env=env, watch=stop))
    number = (tmp_path / "pid").read_text().strip()
    for _ in range(100):
        if not Path(f"/proc/{number}").exists():
            break
        time.sleep(0.05)
    assert not Path(f"/proc/{number}").exists()


def test_ssh_reaches_the_proxy_without_any_package() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", git.PROXY_COMMAND, "127.0.0.2", "22"],
        env={"CODEINDEX_PROXY": "x@127.0.0.1:9"},
        capture_output=True,
        text=True,
    )
    assert "ConnectionRefusedError" in done.stderr
