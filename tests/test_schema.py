"""What the API answers is what its schema says, whatever it is asked.

`SCHEMA_EXAMPLES=1000 python -m pytest tests/test_schema.py` asks more of each operation."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from schemathesis.openapi import from_wsgi
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from codeindex.models import SourceFile
from codeindex.web.ids import Row, opaque
from codeindex.wsgi import application
from tests import shelf
from tests.shelf import Written

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "10"))
CSRF = "a" * 32

# A URL or a query that the schema allows may still make no sense, and who asks is signed in by a
# cookie, whatever token an example brings along.
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
def known(alice: User) -> dict[str, object]:
    """What the addresses of something that is there hold."""
    shop = shelf.repository(alice)
    file, definition = shelf.put(shop, "load.py", Written("def load(csv): return csv", "load"))
    assert SourceFile.objects.visible_to(alice).live().exists()
    return {
        "id": opaque(Row.REPOSITORY, shop.pk),
        "run": opaque(Row.RUN, shop.branches.get().live_run_id),
        "file_id": opaque(Row.FILE, file.pk),
        "definition_id": opaque(Row.DEFINITION, definition.pk),
    }


@pytest.fixture
def cookies(alice: User, client: Client) -> dict[str, str]:
    client.force_login(alice)
    return {"sessionid": client.cookies["sessionid"].value, "csrftoken": CSRF}


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_one_that_the_schema_names(
    case: schemathesis.Case, known: dict[str, object], cookies: dict[str, str]
) -> None:
    if sum(map(len, map(str, case.path_parameters.values()))) % 2:
        case.path_parameters |= {
            name: known[name] for name in case.path_parameters if name in known
        }
    with transaction.atomic():
        case.call_and_validate(
            cookies=cookies, headers={"X-CSRFToken": CSRF}, excluded_checks=EXCLUDED
        )
        transaction.set_rollback(True)
