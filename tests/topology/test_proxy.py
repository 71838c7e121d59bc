"""The proxy of deploy/caddy before two web servers, as browsers and programs see them."""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Event, Thread

import httpx
import pytest

from codeindex.local_services.processes.children import child_command
from codeindex.local_services.state import State
from tests.deploy.programs import GUNICORN
from tests.git import GitRepository
from tests.journeys.installation import PROJECT, WITHOUT_LIMITS, until
from tests.topology import postgres, programs
from tests.topology.authority import Authority
from tests.topology.codeindexes import SHOP, Codeindex

PASSWORD = "a long enough password"
MAKE_ADMINISTRATOR = f"""
from django.contrib.auth.models import User
User.objects.create_superuser("admin", "", {PASSWORD!r})
"""
CLIENT = "127.0.0.2"
"""Where requests come from: another address than the proxy's."""


class WebServer:
    def __init__(self, codeindex: Codeindex) -> None:
        self.port = programs.free_port()
        self._codeindex = codeindex
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        own = {"PORT": str(self.port), "CODEINDEX_HOME": str(self._codeindex.home)}
        with (self._codeindex.home / f"{self.port}.log").open("ab") as log:
            self._process = subprocess.Popen(
                child_command([sys.executable, *GUNICORN], death_signal=signal.SIGKILL),
                cwd=PROJECT,
                env=os.environ | self._codeindex.services | own,
                stdout=log,
                stderr=log,
            )

    def answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz").status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self, by: signal.Signals = signal.SIGTERM) -> None:
        assert self._process is not None
        self._process.send_signal(by)
        self._process.wait(30)


@dataclass(frozen=True)
class Site:
    """An installation behind its proxy."""

    codeindex: Codeindex
    webs: tuple[WebServer, WebServer]
    https: str
    http: str
    trust: ssl.SSLContext

    def client(self, **headers: str) -> httpx.Client:
        transport = httpx.HTTPTransport(verify=self.trust, local_address=CLIENT)
        return httpx.Client(base_url=self.https, transport=transport, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def site(services: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    caddy = programs.program("caddy")
    home = tmp_path_factory.mktemp("proxy") / "home"
    https, http = programs.free_port(), programs.free_port()
    with ExitStack() as stack:
        server = stack.enter_context(postgres.started(postgres.oldest()))
        server.make_database()
        codeindex = Codeindex(
            home,
            {
                "DJANGO_SETTINGS_MODULE": "codeindex.settings",
                "CODEINDEX_ENV_FILE": os.devnull,
                "DATABASE_URL": server.url(),
                "BROKER_URL": services.broker_url,
                "CODEINDEX_BEHIND_TLS": "true",
                "WEB_CONCURRENCY": "1",
                **WITHOUT_LIMITS,
            },
        )
        codeindex.command("migrate")
        codeindex.command("collectstatic", "--no-input")
        codeindex.command("shell", "-c", MAKE_ADMINISTRATOR)
        repository = GitRepository.made(home.parent / "shop")
        repository.commit(dict(SHOP))
        codeindex.command("index", str(repository.path))
        webs = WebServer(codeindex), WebServer(codeindex)
        for web in webs:
            web.start()
            stack.callback(web.stop)
        for web in webs:
            until(web.answers)
        folder = stack.enter_context(programs.folder())
        authority = Authority(folder)
        pair = authority.server()
        programs.give(pair.certificate)
        shutil.copy(PROJECT / "deploy/caddy/Caddyfile", folder)
        environment = {
            "CODEINDEX_URL": f"https://localhost:{https}",
            "HTTP_PORT": str(http),
            "PROXY_TLS": f"{pair.certificate} {pair.key}",
            "PROXY_UPSTREAMS": " ".join(f"127.0.0.1:{web.port}" for web in webs),
            "CADDY_ADMIN": f"localhost:{programs.free_port()}",
            "XDG_DATA_HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder),
        }
        command = [caddy, "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]
        stack.enter_context(programs.running(command, https, folder / "log", environment))
        trust = ssl.create_default_context(cafile=str(authority.certificate))
        found = Site(
            codeindex, webs, f"https://localhost:{https}", f"http://localhost:{http}", trust
        )
        until(lambda: found.client().get("/healthz").status_code == 200, 30)
        yield found


def test_http_leads_to_https(site: Site) -> None:
    answer = httpx.get(f"{site.http}/search?q=price")
    assert answer.status_code in {301, 308}
    assert answer.headers["Location"] == f"{site.https}/search?q=price"


def test_the_certificate_is_the_one_that_was_named(site: Site) -> None:
    assert site.client().get("/account/login/").status_code == 200
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(site.https)


def test_pages_and_static_files_are_compressed(site: Site) -> None:
    client = site.client(**{"Accept-Encoding": "gzip"})
    page = client.get("/account/login/")
    (style, *_) = [word for word in page.text.split('"') if word.endswith(".css")]
    assert page.headers["Content-Encoding"] == "gzip"
    assert client.get(style).headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_above_4_mib_is_refused(site: Site, chunked: bool) -> None:
    body = b"x" * (4 * 1024**2 + 1)
    answer = site.client().post("/api/v1/search", content=iter([body]) if chunked else body)
    assert answer.status_code == 413


def test_the_audit_has_the_address_of_the_client_whatever_it_claims(site: Site) -> None:
    client = site.client(**{"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "http"})
    page = client.get("/account/login/")
    assert "Secure" in page.headers["Set-Cookie"]
    fields = {"username": "admin", "password": PASSWORD}
    fields["csrfmiddlewaretoken"] = page.text.split('name="csrfmiddlewaretoken" value="')[1][:64]
    referer = {"Referer": f"{site.https}/account/login/"}
    assert client.post("/account/login/", data=fields, headers=referer).status_code == 302
    show = "from codeindex.models import AuditRecord as A; print(A.objects.latest('pk').address)"
    assert site.codeindex.command("shell", "-c", show).split()[-1] == CLIENT


def test_an_agent_is_answered(site: Site) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    accept = {"Accept": "application/json, text/event-stream"}
    answer = site.client().post("/mcp", json=message, headers=accept)
    assert answer.status_code in {200, 400}, answer.text
    assert '"jsonrpc"' in answer.text


def test_no_request_fails_while_a_web_server_is_away(site: Site) -> None:
    """Neither while one is restarted in order nor while one that was killed starts again."""
    with asking(site) as statuses:
        for web, by in zip(site.webs, (signal.SIGTERM, signal.SIGKILL), strict=True):
            web.stop(by)
            let_some_pass(statuses)
            web.start()
            until(web.answers)
            let_some_pass(statuses)
    assert set(statuses) == {"200"}


@contextmanager
def asking(site: Site) -> Iterator[list[str]]:
    """Search without a pause in the block, by several clients; what each answer was."""
    statuses: list[str] = []
    done = Event()

    def ask() -> None:
        client = site.client()
        while not done.is_set():
            try:
                answer = client.get("/api/v1/search", params={"q": "how is a price parsed"})
                statuses.append(str(answer.status_code))
            except httpx.HTTPError as error:
                statuses.append(repr(error))

    threads = [Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield statuses
    finally:
        done.set()
        for thread in threads:
            thread.join()


def let_some_pass(statuses: list[str], number: int = 20) -> None:
    enough = len(statuses) + number
    until(lambda: len(statuses) >= enough, 60)
    time.sleep(0.5)
