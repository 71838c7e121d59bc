"""Questions put to the index: their figures are right, kept and shown."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from codeindex.models import Evaluation, Repository
from codeindex.spaces import encoders, lifecycle
from embeddings.evaluation import questions
from embeddings.evaluation.metrics import LAST_LINE
from embeddings.evaluation.questions import MalformedQuestions, Question
from search.ranking import tuning
from tests import shelf
from tests.embeddings import tiny
from tests.shelf import Written

COMMIT = "c0ffee" * 6
Save = Callable[[Any], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def saved(content: Any) -> Path:
        file = tmp_path / "questions.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return file

    return saved


@pytest.fixture
def shop(alice: User) -> Repository:
    made = shelf.repository(alice)
    shelf.put(made, "src/load.py", Written("def load(csv): ...", "load"))
    shelf.put(made, "src/save.py", Written("def save(csv): archive", "save"))
    shelf.put(made, "other/load.py", Written("def load(csv, archive): csv", "load"))
    return made


def query(text: str, *relevant: object, **more: object) -> dict[str, object]:
    return {"query": text, "relevant": list(relevant), **more}


def evaluate(*arguments: object, **options: object) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("evaluate", *map(str, arguments), stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def test_figures_of_questions_are_printed_and_kept(shop: Repository, save: Save) -> None:
    file = save({
        "shop": {
            "root": "src",
            "revision": COMMIT,
            "queries": [
                query("load", "src/load.py", category="symbol"),
                query("archive", "src/load.py", category="semantic"),
                query("csv", "src/load.py", secondary=["src/save.py"], category="semantic"),
            ],
        }
    })  # fmt: skip
    printed, said = evaluate(file)
    evaluation = Evaluation.objects.get()
    figures = {
        group: (count, *(value for value, _, _ in measured))
        for group, count, *measured in evaluation.figures
    }
    assert said == ""
    assert figures == {
        "all": (3, *[pytest.approx(2 / 3)] * 3),
        "repository shop": (3, *[pytest.approx(2 / 3)] * 3),
        "category symbol": (1, 1.0, 1.0, 1.0),
        "category semantic": (2, 0.5, 0.5, 0.5),
    }
    assert (evaluation.file, evaluation.commits, evaluation.asked_as, evaluation.space) == (
        "questions.json", {"shop": COMMIT}, "", "",
    )  # fmt: skip
    assert "category symbol    1          1.000 (1.000–1.000)" in printed
    assert "words only" in printed


class TestScore:
    def test_a_target_counts_once_and_where_lines_meet(self) -> None:
        question = Question("any", [("a.py", 5, 9), ("b.py", 1, LAST_LINE)], "")
        results = [("a.py", 1, 4), ("a.py", 9, 20), ("a.py", 6, 7), ("c.py", 1, 2)]
        score = questions.score(question, results)
        assert score.ndcg == pytest.approx((1 / math.log2(3)) / (1 + 1 / math.log2(3)))
        assert (score.reciprocal_rank, score.recall) == (0.5, 0.5)

    def test_recall_is_of_the_first_ten(self) -> None:
        question = Question("any", [("a.py", 1, LAST_LINE)], "")
        score = questions.score(question, [("b.py", 1, 1)] * 10 + [("a.py", 1, 1)])
        assert (score.ndcg, score.reciprocal_rank, score.recall) == (0.0, 1 / 11, 0.0)

    def test_nothing_found_is_zero(self) -> None:
        score = questions.score(Question("any", [("a.py", 1, 1)], ""), [])
        assert (score.ndcg, score.reciprocal_rank, score.recall) == (0.0, 0.0, 0.0)


def test_results_can_be_files(shop: Repository, save: Save) -> None:
    queries = [query("csv", "src/load.py", "src/save.py")]
    printed, said = evaluate(save({"shop": {"root": "src", "queries": queries}}), group="file")
    assert "Each result is a file." in said
    assert Evaluation.objects.get().notices == ["Each result is a file."]
    assert "1.000" in printed


def test_only_some_repositories(shop: Repository, alice: User, save: Save) -> None:
    shelf.put(shelf.repository(alice, "more"), "a.py", Written("def more(csv): ...", "more"))
    about = {"queries": [query("csv", "a.py")]}
    file = save({"shop": about, "more": about})
    evaluate(file)
    evaluate(file, repository=["alice/more"])
    some, every = Evaluation.objects.all()
    assert [row[0] for row in every.figures] == ["all", "repository shop", "repository more"]
    assert [row[0] for row in some.figures] == ["all", "repository alice/more"]
    assert some.file_hash == every.file_hash


def test_says_what_does_not_fit_the_index(shop: Repository, save: Save) -> None:
    queries = [query("csv", "gone.py", "src/load.py")]
    _, said = evaluate(save({"shop": {"revision": "0ddba11", "queries": queries}}))
    assert f"shop is indexed at {COMMIT}, not at 0ddba11." in said
    assert "Target files of shop that are not indexed: 1 (gone.py)" in said


def test_a_user_sees_no_more_than_elsewhere(
    shop: Repository, alice: User, charlie: User, save: Save
) -> None:
    file = save({"shop": {"queries": [query("csv", "src/load.py")]}})
    evaluate(file, user="alice")
    assert Evaluation.objects.get().asked_as == "alice"
    with pytest.raises(CommandError, match="There is no repository shop in the index"):
        evaluate(file, user="charlie")


@pytest.mark.parametrize(
    ("content", "options", "reason"),
    [
        ("{", {}, "is not JSON"),
        ([], {}, "is not an object"),
        ({}, {}, "has no questions"),
        ({"shop": 1}, {}, "shop is not an object"),
        ({"shop": {}}, {}, '"queries" of shop is not a list'),
        ({"shop": {"queries": []}}, {}, "shop has no queries"),
        ({"shop": {"queries": [query("x", "a.py"), {"query": "x"}]}}, {},
         "query 2 of shop has no relevant places"),
        ({"shop": {"queries": [{"relevant": ["a.py"]}]}}, {}, '"query" of query 1 of shop'),
        ({"shop": {"queries": [query("x", {"path": "a.py"})]}}, {}, '"start_line" of a.py'),
        ({"shop": {"queries": [query("", "a.py")]}}, {}, "cannot be searched: The query is empty"),
        ({"none": {"queries": [query("x", "a.py")]}}, {}, "no repository none in the index"),
        ({"shop": {"queries": [query("x", "a.py")]}}, {"repository": ["none"]},
         "has no questions about none, only about shop"),
        ({"shop": {"queries": [query("x", "a.py")]}}, {"user": "nobody"}, "no user nobody"),
    ],
)  # fmt: skip
def test_says_what_is_wrong(
    shop: Repository, save: Save, content: Any, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        evaluate(save(content), **options)
    assert not Evaluation.objects.exists()


def test_a_missing_file_is_named(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        evaluate(tmp_path / "none.json")


def test_bytes_are_not_json(tmp_path: Path) -> None:
    file = tmp_path / "questions.json"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MalformedQuestions, match="is not JSON"):
        questions.read(file)


def test_an_administrator_compares_them(shop: Repository, client: Client, save: Save) -> None:
    evaluate(save({"shop": {"queries": [query("load", "src/load.py", "other/load.py")]}}))
    client.force_login(User.objects.create_superuser("administrator"))
    listed = client.get("/admin/codeindex/evaluation/").content.decode()
    assert "1.000 (1.000–1.000)" in listed
    evaluation = Evaluation.objects.get()
    shown = client.get(f"/admin/codeindex/evaluation/{evaluation.pk}/change/").content.decode()
    assert "<td>repository shop</td><td>1</td><td>1.000 (1.000–1.000)</td>" in shown


class TestNames:
    """Names drawn from the index and put to the search."""

    def test_each_name_finds_its_definition(self, shop: Repository) -> None:
        shelf.put(shop, "src/cart.py", Written("def load(self): cart", "Cart.load", kind="method"))
        out = StringIO()
        call_command("evaluate-names", "shop", stdout=out)
        assert out.getvalue().splitlines() == [
            "qualified: 2 of 2 names find their definition first",  # load.load has two places
            "bare: 2 of 2 names find their definition first",
        ]

    def test_says_what_came_first_instead(self, shop: Repository, alice: User) -> None:
        more = shelf.repository(alice, "more")
        shelf.put(more, "other.py", Written("not a symbol", "the-cart"))
        shelf.put(more, "cart.py", Written("def cart(): ...", "cart"))
        out = StringIO()
        call_command("evaluate-names", "more", stdout=out)
        assert "bare: 1 of 2 names find their definition first" in out.getvalue()
        assert "  the-cart in other.py finds cart in cart.py" in out.getvalue()

    def test_there_is_such_a_repository(self, shop: Repository) -> None:
        with pytest.raises(CommandError, match="no repository none in the index"):
            call_command("evaluate-names", "none")


class TestTuning:
    """Weights of the ranking from questions: needs vectors, since meaning is what others are
    weighed against."""

    @pytest.fixture
    def space(
        self, shop: Repository, tmp_path: Path, settings: Any, no_encoder_loaded: None
    ) -> None:
        settings.CODEINDEX_CHECKPOINT = str(tiny.checkpoint(tmp_path / "c", tiny.bert(tmp_path)))
        lifecycle.space_for(encoders.searcher.encoder())

    def test_weights_of_one_repository_are_learned_but_not_held_out(
        self, space: None, save: Save
    ) -> None:
        asked = [query("csv archive", "src/save.py", category="semantic")]
        lines = tuned(save({"shop": {"root": "src", "queries": asked}}))
        assert lines[0].split() == ["nDCG@10", "over", "files", "shipped", "learned", "from", "all"]
        assert lines[1].split() == ["shop", "1.000", "1.000"]
        assert lines[2].startswith("mean")
        assert lines[3].split() == ["semantic", "1.000", "1.000"]
        assert lines[-1].startswith("Weights(words=")
        assert not any("learned anew" in line for line in lines)

    def test_repositories_of_several_files_are_held_out_in_turn(
        self, space: None, alice: User, save: Save
    ) -> None:
        depot = shelf.repository(alice, "depot")
        shelf.put(depot, "ship.py", Written("def ship(parcel): ...", "ship"))
        shelf.put(depot, "pack.py", Written("def pack(parcel): ...", "pack"))
        first = save({"shop": {"queries": [query("csv archive", "src/save.py")]}})
        first = first.rename(first.with_name("first.json"))
        second = save({"depot": {"queries": [query("ship a parcel", "ship.py")]}})
        lines = tuned(first, second)
        assert "held out" in lines[0]
        assert [line.split()[0] for line in lines[1:4]] == ["shop", "depot", "mean"]
        assert lines[4].startswith("no category")
        ablations = lines[lines.index("Held out, with the rest learned anew") + 1 :]
        names = [line.partition("  ")[0] for line in ablations[: len(tuning.ABLATIONS)]]
        assert names == list(tuning.ABLATIONS)

    def test_there_must_be_vectors(self, shop: Repository, save: Save) -> None:
        file = save({"shop": {"queries": [query("csv", "src/load.py")]}})
        with pytest.raises(CommandError, match="The index has no vectors yet"):
            call_command("tune-ranking", str(file))

    def test_there_must_be_such_a_repository(self, shop: Repository, save: Save) -> None:
        with pytest.raises(CommandError, match="none"):
            call_command("tune-ranking", str(save({"none": {"queries": [query("x", "a.py")]}})))


def tuned(*files: Path) -> list[str]:
    out = StringIO()
    call_command("tune-ranking", *map(str, files), stdout=out)
    return out.getvalue().splitlines()


class TestCloseness:
    def test_says_how_well_scores_tell_other_code_apart(
        self, alice: User, shop: Repository, save: Save
    ) -> None:
        mail = shelf.repository(alice, "mail")
        shelf.put(mail, "letter.py", Written("def send(letter): postman", "send"))
        file = save(
            {
                "shop": {"queries": [query("save an archive", "src/save.py")]},
                "mail": {"queries": [query("send by postman", "letter.py")]},
            }
        )
        out = StringIO()
        call_command("evaluate-closeness", str(file), stdout=out)
        assert "2 questions, AUC 1.000" in out.getvalue()

    def test_two_repositories_are_needed(self, shop: Repository, save: Save) -> None:
        file = save({"shop": {"queries": [query("csv", "src/load.py")]}})
        with pytest.raises(CommandError, match="at least two are needed"):
            call_command("evaluate-closeness", str(file))
