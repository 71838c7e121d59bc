"""Applications that a document at their address describes."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.idp.oidc.models import Client as OAuthClient
from django.contrib.auth.models import User

from codeindex.accounts.oauth import documents
from codeindex.accounts.oauth.documents import DocumentUnusable
from codeindex.integrations.http import HostError
from codeindex.models import AuditRecord
from tests.codeindex.accounts.oauth.application import REDIRECT, Application, use

URL = "https://agents.example/client.json"
DOCUMENT = {"client_id": URL, "client_name": "Agent", "redirect_uris": [REDIRECT]}


@pytest.fixture(autouse=True)
def documents_on(on: None, settings: Any) -> None:
    settings.CODEINDEX_OAUTH_DOCUMENTS = True


def test_an_application_is_found_by_its_document(alice: User) -> None:
    documents.find(URL, lambda url: DOCUMENT)
    issued = Application(URL).tokens(alice)
    assert use(issued["access_token"]).status_code == 200
    assert AuditRecord.objects.get(action="application_registered").details == URL


def test_a_document_is_fetched_again_after_a_while() -> None:
    documents.find(URL, lambda url: DOCUMENT)
    other = {**DOCUMENT, "client_name": "Another"}
    assert documents.find(URL, lambda url: other).name == "Agent"
    OAuthClient.objects.update(data={"cimd": True, "fetched": 0})
    assert documents.find(URL, lambda url: other).name == "Another"
    assert OAuthClient.objects.count() == 1
    assert AuditRecord.objects.filter(action="application_registered").count() == 1


@pytest.mark.parametrize(
    "document",
    [
        {**DOCUMENT, "client_id": "https://other.example/client.json"},
        {**DOCUMENT, "redirect_uris": ["http://evil.example/"]},
        {"client_id": URL},
        [],
        None,
    ],
)
def test_a_wrong_document_describes_nobody(document: Any) -> None:
    with pytest.raises(DocumentUnusable):
        documents.find(URL, lambda url: document)
    assert not OAuthClient.objects.exists()


@pytest.mark.parametrize(
    "url",
    [
        "https://agents.example", "https://agents.example/", "https://agents.example/a/../b",
        "https://agents.example/a?b=c", "https://agents.example/a#b", "https://a@agents.example/b",
        "https://[/a", "https://agents.example/" + "x" * 100, "https://agents.example/\n",
    ],
)  # fmt: skip
def test_not_every_address_is_an_id(url: str) -> None:
    with pytest.raises(DocumentUnusable):
        documents.find(url, lambda url: {**DOCUMENT, "client_id": url})


def test_a_refused_network_is_not_asked(alice: User) -> None:
    with pytest.raises(HostError, match="does not clone"):
        documents.fetch("https://127.0.0.1:1/client.json")
    page = Application("https://127.0.0.1:1/client.json").ask(alice)
    assert page.status_code == 400
    assert "is not described at" in page.content.decode()


def test_without_the_setting_no_address_is_an_id(alice: User, settings: Any) -> None:
    settings.CODEINDEX_OAUTH_DOCUMENTS = False
    assert "is not registered here" in Application(URL).ask(alice).content.decode()
