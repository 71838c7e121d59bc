"""Doubtful names: judged when vectors are stored, listed within the gate, dismissed by whoever
manages the repository."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from codeindex.ingestion import doubts, garbage_collection
from codeindex.models import (
    AuditRecord,
    Definition,
    Embedding,
    NameDismissal,
    NameDoubt,
    Repository,
    SourceFile,
    Space,
    Text,
    Visibility,
)
from codeindex.quality import dismissals, names
from codeindex.web.ids import Row, opaque
from tests import shelf
from tests.shelf import Written

pytestmark = pytest.mark.django_db

SURE = (("parse_date", 0.9), ("read", 0.2))


def put(
    repository: Repository, path: str, name: str, predicted: Any = SURE, vector: Any = (1, 0, 0, 0)
) -> Definition:
    """A function whose text is only its own."""
    source = f"def {name}(items):\n    return items, {predicted!r}\n"
    written = Written(source, name, vector, predicted_names=predicted)
    return shelf.put(repository, path, written)[1]


@pytest.fixture
def shop(alice: User) -> Repository:
    shelf.space()
    made = shelf.repository(alice, "shop", visibility=Visibility.PUBLIC)
    put(made, "src/a.py", "sum_prices")
    put(made, "src/b.py", "add_up", (("add_total", 0.95),))
    put(made, "lib/c.py", "unsure", (("open_file", 0.5),))
    return made


@pytest.fixture
def hidden(charlie: User, shop: Repository) -> Repository:
    made = shelf.repository(charlie, "hidden")
    put(made, "secret.py", "secret_sum", (("open_file", 0.99),))
    put(made, "dates.py", "ParseDate", vector=(1, 0, 0, 0))
    return made


def listed(client: Client, **asked: str) -> list[str]:
    response = client.get("/quality/names/", asked)
    assert response.status_code == 200
    return [each.place.name for each in response.context["doubtful"]]


class TestList:
    def test_holds_what_its_reader_may_see_the_most_doubtful_first(
        self, client: Client, hidden: Repository, charlie: User
    ) -> None:
        assert listed(client) == ["sum_prices"]
        client.force_login(charlie)
        assert listed(client) == ["secret_sum", "sum_prices"]
        assert listed(client, repository="charlie/hidden") == ["secret_sum"]

    def test_shows_similar_code_that_is_called_so_to_whoever_may_see_it(
        self, client: Client, shop: Repository, hidden: Repository, charlie: User
    ) -> None:
        put(shop, "far.py", "parse_date", (("parse_date", 1),), (0, 1, 0, 0))
        (name,) = client.get("/quality/names/").context["doubtful"]
        assert name.suggestions == [("parse_date", 0.9)]
        assert [each.name for each in name.namesakes] == ["parse_date"]
        client.force_login(charlie)
        shown = client.get("/quality/names/", {"repository": "alice/shop"})
        (name,) = shown.context["doubtful"]
        assert [each.name for each in name.namesakes] == ["ParseDate", "parse_date"]

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ({"folder": "src"}, ["sum_prices"]),
            ({"folder": "/src/"}, ["sum_prices"]),
            ({"folder": "sr"}, []),
            ({"folder": "lib"}, []),
            ({"language": "python", "kind": "function"}, ["sum_prices"]),
            ({"language": "go"}, []),
            ({"kind": "method"}, []),
        ],
    )
    def test_is_filtered(
        self, client: Client, shop: Repository, asked: dict[str, str], expected: list[str]
    ) -> None:
        assert listed(client, **asked) == expected

    @pytest.mark.parametrize(
        ("asked", "reason"),
        [
            ({"kind": "class"}, "the kind is function or method"),
            ({"cursor": "x"}, "This page of the list does not exist."),
            ({"folder": "x" * 501}, "A folder has at most 500 characters"),
        ],
    )
    def test_refuses_other_filters_and_says_why(
        self, client: Client, shop: Repository, asked: dict[str, str], reason: str
    ) -> None:
        response = client.get("/quality/names/", asked)
        assert response.status_code == 400
        assert reason in response.content.decode()

    def test_comes_in_pages(self, client: Client, shop: Repository) -> None:
        for number in range(60):
            put(shop, f"many/{number}.py", f"sum_{number}", (("parse_date", 0.7),))
        first = client.get("/quality/names/", {"folder": "many"})
        names, address = [each.place.name for each in first.context["doubtful"]], "next"
        while address:
            following = client.get(f"/quality/names/?{first.context['next']}")
            names += [each.place.name for each in following.context["doubtful"]]
            address, first = following.context["next"], following
        assert sorted(names) == sorted(f"sum_{number}" for number in range(60))

    def test_is_exported(self, client: Client, shop: Repository) -> None:
        def exported(form: str) -> str:
            response = client.get(f"/quality/names/export/{form}", {"folder": "src"})
            return b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]

        (row,) = csv.DictReader(StringIO(exported("csv")))
        assert (row["name"], row["path"], row["suggestions"]) == (
            "sum_prices", "src/a.py", "parse_date",
        )  # fmt: skip
        assert json.loads(exported("jsonl"))["suggestions"] == ["parse_date"]
        assert client.get("/quality/names/export/xml").status_code == 404

    @pytest.mark.parametrize("address", ["/quality/names/export/csv", "{rest}/export?format=jsonl"])
    def test_an_export_that_takes_too_long_does_not_begin(
        self,
        client: Client,
        shop: Repository,
        address: str,
        settings: Any,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        settings.CODEINDEX_SEARCH_SECONDS = 1
        monkeypatch.setattr(names, "_DOUBTFUL", "SELECT pg_sleep(5)")
        rest = f"/api/v1/repositories/{opaque(Row.REPOSITORY, shop.pk)}/doubtful-names"
        response = client.get(address.format(rest=rest))
        assert response.status_code == 503
        assert "This took too long" in response.content.decode()

    def test_over_rest_has_the_same_names(self, client: Client, shop: Repository) -> None:
        put(shop, "src/d.py", "count_prices", (("parse_date", 0.8),))
        address = f"/api/v1/repositories/{opaque(Row.REPOSITORY, shop.pk)}/doubtful-names"
        first = client.get(address, {"limit": 1}).json()
        (name,) = first["names"]
        assert (name["place"]["name"], name["confidence"]) == ("sum_prices", 0.9)
        assert name["suggestions"] == [{"name": "parse_date", "f1": 0.9}]
        following = client.get(address, {"cursor": first["next"]}).json()
        assert [each["place"]["name"] for each in following["names"]] == ["count_prices"]
        assert following["next"] == ""
        assert client.get(address, {"cursor": "x"}).status_code == 400
        lines = client.get(f"{address}/export", {"format": "csv"})
        assert len(list(lines.streaming_content)) == 3  # type: ignore[attr-defined]


class TestJudging:
    def test_a_refined_vector_replaces_the_doubt(self, shop: Repository) -> None:
        doubt = NameDoubt.objects.get()
        doubts.record([(doubt.embedding, [("sum_of_prices", 0.9)])])
        assert not NameDoubt.objects.exists()

    def test_a_space_says_what_is_sure(self, shop: Repository) -> None:
        Space.objects.update(name_sure=0.95)
        own = Embedding.objects.get(name_doubt__isnull=False)
        doubts.record([(own, SURE)])
        assert not NameDoubt.objects.exists()

    def test_what_was_stored_before_is_judged_once(self, shop: Repository) -> None:
        NameDoubt.objects.all().delete()
        assert doubts.judge_older() == 3
        assert NameDoubt.objects.get().doubt == 0.9
        assert doubts.judge_older() == 0

    def test_a_doubt_goes_with_its_text(self, shop: Repository) -> None:
        SourceFile.objects.all().delete()
        Definition.objects.all().delete()
        Text.objects.update(unused_since="2020-01-01T00Z")
        garbage_collection.sweep()
        assert not Text.objects.exists()
        assert not NameDoubt.objects.exists()


class TestDismissing:
    @pytest.fixture
    def doubted(self, shop: Repository) -> Definition:
        return Definition.objects.get(name="sum_prices")

    def dismiss(self, client: Client, repository: Repository, definition: Definition) -> Any:
        address = (
            f"/repositories/{opaque(Row.REPOSITORY, repository.pk)}/names/"
            f"{opaque(Row.DEFINITION, definition.pk)}/dismiss"
        )
        return client.post(address, {"reason": "It is what we say.", "asked": "folder=src"})

    def test_takes_a_name_out_of_the_list_until_it_is_taken_back(
        self, client: Client, alice: User, shop: Repository, doubted: Definition
    ) -> None:
        client.force_login(alice)
        response = self.dismiss(client, shop, doubted)
        assert response["Location"] == "/quality/names/?folder=src"
        assert listed(client) == []
        (row,) = client.get("/quality/names/", {"repository": "alice/shop"}).context["dismissed"]
        assert (row.dismissed_by, row.reason) == (alice, "It is what we say.")
        record = AuditRecord.objects.get(action="name_dismissed")
        assert record.subject == "alice/shop:src/a.py sum_prices"
        assert record.details == "It is what we say."
        client.post(
            f"/repositories/{opaque(Row.REPOSITORY, shop.pk)}/names/dismissed/"
            f"{opaque(Row.DISMISSAL, row.pk)}/take-back"
        )
        assert listed(client) == ["sum_prices"]
        assert AuditRecord.objects.filter(action="name_doubted_again").exists()

    def test_is_shown_to_whoever_manages_the_repository_alone(
        self, client: Client, alice: User, shop: Repository, doubted: Definition
    ) -> None:
        dismissals.dismiss(shop, doubted.pk, by=alice)
        assert client.get("/quality/names/?repository=alice/shop").context["dismissed"] == []

    def test_holds_while_the_text_stays_the_same_wherever_it_is(
        self, client: Client, alice: User, shop: Repository, doubted: Definition
    ) -> None:
        dismissals.dismiss(shop, doubted.pk, by=alice)
        file = SourceFile.objects.get(path="src/a.py")
        file.path = "moved.py"
        file.save()
        assert listed(client) == []

    def test_holds_while_the_name_stays_the_same_whatever_its_text_becomes(
        self, client: Client, alice: User, shop: Repository, doubted: Definition
    ) -> None:
        dismissals.dismiss(shop, doubted.pk, by=alice)
        SourceFile.objects.get(path="src/a.py").delete()
        put(shop, "src/a.py", "sum_prices", (("parse_date", 0.8),))
        assert listed(client) == []
        put(shop, "src/z.py", "sum_prices", (("parse_date", 0.7),))
        assert listed(client) == ["sum_prices"]

    def test_concerns_one_repository(
        self, client: Client, alice: User, charlie: User, shop: Repository, doubted: Definition
    ) -> None:
        fork = shelf.repository(charlie, "fork", visibility=Visibility.PUBLIC)
        put(fork, "src/a.py", "sum_prices")
        dismissals.dismiss(shop, doubted.pk, by=alice)
        assert listed(client) == ["sum_prices"]
        assert listed(client, repository="alice/shop") == []

    def test_changes_the_page_of_the_definition(
        self, client: Client, alice: User, shop: Repository, doubted: Definition
    ) -> None:
        file = SourceFile.objects.get(path="src/a.py")
        page = f"/files/{opaque(Row.FILE, file.pk)}/{opaque(Row.DEFINITION, doubted.pk)}/"
        says = "The name disagrees with the code"
        assert says in client.get(page).content.decode()
        dismissals.dismiss(shop, doubted.pk, by=alice)
        assert says not in client.get(page).content.decode()

    def test_is_bounded(
        self, client: Client, alice: User, shop: Repository, doubted: Definition, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(dismissals, "MOST", 0)
        client.force_login(alice)
        assert self.dismiss(client, shop, doubted).status_code == 302
        assert not NameDismissal.objects.exists()

    def test_over_rest(
        self, client: Client, alice: User, shop: Repository, doubted: Definition
    ) -> None:
        client.force_login(alice)
        address = f"/api/v1/repositories/{opaque(Row.REPOSITORY, shop.pk)}/dismissed-names"
        given = {"definition": opaque(Row.DEFINITION, doubted.pk), "reason": "ours"}
        made = client.post(address, given, content_type="application/json")
        assert made.status_code == 201
        assert [each["reason"] for each in client.get(address).json()] == ["ours"]
        assert client.delete(f"{address}/{made.json()['id']}").status_code == 204
        assert client.get(address).json() == []
        other = given | {"definition": opaque(Row.DEFINITION, 10**9)}
        unknown = client.post(address, other, content_type="application/json")
        assert unknown.status_code == 404
