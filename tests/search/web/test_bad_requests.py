"""Whatever is sent to any address: an answer below 500, as a page or as JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import QueryDict
from django.test import Client, RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver

from codeindex.models import IndexRun, Repository, SourceFile
from codeindex.wsgi import application

PARAMETERS = (
    *("q", "repository", "repo", "path", "lang", "kind", "order", "group", "balance", "limit"),
    *("label", "rev", "cursor", "after", "asked", "alerts", "mail"),
    *("by", "code", "next", "page", "p", "o", "e", "format", "token", "name", "url", "branch"),
    *(
        "visibility",
        "teams",
        "ref",
        "lines",
        "username",
        "password",
        "old_password",
        "csrfmiddlewaretoken",
    ),
)
BAD = ("", "%ff%fe", "9" * 30, "-", "x" * 5000)
ODD = ("%ff%fe", "9" * 30, "-1")
METHODS = ("HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")
NUMBERS = ("0", "9" * 19, "9" * 4400, "-1", "x", "%00", "1%ff", "١")
FORM = "application/x-www-form-urlencoded"
KINDS = (
    *("application/json", FORM, "", "text/xml", "x", "/", ";", "a/b/c; =", "multipart/form-data"),
    *(f"{FORM}; charset=utf-16", "application/json; charset=none", "text/plain; charset=utf-7"),
    *("multipart/form-data; boundary=", "multipart/form-data; boundary=x; charset=utf-16"),
)
BODIES = (b"", b"\x00", b"\xff\xfe", b"--x\r\n\r\n", b"[1]", b"a=b")
JSON = (
    *("[" * 100_000, '{"url":' * 50_000, '{"url": ' + "[" * 900 + "]" * 900 + "}", "[", "null"),
    *('{"url": "a\\u0000b"}', '{"url": "\\ud800"}', '{"url": 1e999}', '{"url": NaN}', "1" * 5000),
    *('{"url": null}', '{"url": {}}', "{}", '"x"', "\ufeff{}", '{"url": true, "name": 1}'),
    '{"url": "https://example.org/x", "name": "\\u0000"}',
    '{"url": "https://example.org/x", "branch": "\\udfff"}',
    '{"url": "https://example.org/x", "visibility": []}',
)


def addresses(patterns: list[Any] | None = None, before: str = "/") -> Iterator[str]:
    """Those of the URL conf, with `<…>` where a value stands."""
    for route in get_resolver().url_patterns if patterns is None else patterns:
        address = before + str(route.pattern)
        if isinstance(route, URLResolver):
            yield from addresses(route.url_patterns, address)
        elif isinstance(route, URLPattern) and "(?P" not in address:
            yield address


ADDRESSES = sorted({address for address in addresses() if not address.startswith("/admin/")})
ADMINISTRATION = [
    *("/admin/", "/admin/codeindex/repository/", "/admin/codeindex/repository/<int:pk>/change/"),
    *("/admin/codeindex/token/", "/admin/auth/user/<int:user>/delete/", "/admin/login/"),
    *("/admin/codeindex/indexrun/<int:run>/change/", "/admin/jsi18n/"),
]


@pytest.fixture
def filled(encoded: None, alice: User) -> dict[str, int | str]:
    """What stands in an address of something that there is; Alice administers it."""
    User.objects.filter(pk=alice.pk).update(is_superuser=True, is_staff=True)
    file = SourceFile.objects.earliest("pk")
    return {
        "pk": Repository.objects.get().pk,
        "run": IndexRun.objects.get().pk,
        "file_id": file.pk,
        "definition_id": file.blob.definitions.get().pk,
        "user": alice.pk,
        "beginning": "cix_00000000",
        "form": "csv",
        "address": f"{Repository.objects.get().full_name}/{file.path}",
    }


@pytest.fixture
def answers(client: Client) -> Any:
    """Asks, and gives the status, which is below 500."""
    client.raise_request_exception = False

    def ask(method: str, address: str, query: str = "", **more: Any) -> int:
        answer = client.generic(method, address, QUERY_STRING=query, **more)
        assert answer.status_code < 500, (method, address, query[:200], more)
        if answer.status_code in (400, 404) and address.startswith("/api/") and method != "HEAD":
            assert answer.json()
        return answer.status_code

    return ask


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the parameters that views ask for, as they do."""
    names: set[str] = set()
    for method in ("get", "getlist", "__getitem__", "__contains__"):
        monkeypatch.setattr(QueryDict, method, _noting(getattr(QueryDict, method), names))
    return names


def _noting(method: Callable[..., Any], names: set[str]) -> Callable[..., Any]:
    def noted(self: QueryDict, name: str, *more: Any) -> Any:
        if name:
            names.add(name)
        return method(self, name, *more)

    return noted


def real(address: str, filled: dict[str, int | str]) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: str(filled.get(match[1], 1)), address)


def test_the_walk_sees_all_addresses() -> None:
    assert len(ADDRESSES) >= 29
    assert {"/", "/account/login/", "/api/v1/search"} <= set(ADDRESSES)


def test_no_parameter_breaks_a_page(answers: Any, filled: dict[str, int | str]) -> None:
    for address in (*ADDRESSES, *ADMINISTRATION):
        for value in BAD:
            every = "&".join(f"{name}={value}" for name in PARAMETERS)
            answers("GET", real(address, filled), every)


def test_no_parameter_that_a_page_asks_for_breaks_it(
    answers: Any, filled: dict[str, int | str], asked: set[str]
) -> None:
    """Each alone, also one that the list above lacks, since its page is new."""
    everywhere: set[str] = set()
    for address in ADDRESSES:
        asked.clear()
        answers("GET", real(address, filled), "q=csv&code=x")
        everywhere |= asked
        for name, value in product(sorted(asked.difference(PARAMETERS)), ODD):
            answers("GET", real(address, filled), f"q=csv&code=x&{name}={value}")
    assert {"q", "cursor", "limit", "next", "repository"} <= everywhere


def test_no_parameter_of_a_search_breaks_it(answers: Any, filled: dict[str, int | str]) -> None:
    usual = {"q": "csv", "code": "def f(): return 1", "limit": "1"}
    for address in ("/", "/similar/", "/api/v1/search", "/api/v1/similar"):
        for name in PARAMETERS[:12]:
            for value in ("", "%ff", "9" * 30):
                query = "&".join(
                    f"{field}={text}" for field, text in (usual | {name: value}).items()
                )
                answers("GET", address, query.replace(" ", "+"))


def test_nul_is_refused_wherever_it_stands(answers: Any, filled: dict[str, int | str]) -> None:
    for address in (*ADDRESSES, *ADMINISTRATION):
        assert answers("GET", real(address, filled), "q=a&x=a%00b") == 400
        if not address.startswith("/api/"):
            posted = {"data": "x=%00", "content_type": FORM}
            assert answers("POST", real(address, filled), **posted) == 400
    for name in PARAMETERS:
        assert answers("GET", "/", f"q=a&{name}=%00") == 400
    assert answers("GET", "/", "q=a&%00=1") == 400


def test_no_form_breaks_a_page(answers: Any, filled: dict[str, int | str]) -> None:
    for address in ADDRESSES:
        if "remove" in address or "logout" in address:
            continue
        for value in BAD[1:4]:
            every = "&".join(f"{name}={value}" for name in PARAMETERS)
            answers("POST", real(address, filled), data=every, content_type=FORM)


def test_no_method_breaks_a_page(answers: Any, filled: dict[str, int | str]) -> None:
    for address in (*ADDRESSES, *ADMINISTRATION):
        for method in METHODS:
            if "logout" not in address:
                answers(method, real(address, filled))


def test_no_number_in_an_address_breaks_it(answers: Any, filled: dict[str, int | str]) -> None:
    for address in (*ADDRESSES, *ADMINISTRATION):
        for match in re.finditer(r"<[^>]+>", address):
            for number in NUMBERS:
                odd = address[: match.start()] + number + address[match.end() :]
                answers("GET", real(odd, filled))


def test_no_body_breaks_a_page(answers: Any, filled: dict[str, int | str]) -> None:
    for kind in KINDS:
        for body in BODIES:
            for address in ("/account/token", "/api/v1/repositories"):
                answers("POST", address, "q=%c3%bc", data=body, content_type=kind)


def test_odd_json_is_told_what_is_wrong(answers: Any, client: Client, alice: User) -> None:
    client.force_login(alice)
    for text in JSON:
        body = {"data": text.encode(), "content_type": "application/json"}
        assert answers("POST", "/api/v1/repositories", **body) == 400, text[:100]


@pytest.mark.parametrize("charset", ["hex", "bz2_codec", "rot13", "none"])
def test_a_charset_that_is_none_of_text_is_ignored(charset: str, db: None) -> None:
    environ = RequestFactory().generic("GET", "/account/login/", QUERY_STRING="q=a").environ
    environ["CONTENT_TYPE"] = f"text/plain; charset={charset}"
    statuses: list[str] = []
    application(environ, lambda status, headers: statuses.append(status))
    assert statuses == ["200 OK"]


@pytest.mark.parametrize("address", ["/api/v1/repositories", "/account/token", "/account/login/"])
@pytest.mark.parametrize("kind", ["application/json", FORM, "multipart/form-data; boundary=x"])
def test_a_large_body_is_not_read(
    client: Client, alice: User, settings: Any, address: str, kind: str
) -> None:
    client.force_login(alice)
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1024
    answer = client.generic("POST", address, b"x" * 1025, content_type=kind)
    assert answer.status_code == 413
    assert "A request may be at most 1 KiB." in answer.content.decode()
    assert client.generic("POST", address, CONTENT_LENGTH="9" * 5000).status_code == 413


def test_a_cookie_with_nul_is_refused(answers: Any, db: None, client: Client) -> None:
    for name in ("sessionid", "csrftoken", "messages"):
        client.cookies.load(f'{name}="a\\000b"')
        assert answers("GET", "/repositories/") == 400
        client.cookies.clear()


def test_another_host_is_refused(answers: Any, db: None) -> None:
    for host in ("a b", "a:b:c", "[::1", "%00", "ü", "example.org"):
        for address in ("/", "/api/v1/repositories"):
            assert answers("GET", address, HTTP_HOST=host) == 400


class TestAnswers:
    @pytest.mark.parametrize("address", ["/api/none", "/api/v1/", "/api/v1/repositories/x/y"])
    def test_what_the_api_has_not_is_said_in_json(
        self, client: Client, db: None, address: str
    ) -> None:
        answer = client.get(address)
        assert answer.status_code == 404
        assert answer["Content-Type"] == "application/problem+json"

    def test_a_page_says_why(self, client: Client, db: None) -> None:
        answer = client.get("/?q=a&repository=%00")
        assert answer.status_code == 400
        assert "Null characters are not allowed." in answer.content.decode()
        assert "Bad request" in answer.content.decode()

    @pytest.mark.parametrize(
        ("address", "kind"), [("/repositories/", "text/html"), ("/api/v1/x", "application/problem")]
    )
    def test_an_error_of_our_own_is_answered_properly(
        self, settings: Any, db: None, client: Client, address: str, kind: str
    ) -> None:
        settings.ROOT_URLCONF = "tests.search.broken_urls"
        client.raise_request_exception = False
        answer = client.get(address)
        assert answer.status_code == 500
        assert answer.headers["Content-Type"].startswith(kind)
        assert "server" in answer.content.decode()

    def test_none_is_kept_by_a_cache(self, client: Client, encoded: None, alice: User) -> None:
        for address in (
            *("/", "/?q=csv", "/repositories/", "/account/login/", "/account/", "/none", "/health"),
            *("/?q=%00", "/api/v1/search?q=csv", "/api/v1/none", "/api/v1/docs", "/admin/"),
        ):
            for visitor in (client, Client()):
                caching = visitor.get(address).headers["Cache-Control"]
                assert {"private", "no-store"} <= set(caching.split(", "))
                assert "public" not in caching


def test_static_files_may_be_kept(client: Client, db: None, settings: Any) -> None:
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True
    answer = client.get("/static/codeindex.css")
    assert answer.status_code == 200
    assert "no-store" not in answer.headers["Cache-Control"]
