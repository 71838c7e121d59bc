"""What may be given as a repository's address, on the page, over REST and by command."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import django.apps
import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client

from codeindex import credentials, repositories
from codeindex.ingestion.cloning import remotes
from codeindex.models import IndexRun, Repository
from tests.git import GitRepository

pytestmark = pytest.mark.django_db

SECRET = "s3cret-t0ken"

MALFORMED = [
    "http://[::1/x",
    "http://[::1]x/y",
    "http://[fe80::1%25eth0]/x",
    "http://[v1.x]/y",
    "http://host:99999999/",
    "http://host:abc/x",
    "http://host:-1/x",
    "http://host:0/x",
    "http://host:٣/x",
    "https://user@",
    "https://user@:80/x",
    "https://:80/",
    "https://ex ample.org/x",
    "https://example.org\\@127.0.0.1/x",
    "https://-example.org/x",
    "https://a..ä/x",
    "https://" + "ä" * 300 + ".org/x",
    "https://℀.example.org/x",
    "https://exa\u00a0mple.org/x",
    "https://example.org/\u202egit.x",
    "https://example.org/\ud800",
    "https://example.org/a\tb",
    "https://user:a%0ab@example.org/x",
    "ssh://-oProxyCommand=id/x",
    "ssh://-oProxyCommand=id@example.org/x",
    "ssh://user$(id)@example.org/x",
    "ssh://$(id)/x",
    "-oProxyCommand=id@example.org:x",
    "file://\x00",
    "file:///%00",
    "~nobody-of-this-name/x",
    "/" + "x" * 2_048,
    "https://example.org/" + "x" * 200_000,
    "::",
    "git://example.org/x",
]


@pytest.mark.parametrize("url", MALFORMED, ids=range(len(MALFORMED)))
def test_a_malformed_address_is_an_error_of_its_field(
    client: Client, alice: User, url: str
) -> None:
    client.force_login(alice)
    answers = [client.post("/api/v1/repositories", {"url": url}, "application/json")]
    if url.isprintable():  # a form cannot send the others
        answers.append(client.post("/repositories/register", {"url": url, "visibility": "private"}))
    assert {answer.status_code for answer in answers} == {400}
    assert list(answers[0].json()["errors"]) == ["url"]
    with pytest.raises(remotes.RefusedRemote):
        remotes.parse(url, trusted_path=not url.startswith("/"))
    assert not Repository.objects.exists()


def test_an_address_that_is_too_long_is_said_to_be(alice: User) -> None:
    with pytest.raises(ValidationError, match="longer than 2,048 characters"):
        repositories.register(url="https://example.org/" + "x" * 2_048, owner=alice, by=alice)


@pytest.mark.parametrize(
    "url",
    [
        f"ssh://git:{SECRET}@example.org/shop.git",
        f"ssh://git:{SECRET}@[::1/shop.git",
        f"git:{SECRET}@example.org:team/shop.git",
        f"https://example.org/shop.git?private_token={SECRET}",
        f"https://example.org/shop.git#{SECRET}",
        f"ssh://git@example.org/shop.git?token={SECRET}",
        f"git@example.org:shop.git?token={SECRET}",
        f"git@example.org:shop.git#{SECRET}",
        f"https://bot:{SECRET}@[::1/shop.git",
        f"https://bot:{SECRET}@exa mple.org/shop.git",
        f"https://bot:{SECRET}@host:abc/shop.git",
        f"https://bot:{SECRET}@",
        f"https:/bot:{SECRET}@example.org/shop.git",
        f"ftp://bot:{SECRET}@example.org/shop.git",
        f"ext::{SECRET}",
        f"https://example.org/shop.githttps://bot:{SECRET}@example.org/shop.git",
        f"ssh://example.org//bot:{SECRET}@example.net/shop.git",
        f"https://example.org/bot:{SECRET}%40example.net/shop.git",
        f"https://example.org/shop.git;private_token={SECRET}",
        f"https://example.org/shop.git&access_token={SECRET}",
        f"https://example.org/shop.git%3Fprivate_token={SECRET}",
        f"git@example.org:shop.git;private_token={SECRET}",
    ],
)
def test_an_address_that_holds_a_secret_out_of_place_is_refused_without_it(
    client: Client, alice: User, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    client.force_login(alice)
    for answer in (
        client.post("/api/v1/repositories", {"url": url}, "application/json"),
        client.post("/repositories/register", {"url": url, "visibility": "private"}),
    ):
        assert answer.status_code == 400
        if set("@=#") & set(url):
            assert SECRET not in answer.content.decode()
    with pytest.raises(remotes.RefusedRemote) as error:
        remotes.parse(url)
    assert SECRET not in str(error.value)
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("url", "address", "credential"),
    [
        (f"https://bot:{SECRET}@example.org/a.git", "https://example.org/a.git", f"bot:{SECRET}"),
        (f"https://{SECRET}@example.org:8443/a", "https://example.org:8443/a", SECRET),
        (f"http://a%40b:{SECRET}@[::ffff:1]/a", "http://[::ffff:1]/a", f"a@b:{SECRET}"),
        ("HTTPS://Example.ORG/A", "https://Example.ORG/A", ""),
        ("https://bücher.example:81/a", "https://xn--bcher-kva.example:81/a", ""),
        ("ssh://git@example.org:2222/a", "ssh://git@example.org:2222/a", ""),
        ("git@example.org:team/a.git", "git@example.org:team/a.git", ""),
        ("host_1.example:a", "host_1.example:a", ""),
    ],
)
def test_a_credential_is_taken_out_of_an_address(
    alice: User, url: str, address: str, credential: str
) -> None:
    repository = repositories.register(url=url, owner=alice, by=alice, name="shop")
    assert repository.url == address
    assert SECRET not in repository.credential
    assert credentials.decrypt(repository.credential) == credential


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.org/team/shop/.git", "shop"),
        ("https://example.org/team/shop.git/", "shop"),
        ("https://example.org/team/shop.git/.git/", "shop"),
        ("https://example.org/.git", "example.org"),
        ("https://bot:secret@example.org/", "example.org"),
        ("git@example.org:shop/.git", "shop"),
        ("https://example.org/" + "x" * 300, "x" * 100),
    ],
)
def test_a_repository_is_called_by_its_own_folder(alice: User, url: str, name: str) -> None:
    assert repositories.register(url=url, owner=alice, by=alice).name == name


def test_a_path_to_git_s_folder_is_called_by_the_folder_above(
    alice: User, source: GitRepository
) -> None:
    path = f"{source.path}/.git"
    assert repositories.register(url=path, owner=alice, by=alice, trusted_path=True).name == "shop"


@pytest.mark.parametrize(
    ("stored", "cleaned"),
    [
        (f"ssh://git:{SECRET}@example.org:22/a", "ssh://git@example.org:22/a"),
        (f"https://example.org/a?private_token={SECRET}#x", "https://example.org/a"),
        (f"https://[::1/{SECRET}", "https://"),
        (f"git:{SECRET}@example.org:team/a", "git@example.org:team/a"),
        ("git@example.org:team/a", "git@example.org:team/a"),
        ("https://example.org:8443/a.git", "https://example.org:8443/a.git"),
        ("ssh://git@example.org/a", "ssh://git@example.org/a"),
    ],
)
def test_addresses_that_were_stored_with_secrets_lose_them(
    alice: User, stored: str, cleaned: str
) -> None:
    migration = importlib.import_module("codeindex.migrations.0009_deploy_keys_and_trusted_paths")
    row = Repository.objects.create(owner=alice, name=f"{SECRET}@x:a", url=stored)
    run = IndexRun.objects.create(branch=row.branches.create(), error=f"no {SECRET}")
    migration.take_secrets_out_of_urls(django.apps.apps, None)
    row.refresh_from_db()
    run.refresh_from_db()
    assert row.url == cleaned
    assert (SECRET in row.name + run.error) == (cleaned == stored)


def test_paths_that_were_registered_by_command_stay_allowed(
    alice: User, settings: Any, tmp_path: Path
) -> None:
    migration = importlib.import_module("codeindex.migrations.0009_deploy_keys_and_trusted_paths")
    settings.CODEINDEX_LOCAL_ROOTS = [tmp_path / "shared"]
    for name, url in (
        ("command", f"{tmp_path}/own/a"),
        ("page", f"{tmp_path}/shared/a"),
        ("host", "https://example.org/a"),
    ):
        Repository.objects.create(owner=alice, name=name, url=url)
    migration.trust_present_paths(django.apps.apps, None)
    assert Repository.objects.get(trusted_path=True).name == "command"
