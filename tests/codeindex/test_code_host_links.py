"""Links to code hosts, by a repository's clone URL."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from codeindex import code_host_links
from codeindex.code_host_links import BadTemplate, check_template
from codeindex.settings.environment import Environment

COMMIT = "c0ffee" * 6

HOSTS = {
    "git.example.org": "gitlab",
    "code.example.org": "gitea",
    "scm.example.org": "bitbucket-server",
    "cgit.example.org": "cgit",
    "plain.example.org": "https://see.example.org/{repository}/{commit}/{path}?from={first}&to={last}",
}

GITHUB = f"https://github.com/psf/requests/blob/{COMMIT}/src/a.py"
SERVER = "https://scm.example.org/projects/SHOP/repos/cart/browse/src/a.py"
AZURE = f"https://dev.azure.com/acme/Web%20Shop/_git/cart?path=/src/a.py&version=GC{COMMIT}"


def link(url: str, first: int = 0, last: int = 0, path: str = "src/a.py", **more: str) -> str:
    return code_host_links.link(url, COMMIT, path, first, last, hosts=HOSTS, **more)


@pytest.mark.parametrize(
    ("url", "file", "line", "lines"),
    [
        ("https://github.com/psf/requests.git", GITHUB, "#L3", "#L3-L8"),
        ("https://github.com/psf/requests", GITHUB, "#L3", "#L3-L8"),
        ("https://github.com/psf/requests/", GITHUB, "#L3", "#L3-L8"),
        ("git@github.com:psf/requests.git", GITHUB, "#L3", "#L3-L8"),
        ("ssh://git@github.com/psf/requests.git", GITHUB, "#L3", "#L3-L8"),
        ("ssh://git@ssh.github.com:443/psf/requests.git", GITHUB, "#L3", "#L3-L8"),
        (
            "https://gitlab.com/group/sub/shop.git",
            f"https://gitlab.com/group/sub/shop/-/blob/{COMMIT}/src/a.py",
            "#L3",
            "#L3-8",
        ),
        (
            "ssh://git@git.example.org:2222/group/shop.git",
            f"https://git.example.org/group/shop/-/blob/{COMMIT}/src/a.py",
            "#L3",
            "#L3-8",
        ),
        (
            "https://gitlab.acme.test:8443/group/shop.git",
            f"https://gitlab.acme.test:8443/group/shop/-/blob/{COMMIT}/src/a.py",
            "#L3",
            "#L3-8",
        ),
        (
            "http://code.example.org:3000/alice/shop.git",
            f"http://code.example.org:3000/alice/shop/src/commit/{COMMIT}/src/a.py",
            "#L3",
            "#L3-L8",
        ),
        (
            "git@codeberg.org:alice/shop.git",
            f"https://codeberg.org/alice/shop/src/commit/{COMMIT}/src/a.py",
            "#L3",
            "#L3-L8",
        ),
        (
            "https://bitbucket.org/team/shop.git",
            f"https://bitbucket.org/team/shop/src/{COMMIT}/src/a.py",
            "#lines-3",
            "#lines-3:8",
        ),
        ("https://scm.example.org/scm/SHOP/cart.git", f"{SERVER}?at={COMMIT}", "#3", "#3-8"),
        ("ssh://git@scm.example.org:7999/SHOP/cart.git", f"{SERVER}?at={COMMIT}", "#3", "#3-8"),
        *(
            (
                url,
                AZURE,
                "&line=3&lineEnd=4&lineStartColumn=1&lineEndColumn=1",
                "&line=3&lineEnd=9&lineStartColumn=1&lineEndColumn=1",
            )
            for url in (
                "https://dev.azure.com/acme/Web%20Shop/_git/cart",
                "git@ssh.dev.azure.com:v3/acme/Web%20Shop/cart",
                "ssh://git@ssh.dev.azure.com/v3/acme/Web%20Shop/cart",
            )
        ),
        (
            "https://acme.visualstudio.com/Shop/_git/cart",
            f"https://acme.visualstudio.com/Shop/_git/cart?path=/src/a.py&version=GC{COMMIT}",
            "&line=3&lineEnd=4&lineStartColumn=1&lineEndColumn=1",
            "&line=3&lineEnd=9&lineStartColumn=1&lineEndColumn=1",
        ),
        (
            "https://cgit.example.org/team/shop.git",
            f"https://cgit.example.org/team/shop.git/tree/src/a.py?id={COMMIT}",
            "#n3",
            "#n3",
        ),
        (
            "https://git.sr.ht/~alice/shop",
            f"https://git.sr.ht/~alice/shop/tree/{COMMIT}/item/src/a.py",
            "#L3",
            "#L3-8",
        ),
        (
            "git@git.sr.ht:~alice/shop",
            f"https://git.sr.ht/~alice/shop/tree/{COMMIT}/item/src/a.py",
            "#L3",
            "#L3-8",
        ),
    ],
)
def test_a_file_and_its_lines(url: str, file: str, line: str, lines: str) -> None:
    assert link(url) == file
    assert link(url, 3, 3) == file + line
    assert link(url, 3, 8) == file + lines


def test_a_host_may_have_a_template() -> None:
    there = f"https://see.example.org/team/shop/{COMMIT}/src/a.py"
    assert link("git@plain.example.org:team/shop.git", 3, 8) == f"{there}?from=3&to=8"
    assert link("git@plain.example.org:team/shop.git") == f"{there}?from=1&to=1"


def test_a_template_of_the_repository_itself_comes_first() -> None:
    url = "https://github.com/psf/requests.git"
    template = "{host}/{name}/{path}"
    assert link(url, template=template) == "https://github.com/requests/src/a.py"
    assert link(url, template="gitea").startswith("https://github.com/psf/requests/src/commit/")


@pytest.mark.parametrize(
    "url",
    ["/srv/git/shop", "/srv/github.com:psf/shop", "", "https://unknown.example.org/a/b", "C:/x"],
)
def test_local_paths_and_unknown_hosts_have_none(url: str) -> None:
    assert link(url) == ""


def test_a_credential_is_not_repeated() -> None:
    for url in (
        "https://alice:pa%40ss@github.com/psf/requests",
        "ssh://tok3n@github.com/psf/requests",
    ):
        assert link(url) == GITHUB


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("a b/ü.py", "a%20b/%C3%BC.py"),
        ("100%/#1?.py", "100%25/%231%3F.py"),
        ("a@b/c&d=e.py", "a%40b/c%26d%3De.py"),
        ('"><script>', "%22%3E%3Cscript%3E"),
    ],
)
def test_odd_characters_are_encoded(path: str, written: str) -> None:
    for url in ("https://github.com/psf/requests", "https://dev.azure.com/acme/shop/_git/cart"):
        assert f"/{written}" in link(url, path=path)
        assert not re.search(r"[ \"<>]", link(url, path=path))


@pytest.mark.parametrize(
    "template",
    [
        "javascript:alert({path})",
        "//example.org/{path}",
        "https://example.org/{path.__class__}",
        "https://example.org/{path!r}",
        "https://example.org/{path:>999999}",
        "https://example.org/{0}",
        "https://example.org/{",
        "https://example.org/\n{path}",
        "https://example.org/ {path}",
        "none",
    ],
)
def test_a_template_is_of_web_addresses(template: str) -> None:
    with pytest.raises(BadTemplate):
        check_template(template)


def test_the_setting_is_checked() -> None:
    def hosts(value: str) -> dict[str, str]:
        return Environment({"CODEINDEX_CODE_HOSTS": value}).code_hosts("CODEINDEX_CODE_HOSTS")

    assert hosts("Git.example.org = gitlab, b=https://b/{path}?at={commit}") == {
        "git.example.org": "gitlab",
        "b": "https://b/{path}?at={commit}",
    }
    for wrong in ("git.example.org", "git.example.org=svn", "b=https://b/{secret}"):
        with pytest.raises(ImproperlyConfigured, match="CODEINDEX_CODE_HOSTS"):
            hosts(wrong)


def test_the_documentation_names_all_kinds() -> None:
    documented = Path("docs/settings.md").read_text()
    assert all(f"`{kind}`" in documented for kind in code_host_links.KINDS)
