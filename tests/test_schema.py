"""What the API answers is what its schema says, whatever it is asked.

`SCHEMA_EXAMPLES=1000 python -m pytest tests/test_schema.py` asks more of each operation."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import Group, User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import Client
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis.openapi import from_wsgi
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from codeindex.accounts import tokens
from codeindex.models import Evaluation, Invitation, Scope
from codeindex.web.ids import Row, opaque
from codeindex.web.rest.schema import TASKS
from codeindex.wsgi import application
from tests import shelf
from tests.shelf import Written

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "10"))
CSRF = "a" * 32
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}

# A URL or a query that the schema allows may still make no sense, and who asks is signed in
# whatever token an example brings along.
EXCLUDED = [positive_data_acceptance, ignored_auth]

schema = from_wsgi("/api/v1/schema", application)


@pytest.fixture(autouse=True)
def kept_connection() -> Iterator[None]:
    """A request that ends would close the connection, and the test's transaction with it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def known(alice: User, team: Group) -> dict[str, dict[str, str]]:
    """What the addresses of something that is there hold, by the lists in which it is."""
    shop = shelf.repository(alice)
    file, definition = shelf.put(shop, "load.py", Written("def load(csv): return csv", "load"))
    evaluation = Evaluation.objects.create(file="q.json", file_hash="0")
    invitation = Invitation.objects.create(
        digest="0", invited_by=alice, expires=timezone.now() + timedelta(days=1)
    )
    within = {
        "run": opaque(Row.RUN, shop.branches.get().live_run_id),
        "file_id": opaque(Row.FILE, file.pk),
        "definition_id": opaque(Row.DEFINITION, definition.pk),
        "user": "alice",
    }
    lists = {
        "repositories": opaque(Row.REPOSITORY, shop.pk),
        "teams": opaque(Row.TEAM, team.pk),
        "evaluations": opaque(Row.EVALUATION, evaluation.pk),
        "invitations": opaque(Row.INVITATION, invitation.pk),
    }
    return {"": within} | {name: {"id": id, **within} for name, id in lists.items()}


@pytest.fixture
def signed(alice: User, client: Client) -> list[dict[str, Any]]:
    """The ways in which a request may be signed in, and one that signs nobody in."""
    client.force_login(alice)
    cookies = {"sessionid": client.cookies["sessionid"].value, "csrftoken": CSRF}
    session = {"cookies": cookies, "headers": {"X-CSRFToken": CSRF}}
    root = User.objects.create_superuser("root")
    by_tokens = [
        {"headers": {"Authorization": f"Bearer {tokens.issue(user, by=user, scopes=list(Scope))}"}}
        for user in (alice, root)
    ]
    return [session, session, *by_tokens, {}]


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_one_that_the_schema_names(
    case: schemathesis.Case, known: dict[str, dict[str, str]], signed: list[dict[str, Any]]
) -> None:
    size = len(f"{case.path_parameters}{case.query}{case.body}")
    if size % 2 or case.method.upper() not in METHODS:
        own = known.get(case.path.split("/")[3], known[""])
        case.path_parameters |= {name: own[name] for name in case.path_parameters if name in own}
    (case.headers or {}).pop("Authorization", None)  # made up
    # Beside WSGI nothing decompresses
    case.headers = {**(case.headers or {}), "Accept-Encoding": "identity"}
    with transaction.atomic():
        case.call_and_validate(**signed[size % len(signed)], excluded_checks=EXCLUDED)
        transaction.set_rollback(True)


def test_every_operation_has_a_task_and_search_comes_first() -> None:
    described = SchemaGenerator().get_schema(public=True)
    for path in described["paths"]:
        place = path.removeprefix("/api/v1/")
        assert [task for task in TASKS if re.fullmatch(task.pattern, place)], path
    assert next(iter(described["paths"])) == "/api/v1/search"
    assert [tag["name"] for tag in described["tags"]] == [task.name for task in TASKS]
