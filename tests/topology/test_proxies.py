"""Hosts behind an HTTP proxy, with certificates of a private authority."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from codeindex.local_services.state import State
from tests import hosts
from tests.git import GitRepository
from tests.hosts import Host
from tests.topology import postgres, programs
from tests.topology.authority import Authority
from tests.topology.codeindexes import SHOP, Codeindex

USER, PASSWORD = "indexer", "proxys-secret"


@pytest.fixture(scope="module")
def authority() -> Iterator[Authority]:
    with programs.folder() as folder:
        yield Authority(folder)


@pytest.fixture
def host(authority: Authority, tmp_path: Path) -> Iterator[Host]:
    """Serves a repository over HTTPS."""
    GitRepository.made(tmp_path / "repositories/shop").commit(dict(SHOP))
    pair = authority.server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    with hosts.serving(hosts.git_repositories(tmp_path / "repositories"), tls=context) as host:
        yield host


@pytest.fixture
def tinyproxy(host: Host) -> Iterator[tuple[str, Path]]:
    """The address of a proxy that wants a password, and its log."""
    program, port = programs.program("tinyproxy"), programs.free_port()
    with programs.folder() as folder:
        configuration = folder / "tinyproxy.conf"
        configuration.write_text(
            f"Port {port}\nListen 127.0.0.1\nAllow 127.0.0.1\nBasicAuth {USER} {PASSWORD}\n"
            f'ConnectPort {host.server_port}\nLogFile "{folder / "requests"}"\nLogLevel Connect\n'
        )
        programs.give(configuration)
        with programs.running([program, "-d", "-c", configuration], port, folder / "log"):
            yield f"http://{USER}:{PASSWORD}@127.0.0.1:{port}", folder / "requests"


def test_a_host_is_cloned_through_the_proxy_and_by_the_authority(
    host: Host,
    tinyproxy: tuple[str, Path],
    authority: Authority,
    services: State,
    tmp_path: Path,
) -> None:
    address, log = tinyproxy
    with postgres.started(postgres.oldest()) as server:
        server.make_database()
        settings = {
            "DATABASE_URL": server.url(),
            "BROKER_URL": services.broker_url,
            "CODEINDEX_REFUSED_NETWORKS": "169.254.0.0/16",
            "HTTPS_PROXY": address,
        }
        url = f"https://localhost:{host.server_port}/shop"
        own = Codeindex(tmp_path / "home", settings)
        own.command("migrate")
        refused = own.try_command("index", url)
        assert "certificate" in refused.stdout + refused.stderr
        trusted = {"CODEINDEX_CA_BUNDLE": str(authority.certificate)}
        assert "definitions in 2 files" in own.command("index", url, **trusted)
    assert f"CONNECT localhost:{host.server_port}" in log.read_text()


ASKED = """
import ssl, urllib.request
from allauth.socialaccount.adapter import get_adapter
from codeindex.integrations import http
url = {url!r}
def tried(ask):
    try:
        return str(ask())
    except Exception as error:
        return "refused" if "certificate" in str(error).lower() else repr(error)
def by_code_host():
    with http.connected(url) as client:
        return client.post(url, b"", {{}})
print(tried(by_code_host),
      tried(lambda: get_adapter().get_requests_session().get(url).status_code),
      tried(lambda: urllib.request.urlopen(url, context=ssl.create_default_context()).status))
"""


def test_every_client_trusts_the_authority(
    host: Host, authority: Authority, tmp_path: Path
) -> None:
    """Code hosts and webhooks, single sign-on, and what uses Python's own TLS, such as mail. To a
    webhook the host answers 400."""
    url = f"https://localhost:{host.server_port}/shop/HEAD"
    settings = {
        "DATABASE_URL": "postgres://none",
        "BROKER_URL": "redis://none",
        "CODEINDEX_REFUSED_NETWORKS": "169.254.0.0/16",
    }
    own, asked = Codeindex(tmp_path, settings), ASKED.format(url=url)
    trusted = {"CODEINDEX_CA_BUNDLE": str(authority.certificate)}
    assert own.command("shell", "-c", asked).split()[-3:] == ["refused"] * 3
    assert own.command("shell", "-c", asked, **trusted).split()[-3:] == ["400", "200", "200"]
    bad = own.try_command("check", CODEINDEX_CA_BUNDLE=__file__)
    assert "it holds no certificates" in bad.stderr
