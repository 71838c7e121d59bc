"""Addresses that stay valid: which file they lead to, and what they say if there is none."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone

from codeindex.models import Branch, IndexRun, Repository, RunStatus, SourceFile
from search import engine
from search.addresses import reading
from search.addresses.reading import Address, FoundFile, Lines, NoFile
from search.candidates.branches import UnknownRepository
from search.query.filters import BadQuery
from search.request import parse_search
from tests import shelf
from tests.shelf import Written

NEW = "abcdef" * 6 + "abcd"


@pytest.fixture
def shop(alice: User) -> Repository:
    return shelf.repository(alice)


def publish(repository: Repository, commit: str = NEW, **changed: Written | None) -> IndexRun:
    """Another commit of the repository, in which files called so have other contents or none."""
    branch = repository.branches.get()
    run = IndexRun.objects.create(
        branch=branch, status=RunStatus.PUBLISHED, commit=commit, published=timezone.now()
    )
    Branch.objects.filter(pk=branch.pk).update(live_run=run)
    for name, written in changed.items():
        path = f"{name}.py"
        SourceFile.objects.filter(branch=branch, path=path, live=True).update(
            live=False, until_run=run
        )
        if written:
            shelf.put(repository, path, written)
    return run


def at(user: User, written: str) -> FoundFile:
    return reading.find(reading.parse_address(user, written))


class TestAddress:
    @pytest.mark.parametrize(
        ("written", "ref", "path"),
        [
            ("alice/shop/a/b.py", "", "a/b.py"),
            ("alice/shop:a/b.py", "", "a/b.py"),
            ("alice/shop@c0ffee/a/b.py", "c0ffee", "a/b.py"),
            ("alice/shop@c0ffee:a/b.py", "c0ffee", "a/b.py"),
            ("alice/shop@main/a@b.py", "main", "a@b.py"),
            ("alice/shop@feature/x/a.py", "feature/x", "a.py"),
            ("alice/shop@feature/y/a.py", "feature", "y/a.py"),
            ("alice/shop@main/", "main", ""),
            ("alice/shop@main", "main", ""),
            ("alice/shop/", "", ""),
            ("alice/shop", "", ""),
            ("alice/shop/@x/a:b.py", "", "@x/a:b.py"),
        ],
    )
    def test_is_taken_apart(
        self, alice: User, shop: Repository, written: str, ref: str, path: str
    ) -> None:
        run = shop.branches.get().live_run
        Branch.objects.create(repository=shop, name="feature/x", live_run=run)
        Branch.objects.create(repository=shop, name="feature/y")  # has no index
        assert reading.parse_address(alice, written) == Address(alice, shop, ref, path)

    @pytest.mark.parametrize("name", ["my shop", "shop@2", "a/b", "100%", "shop:x", "läden"])
    def test_of_a_repository_with_an_odd_name(self, alice: User, name: str) -> None:
        shelf.repository(alice, name.partition("@")[0])
        odd = Repository.objects.filter(name=name).first() or shelf.repository(alice, name)
        for written in (f"alice/{name}/a.py", f"alice/{name}@main/a.py"):
            assert reading.parse_address(alice, written).repository == odd

    def test_names_a_hidden_repository_like_an_unknown_one(
        self, charlie: User, shop: Repository
    ) -> None:
        for user in (charlie, AnonymousUser()):
            for written in ("alice/shop/a.py", "alice/none/a.py", "none/shop/a.py"):
                with pytest.raises(UnknownRepository, match=f"no repository {written[:-5]}.$"):
                    reading.parse_address(user, written)

    def test_by_a_name_that_several_have(self, alice: User, bob: User, shop: Repository) -> None:
        other = shelf.repository(bob)
        assert reading.address_of(bob, "shop", "a.py").repository == other
        shop.teams.set(bob.groups.all())
        with pytest.raises(BadQuery, match="Name one: alice/shop, bob/shop") as raised:
            reading.address_of(bob, "shop", "a.py")
        assert raised.value.parameter == "repo"
        assert reading.address_of(bob, "alice/shop", "a.py").repository == shop


class TestFile:
    @pytest.mark.parametrize(
        "path",
        [
            "a b.py", "100%.py", "100%25.py", "ü/名.py", "#1.py", "a?b=c.py", "a@b/c.py", "a:b.py",
            "a\\b.py", "a\nb.py", '"<a>".py', "+.py", " a.py ", "a#L3",
        ],
    )  # fmt: skip
    def test_is_found_whatever_its_path_holds(
        self, alice: User, shop: Repository, path: str
    ) -> None:
        file, _ = shelf.put(shop, path, Written("def f(): ..."))
        for ref in ("", "@c0ffeec", f"@{'c0ffee' * 6}", "@C0FFEEC"):
            assert at(alice, f"alice/shop{ref}/{path}").file == file

    def test_is_that_of_the_branch(self, alice: User, shop: Repository) -> None:
        default, _ = shelf.put(shop, "a.py", Written("def f(): ..."))
        run = IndexRun.objects.create(
            branch=Branch.objects.create(repository=shop, name="next"),
            commit=NEW,
            published=timezone.now(),
        )
        Branch.objects.filter(name="next").update(live_run=run)
        other = SourceFile.objects.create(
            branch=run.branch, path="a.py", blob=default.blob, from_run=run, live=True
        )
        assert at(alice, "alice/shop/a.py").file == default
        assert at(alice, "alice/shop@next/a.py").file == other
        assert at(alice, f"alice/shop@{NEW[:9]}/a.py").file == other

    def test_is_on_the_branch_that_is_searched(self, alice: User, shop: Repository) -> None:
        Branch.objects.update(name="main")
        file, definition = shelf.put(shop, "a.py", Written("def f(csv): ...", "f"))
        run = IndexRun.objects.create(
            branch=Branch.objects.create(repository=shop), commit=NEW, published=timezone.now()
        )
        Branch.objects.filter(name="").update(live_run=run)
        SourceFile.objects.create(
            branch=run.branch, path="a.py", blob=file.blob, from_run=run, live=True
        )
        assert at(alice, "alice/shop/a.py").file == file
        (result,) = engine.find(parse_search(alice, {"q": ["csv"]})).results
        place = result.definition.place
        assert (place.file_id, place.definition_id) == (file.pk, definition.pk)

    def test_that_has_not_changed_since_an_older_commit(
        self, alice: User, shop: Repository
    ) -> None:
        file, _ = shelf.put(shop, "a.py", Written("def f(): ..."))
        shelf.put(shop, "b.py", Written("def g(): ..."))
        publish(shop, b=Written("def g(): new"))
        found = at(alice, f"alice/shop@{'c0ffee' * 6}/a.py")
        assert (found.file, found.asked) == (file, "c0ffee" * 6)
        assert at(alice, f"alice/shop@{NEW}/a.py") == FoundFile(file)
        assert found.origin.commit == NEW


class TestNoFile:
    def test_it_has_changed_since(self, alice: User, shop: Repository) -> None:
        shelf.put(shop, "a.py", Written("def f(): ..."))
        publish(shop, a=Written("def f(): new"))
        with pytest.raises(
            NoFile, match=r"c0ffeec0ff is no longer indexed.*changed since"
        ) as raised:
            at(alice, f"alice/shop@{'c0ffee' * 6}/a.py")
        assert raised.value.is_gone
        assert raised.value.now == SourceFile.objects.get(live=True)

    def test_it_was_removed(self, alice: User, shop: Repository) -> None:
        shelf.put(shop, "a.py", Written("def f(): ..."))
        publish(shop, a=None)
        for ref in ("@c0ffeec0ff", "", f"@{NEW}"):
            with pytest.raises(NoFile) as raised:
                at(alice, f"alice/shop{ref}/a.py")
            assert raised.value.is_gone
            assert raised.value.now is None

    def test_its_content_is_elsewhere(self, alice: User, shop: Repository) -> None:
        shelf.put(shop, "a.py", Written("def f(): ..."))
        publish(shop, a=None)
        moved, _ = shelf.put(shop, "b.py", Written("def f(): ..."))
        with pytest.raises(NoFile, match="no longer exists as of commit abcdefabcd") as raised:
            at(alice, "alice/shop/a.py")
        assert raised.value.now == moved

    def test_it_never_was(self, alice: User, shop: Repository) -> None:
        shelf.put(shop, "b.py", Written("def f(): ..."))
        with pytest.raises(NoFile, match=r"There is no file “a\.py”") as raised:
            at(alice, "alice/shop/a.py")
        assert not raised.value.is_gone

    @pytest.mark.parametrize("ref", ["main", "deadbeef", "c0", "%", "_", "c0ffeg" * 6])
    def test_the_ref_is_unknown(self, alice: User, shop: Repository, ref: str) -> None:
        file, _ = shelf.put(shop, "a.py", Written("def f(): ..."))
        with pytest.raises(NoFile, match="is not an indexed branch or commit") as raised:
            at(alice, f"alice/shop@{ref}/a.py")
        assert (raised.value.now, raised.value.is_gone) == (file, False)

    def test_what_a_run_has_read_and_not_published_is_not_there(
        self, alice: User, shop: Repository
    ) -> None:
        branch = shop.branches.get()
        run = IndexRun.objects.create(branch=branch, status=RunStatus.DEFINITIONS, commit=NEW)
        file, _ = shelf.put(shop, "a.py", Written("def f(): ..."), live=False)
        SourceFile.objects.filter(pk=file.pk).update(from_run=run)
        for ref in ("", f"@{NEW}"):
            with pytest.raises(NoFile) as raised:
                at(alice, f"alice/shop{ref}/a.py")
            assert (raised.value.now, raised.value.is_gone) == (None, False)

    def test_nothing_is_indexed_yet(self, alice: User) -> None:
        new = Repository.objects.create(owner=alice, name="new", url="https://example.org/new")
        Branch.objects.create(repository=new)
        with pytest.raises(NoFile, match="No commit of alice/new is indexed yet"):
            at(alice, "alice/new/a.py")


class TestLines:
    @pytest.mark.parametrize(
        ("written", "lines"),
        [
            ("", None),
            ("83", Lines(83, 83)),
            ("83-86", Lines(83, 86)),
            ("L83-L86", Lines(83, 86)),
            ("L83-86", Lines(83, 86)),
            ("83-", Lines(83, None)),
        ],
    )
    def test_are_read(self, written: str, lines: Lines | None) -> None:
        assert reading.parse_lines(written) == lines

    @pytest.mark.parametrize(
        "written", ["0", "-1", "5-3", "x", "1-2-3", "1,2", "9" * 30, "١", "L", "1-0", " 1"]
    )
    def test_that_are_none_are_refused(self, written: str) -> None:
        with pytest.raises(BadQuery, match="is not a range of lines"):
            reading.parse_lines(written)

    def test_follow_an_address(self) -> None:
        assert reading.split_lines("alice/shop:a.py#L3-L8") == ("alice/shop:a.py", Lines(3, 8))
        assert reading.split_lines("alice/shop:a.py#L3") == ("alice/shop:a.py", Lines(3, 3))
        for whole in ("alice/shop:a.py", "alice/shop:a#b.py", "alice/shop:#L"):
            assert reading.split_lines(whole) == (whole, None)

    def test_are_those_that_the_file_has(self, alice: User, shop: Repository) -> None:
        shelf.put(shop, "a.py", Written("one\ntwo\nthree\n"))
        found = at(alice, "alice/shop/a.py")
        assert found.lines == ["one", "two", "three"]
        assert found.span(None) == range(1, 4)
        assert found.span(Lines(2, 99)) == range(2, 4)
        assert found.span(Lines(2, None)) == range(2, 4)
        with pytest.raises(BadQuery, match="has 3 lines"):
            found.span(Lines(4, 5))

    def test_of_an_empty_file(self, alice: User, shop: Repository) -> None:
        shelf.put(shop, "a.py", Written(""))
        assert at(alice, "alice/shop/a.py").span(None) == range(1, 1)
