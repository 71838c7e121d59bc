"""What the OpenAPI schema says is true: which errors there are, and what answers look like."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator
from rest_framework.views import APIView

from codeindex.accounts import tokens
from codeindex.integrations import imports, outgoing, push_webhooks
from codeindex.integrations.imports import Filters
from codeindex.models import (
    Definition,
    Evaluation,
    IndexRun,
    Invitation,
    Repository,
    SavedSearch,
    Scope,
    SourceFile,
)
from codeindex.quality import dismissals
from codeindex.web.ids import Row, opaque
from codeindex.web.rest.problems import MEDIA_TYPE
from tests import shelf
from tests.codeindex.web.rest.operations import (
    ALWAYS,
    AUDIT,
    BATCH,
    CALLEES,
    CALLERS,
    CANCEL,
    CHECK,
    CODE,
    CODE_HOST,
    CODE_HOSTS,
    CONFIRM,
    DEFINITION,
    DISMISSED,
    DOUBTFUL,
    ENCODE,
    EVALUATION,
    EVALUATIONS,
    EXPLANATION,
    FAILURES,
    FILES,
    IMPORT,
    IMPORTS,
    INVITATION,
    INVITATIONS,
    LINES,
    MEMBERS,
    NAMES,
    ONE,
    OUTGOING,
    OUTGOING_ONE,
    REFERENCES,
    REPOSITORIES,
    RULES,
    RUNS,
    SAVED_SEARCH,
    SAVED_SEARCHES,
    SEARCH,
    SETTINGS,
    SIMILAR,
    START,
    STATUSES,
    TEAM,
    TEAMS,
    TOKEN,
    TOKENS,
    WEBHOOK,
    WEBHOOKS,
)
from tests.search.addresses.test_reading import publish
from tests.shelf import Written

JSON = "application/json"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return SchemaGenerator().get_schema(public=True)


@pytest.fixture
def shop(alice: User) -> Repository:
    made = shelf.repository(alice, "shop")
    shelf.put(made, "load.py", Written("def load(csv): ...", "load", docstring="Reads it."))
    shelf.put(made, "read.py", Written("def read(csv): ...", "read"))
    return made


@pytest.fixture
def check(schema: dict[str, Any], shop: Repository, alice: User, bob: User, team: Group) -> Any:
    """Asks, expects a status, and compares the body with what the schema says of that."""
    keys = {user.username: tokens.issue(user, by=user) for user in (alice, bob)} | {"": ""}
    webhook = push_webhooks.create(alice, "acme", None, by=alice).webhook
    told = outgoing.create(alice, "ci", "https://hooks.example", ["run.failed"], None, by=alice)
    host = imports.add_host(alice, kind="github", url="https://github.com")
    source = imports.add_import(host, "acme", Filters(), by=alice)
    invitation = Invitation.objects.create(
        invited_by=alice, team=team, expires=timezone.now() + timedelta(days=1)
    )
    figures = [["all", 2, *[[0.5, 0.4, 0.6]] * 3]]
    evaluation = Evaluation.objects.create(file="q.json", file_hash="0", figures=figures)
    saved = SavedSearch.objects.create(owner=alice, name="csv", asked="q=csv")
    dismissal = dismissals.dismiss(shop, Definition.objects.get(name="load").pk, by=alice)
    named = (
        (TEAMS, Row.TEAM, team),
        (INVITATIONS, Row.INVITATION, invitation),
        (EVALUATIONS, Row.EVALUATION, evaluation),
        (SAVED_SEARCHES, Row.SAVED_SEARCH, saved),
        ("", Row.REPOSITORY, shop),
    )
    for scope in Scope:
        keys[scope] = tokens.issue(alice, by=alice, scopes=[scope])

    def ask(
        method: str, path: str, status: int, who: str = "alice", *, known: bool = True, **more: Any
    ) -> None:
        file = shop.branches.get().source_files.filter(live=True).latest("pk")
        kind, row = next((kind, row) for start, kind, row in named if path.startswith(start))
        given = {"id": opaque(kind, row.pk if known else 0), "file_id": file.pk if known else 0}
        given["beginning"] = keys["search"][: tokens.SHOWN] if known else "cix_00000000"
        given["dismissal"] = opaque(Row.DISMISSAL, dismissal.pk if known else 0)
        given["host"] = opaque(Row.CODE_HOST, host.pk if known else 0)
        given["source"] = opaque(Row.IMPORT, source.pk if known else 0)
        given["webhook"] = (
            opaque(Row.OUTGOING_WEBHOOK, told.webhook.pk if known else 0)
            if path.startswith(OUTGOING)
            else opaque(Row.PUSH_WEBHOOK, webhook.pk if known else 0)
        )
        run = IndexRun.objects.latest("pk").pk
        definition = file.blob.definitions.get().pk if known else 0
        address = path.format(run=run, definition_id=definition, user="erin", **given)
        key = keys.get(who, who)
        headers = ({"Authorization": f"Token {key}"} if key else {}) | more.pop("headers", {})
        answer = Client(headers=headers).generic(method.upper(), address, **more)
        assert answer.status_code == status, answer.content
        if status != 204:
            Draft202012Validator(described(schema, method, path, status)).validate(answer.json())

    return ask


def described(schema: dict[str, Any], method: str, path: str, status: int) -> dict[str, Any]:
    """As JSON schema, which says null in another way."""
    answer = schema["paths"][path][method]["responses"][str(status)]
    content = answer["content"]
    return {
        **nullable(content[JSON if status < 400 else MEDIA_TYPE]["schema"]),
        "components": nullable(schema["components"]),
    }


def nullable(part: Any) -> Any:
    if isinstance(part, list):
        return [nullable(item) for item in part]
    if not isinstance(part, dict):
        return part
    rest = {name: nullable(value) for name, value in part.items() if name != "nullable"}
    return {"anyOf": [rest, {"type": "null"}]} if part.get("nullable") is True else rest


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, set[int]]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield method, path, {int(status) for status in operation["responses"]}


def test_every_operation_names_its_errors(schema: dict[str, Any]) -> None:
    documented = {(method, path): statuses for method, path, statuses in operations(schema)}
    assert documented == {operation: ALWAYS | own for operation, own in STATUSES.items()}
    for (method, path), statuses in documented.items():
        for status in statuses - {204}:
            assert described(schema, method, path, status)


def test_operations_are_described_by_themselves(schema: dict[str, Any]) -> None:
    """And not by the docstring of a view, which its programmers read."""
    of_views = {inspect.cleandoc(view.__doc__) for view in views(APIView) if view.__doc__}
    assert of_views
    given = {
        operation.get("description")
        for methods in schema["paths"].values()
        for operation in methods.values()
    }
    assert given & of_views == set()


def views(base: type[APIView]) -> set[type[APIView]]:
    return {base}.union(*(views(each) for each in base.__subclasses__()))


def test_errors_are_as_described(
    schema: dict[str, Any], check: Any, alice: User, bob: User, team: Group
) -> None:
    alice.is_superuser = True
    alice.save()
    bob.groups.clear()
    for method, path, _ in operations(schema):
        check(method, path, 401, "none")
        check(method, path, 400, QUERY_STRING="q=%00")
        check(method, path, 413, CONTENT_LENGTH="9" * 9)
        if method == "get":
            check(method, path, 406, headers={"Accept": "text/html"})
        elif path not in (BATCH, ENCODE, NAMES, CHECK):
            check(method, path, 401, "")
        reads = method == "get" or path in (BATCH, ENCODE, NAMES, CHECK)
        lacking = Scope.SEARCH if not reads or path == TOKENS else Scope.INDEX
        check(method, path, 403, lacking)
        if "{" in path:
            check(method, path, 404, known=False)
            check(method, path, 403 if path == EVALUATION else 404, "bob")
        if (
            "{id}" in path
            and path not in (INVITATION, SAVED_SEARCH)
            and (method != "get" or path == RULES)
        ):
            Repository.objects.update(visibility="internal")
            bob.groups.add(team)
            check(method, path, 403, "bob")
            Repository.objects.update(visibility="private")
            bob.groups.clear()


def test_errors_of_one_operation_are_as_described(
    check: Any, shop: Repository, alice: User
) -> None:
    alice.is_superuser = True
    alice.save()
    for body in (b"{", b"[]", b"{}", b'{"url": []}', b'{"url": "https://example.org/shop"}'):
        check("post", REPOSITORIES, 400, data=body, content_type=JSON)
    check("post", REPOSITORIES, 415, data=b"x", content_type="text/plain")
    check("patch", SETTINGS, 400, data=b'{"name": ""}', content_type=JSON)
    check("patch", RULES, 400, data=b'{"ignore_patterns": "!"}', content_type=JSON)
    check("patch", RULES, 415, data=b"x", content_type="text/plain")
    for body in (b'{"scopes": []}', b'{"scopes": ["all"]}', b'{"scopes": "x"}', b'{"days": 0}'):
        check("post", TOKENS, 400, data=body, content_type=JSON)
    check("post", TOKENS, 415, data=b"x", content_type="text/plain")
    for body in (b"{}", b'{"name": []}', b'{"name": "x", "repository": "none/none"}'):
        check("post", WEBHOOKS, 400, data=body, content_type=JSON)
    check("post", WEBHOOKS, 415, data=b"x", content_type="text/plain")
    check("post", OUTGOING, 400, data=b'{"name": "ci", "url": "x"}', content_type=JSON)
    check("post", OUTGOING, 415, data=b"x", content_type="text/plain")
    check("post", IMPORTS, 415, data=b"x", content_type="text/plain")
    check("post", IMPORTS, 400, data=b'{"host": "x", "namespace": "y"}', content_type=JSON)
    check("patch", CODE_HOST, 400, data=b'{"token": "a b"}', content_type=JSON)
    for body in (b'{"role": "x"}', b'{"days": 31}', b'{"team": "none"}', b'{"team": 1}'):
        check("post", INVITATIONS, 400, data=body, content_type=JSON)
    for path in (BATCH, ENCODE, NAMES, CHECK):
        check("post", path, 400, data=b'{"queries": [1, {}], "code": []}', content_type=JSON)
        check("post", path, 415, data=b"x", content_type="text/plain")
    check("post", CANCEL, 409)
    check("get", SEARCH, 400, QUERY_STRING="q=")
    check("get", SEARCH, 400, QUERY_STRING="q=a&limit=0&order=x")
    check("get", SEARCH, 404, QUERY_STRING="q=a&repository=none")
    check("get", FILES, 400, QUERY_STRING="repo=shop")
    check("get", FILES, 404, QUERY_STRING="repo=shop&path=none")
    file = shop.branches.get().source_files.get(path="read.py")
    SourceFile.objects.filter(pk=file.pk).update(live=False, until_run=publish(shop))
    check("get", FILES, 410, QUERY_STRING="repo=shop&path=read.py")
    check("get", CODE, 400, QUERY_STRING="code=x&by=none")
    check("get", SIMILAR, 400, QUERY_STRING="limit=0")
    check("get", REFERENCES, 400, QUERY_STRING="limit=0")
    check("get", REFERENCES, 400, QUERY_STRING="cursor=x")


def test_too_many_requests_are_answered_as_described(check: Any, settings: Any) -> None:
    settings.CODEINDEX_SEARCH_RATE = settings.CODEINDEX_ENCODE_RATE = "1/hour"
    settings.CODEINDEX_INDEX_RATE = "1/hour"
    check("get", SEARCH, 200, QUERY_STRING="q=csv")
    check("get", SEARCH, 429, QUERY_STRING="q=csv")
    for path in (SIMILAR, REFERENCES, CALLERS, CALLEES, DEFINITION):
        check("get", path, 429)
    check("post", BATCH, 429)
    check("get", CODE, 400, QUERY_STRING="code=x&by=none")
    check("get", CODE, 429, QUERY_STRING="code=x&by=none")
    for path in (ENCODE, NAMES, CHECK):
        check("post", path, 429)
    check("get", EXPLANATION, 429)
    check("post", RUNS, 201)
    check("post", RUNS, 429)
    wanted = b'{"url": "https://example.org/other"}'
    check("post", REPOSITORIES, 429, data=wanted, content_type=JSON)


def test_answers_are_as_described(check: Any, shop: Repository) -> None:
    wanted = b'{"url": "https://example.org/other"}'
    check("post", REPOSITORIES, 201, data=wanted, content_type=JSON)
    check("post", RUNS, 201)
    IndexRun.objects.filter(branch__repository=shop).update(
        skips={"generated": {"count": 2, "examples": ["a_pb2.py"]}}, timings={"checkout": 1.5}
    )
    for path in (REPOSITORIES, ONE, RULES, SETTINGS, RUNS, TEAMS, TEAM, MEMBERS, TOKENS):
        check("get", path, 200)
    User.objects.filter(username="alice").update(is_superuser=True)
    check("get", AUDIT, 200)
    check("get", EVALUATIONS, 200)
    check("get", EVALUATION, 200)
    User.objects.filter(username="alice").update(is_superuser=False)
    check("post", TOKENS, 201, data=b'{"days": 1}', content_type=JSON)
    check("delete", TOKEN, 204)
    wanted = b'{"name": "acme", "repository": "alice/shop"}'
    check("get", OUTGOING, 200)
    wanted = b'{"name": "ci", "url": "https://hooks.example/x"}'
    check("post", OUTGOING, 201, data=wanted, content_type=JSON)
    check("delete", OUTGOING_ONE, 204)
    check("get", CODE_HOSTS, 200)
    check("patch", CODE_HOST, 200, data=b'{"token": "x"}', content_type=JSON)
    for path in (IMPORTS, IMPORT):
        check("get", path, 200)
    for path in (START, CONFIRM):
        check("post", path, 200)
    check("delete", IMPORT, 204)
    check("delete", CODE_HOST, 204)
    wanted = b'{"name": "acme", "repository": "alice/shop"}'
    check("post", WEBHOOKS, 201, data=wanted, content_type=JSON)
    check("get", WEBHOOKS, 200)
    check("delete", WEBHOOK, 204)
    check("patch", SETTINGS, 200, data=b'{"visibility": "public"}', content_type=JSON)
    check("post", CANCEL, 200)
    for query in ("q=csv", "q=csv&group=file", "q=nothing"):
        check("get", SEARCH, 200, QUERY_STRING=query)
    check("get", LINES, 200, QUERY_STRING="q=csv")
    queries = b'{"queries": [{"q": "csv"}, {"q": ""}]}'
    check("post", BATCH, 200, data=queries, content_type=JSON)
    check("get", DEFINITION, 200)
    check("get", FAILURES, 200)
    check("get", DOUBTFUL, 200)
    check("get", DISMISSED, 200)
    check("get", FILES, 200, QUERY_STRING="repo=shop&path=load.py&lines=1")
    check("get", SIMILAR, 200)
    shelf.space()
    for name, vector in (("near", (1, 0, 0, 0)), ("far", (1, 1, 0, 0))):
        shelf.put(shop, f"{name}.py", Written(f"def {name}(): ...", name, vector=vector))
    check("get", SIMILAR, 200)
    shelf.put_source(shop, "main.py", "def main():\n    f(main)\n\n\nmain()\n")
    shelf.put_source(shop, "f.py", "def f(x):\n    main()\n")
    for path in (REFERENCES, CALLERS, CALLEES):
        check("get", path, 200)
    check("delete", ONE, 204)


def test_what_has_no_run_yet_is_null(schema: dict[str, Any], alice: User) -> None:
    Repository.objects.create(owner=alice, name="new", url="https://example.org/new")
    client = Client()
    client.force_login(alice)
    (told,) = client.get(REPOSITORIES).json()
    assert told["latest_run"] is None
    Draft202012Validator(described(schema, "get", REPOSITORIES, 200)).validate([told])


def test_examples_are_as_described(schema: dict[str, Any]) -> None:
    count = 0
    for path, method, operation in (
        (path, method, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    ):
        contents = [
            operation.get("requestBody", {}).get("content", {}),
            *(answer.get("content", {}) for answer in operation["responses"].values()),
        ]
        for content in (each[JSON] for each in contents if JSON in each):
            described = nullable(content["schema"]) | {"components": nullable(schema["components"])}
            for example in content.get("examples", {}).values():
                Draft202012Validator(described).validate(example["value"])
                count += 1
        assert operation["summary"], (method, path)
    assert count >= 8
