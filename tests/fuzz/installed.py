"""A small real index in a folder of its own, and the people who ask it: what the fuzzers of the web
and of git stand on."""

from __future__ import annotations

import logging
import os
import re
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode

import django
from django.core.management import call_command
from django.http import HttpResponseBase
from django.test.client import Client, ClientHandler

from codeindex.local_services.servers import private
from codeindex.local_services.servers.postgres import Durability
from codeindex.local_services.state import State
from codeindex.local_services.state_folder import locked
from embeddings.code.languages import LANGUAGES
from tests.embeddings import samples
from tests.fuzz.running import Outcome
from tests.git import GitRepository
from tests.journeys.installation import WITHOUT_LIMITS

PEOPLE = ("", "alice", "charlie", "admin")
"""Nobody, an owner, a stranger, and who administers."""

EXPECTED = {
    200,
    201,
    202,
    204,
    301,
    302,
    304,
    400,
    401,
    403,
    404,
    405,
    406,
    409,
    413,
    414,
    415,
    429,
    503,
}
MOST_ADDRESSES = 400

WEBHOOK_SECRET = "whsec_AAAA"
"""Of the push webhook that there is."""

LINK = re.compile(r'(?:href|action|data-url)="(/[^"#?]*)')
STARTS = (
    "/",
    "/?q=read",
    "/repositories/",
    "/account/",
    "/webhooks/",
    "/admin/",
    "/api/v1/schema",
    "/api/v1/docs",
)


@dataclass(frozen=True)
class Request:
    """One request as a web server hands it over. `path` is as in an address, percent-encoded."""

    who: str
    method: str
    path: str
    query: str = ""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        lines = [f"# {self.who or 'nobody'}", f"{self.method} {self.path}?{self.query}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\n".join([*lines, "", ""]).encode("utf-8", "replace") + self.body


@contextmanager
def index() -> Iterator[None]:
    """Postgres, Valkey and an index of the samples of the tests while the block runs."""
    from tests.embeddings import tiny  # noqa: PLC0415  torch is not for every command

    with tempfile.TemporaryDirectory(prefix="codeindex-fuzz-") as name:
        folder = Path(name)
        for part in ("model", "checkpoint"):
            (folder / part).mkdir()
        checkpoint = tiny.checkpoint(folder / "checkpoint", tiny.bert(folder / "model"))
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "codeindex.settings",
            "CODEINDEX_ENV_FILE": os.devnull,
            "CODEINDEX_HOME": str(folder / "home"),
            "CODEINDEX_CHECKPOINT": str(checkpoint),
            "LOG_LEVEL": "ERROR",
            **WITHOUT_LIMITS,
        }
        state = State(folder / "home")
        with locked(state), private.started(state, Durability.DISPOSABLE):
            django.setup()
            _fill(folder / "shop")
            logging.disable(logging.CRITICAL)
            yield


def _fill(folder: Path) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415  after Django is set up

    from codeindex import credentials, repositories, tasks  # noqa: PLC0415
    from codeindex.ingestion import embedding, pipeline  # noqa: PLC0415
    from codeindex.models import PushWebhook  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
    people = {name: User.objects.create_user(name) for name in ("alice", "charlie")}
    User.objects.create_superuser("admin")
    shop = GitRepository.made(folder)
    shop.commit({file.name: file.read_bytes() for file in map(samples.source_of, LANGUAGES)})
    for name, visibility in (("shop", "private"), ("open", "public")):
        repository = repositories.register(
            url=str(folder), name=name, owner=people["alice"], by=people["alice"],
            visibility=visibility, trusted_path=True,
        )  # fmt: skip
        pipeline.index(tasks.request_index(repository=repository, by=None).pk)
    PushWebhook.objects.create(
        owner=people["alice"], name="acme", secret=credentials.encrypt(WEBHOOK_SECRET)
    )
    while tasks.embed_batch(embedding.FIRST_BATCH):
        pass


def addresses() -> tuple[str, ...]:
    """What the administrator comes to from the pages that everyone knows, and every address of the
    URL conf with a 1 for what varies."""
    waiting, addresses = [*STARTS], dict.fromkeys(_routes())
    for start in STARTS:
        addresses[start.partition("?")[0]] = None
    while waiting and len(addresses) < MOST_ADDRESSES:
        address = waiting.pop(0)
        path, _, query = address.partition("?")
        response = send(Request("admin", "GET", path, query))
        if not isinstance(response, HttpResponseBase) or response.streaming:
            continue
        for link in LINK.findall(response.content.decode("utf-8", "replace")):
            if link not in addresses:
                addresses[link] = None
                waiting.append(link)
    return tuple(addresses)


def _routes() -> Iterator[str]:
    from django.urls import get_resolver  # noqa: PLC0415  after Django is set up

    def below(patterns: Any, before: str) -> Iterator[str]:
        for pattern in patterns:
            route = before + re.sub(r"<[^>]*>", "1", str(pattern.pattern))
            if hasattr(pattern, "url_patterns"):
                yield from below(pattern.url_patterns, route)
            elif not set(route) & set("^$(?"):
                yield route

    return below(get_resolver().url_patterns, "/")


def keys() -> dict[str, str]:
    """The key of a token for each of PEOPLE who has an account."""
    from django.contrib.auth.models import User  # noqa: PLC0415  after Django is set up

    from codeindex.accounts import tokens  # noqa: PLC0415

    users = User.objects.filter(username__in=PEOPLE)
    return {user.get_username(): tokens.issue(user, by=user) for user in users}


def begin() -> None:
    """In each process that asks: Django, with the settings that the environment names."""
    django.setup()
    logging.disable(logging.CRITICAL)


def warm() -> None:
    """Load what the first search loads, so that its time is not that of the first input."""
    for who in PEOPLE:
        send(Request(who, "GET", "/", "q=warm"))


def send(request: Request) -> HttpResponseBase:
    """The answer, by the whole of Django with its middleware, without a server before it. Nothing
    that is written stays. Exceptions become the answer 500 that a browser would see."""
    from django.db import transaction  # noqa: PLC0415  after Django is set up

    client = Client(raise_request_exception=False)
    client.handler = _handler()
    if request.who:
        client.cookies["sessionid"] = _session(request.who)
    environment = {
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "QUERY_STRING": request.query,
        "SERVER_NAME": "localhost",
        "wsgi.input": _Body(request.body),
        "CONTENT_LENGTH": str(len(request.body)),
        **request.headers,
    }
    with transaction.atomic():
        response = client.request(**environment)
        transaction.set_rollback(True)
    return response


def form(fields: dict[str, str]) -> dict[str, Any]:
    """Body and headers of a form."""
    body = urlencode(fields, errors="surrogatepass").encode()
    return {"body": body, "headers": {"CONTENT_TYPE": "application/x-www-form-urlencoded"}}


def judge(category: str, response: HttpResponseBase) -> Outcome:
    status = str(response.status_code)
    if response.status_code in EXPECTED:
        return Outcome(category, status)
    told = getattr(response, "exc_info", None)
    fault = "".join(traceback.format_exception(*told)) if told else "no exception"
    return Outcome(category, status, f"{status}\n{fault}")


@cache
def _handler() -> ClientHandler:
    """One for all requests, as in a web server: each lists the static files when it is created."""
    return ClientHandler(enforce_csrf_checks=False)


@cache
def _session(who: str) -> str:
    from django.contrib.auth.models import User  # noqa: PLC0415  after Django is set up

    client = Client()
    client.force_login(User.objects.get(username=who))
    return client.cookies["sessionid"].value


class _Body:
    """What a web server lets an application read: no more than there is."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, size: int = -1) -> bytes:
        size = len(self._data) if size is None or size < 0 else size
        data, self._data = self._data[:size], self._data[size:]
        return data

    def readline(self, size: int = -1) -> bytes:
        end = self._data.find(b"\n") + 1 or len(self._data)
        return self.read(min(end, size) if size and size > 0 else end)
