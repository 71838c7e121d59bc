"""The map shows what its reader may see, fitted to that, and nothing of what others have."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client

from codeindex.models import EDGE, MapPoint, Projection, Repository, Space, Text, Visibility
from search.map import points
from search.map.areas import areas
from search.map.frames import Frame
from tests import shelf
from tests.shelf import Written

pytestmark = pytest.mark.django_db

ANYONE = AnonymousUser()


@pytest.fixture
def space(db: None) -> Space:
    return shelf.space()


@pytest.fixture
def projection(space: Space) -> Projection:
    return Projection.objects.create(space=space, texts=0, is_complete=True)


@pytest.fixture
def open_shop(alice: User, projection: Projection) -> Repository:
    """Public, with four definitions in a corner of the map."""
    made = shelf.repository(alice, "open", visibility=Visibility.PUBLIC)
    for number, (x, y) in enumerate([(100, 100), (110, 100), (100, 120), (110, 120)]):
        put(made, f"load_csv_{number}", projection, x, y)
    return made


@pytest.fixture
def hidden_shop(charlie: User, projection: Projection) -> Repository:
    made = shelf.repository(charlie, "hidden")
    put(made, "secret_thing", projection, 60_000, 60_000)
    put(made, "secret_neighbour", projection, 100, 100)
    return made


def put(
    repository: Repository, name: str, projection: Projection, x: int, y: int, **more: Any
) -> Text:
    written = Written(f"def {name}(): ...", name, (1, 0, 0, 0), **more)
    _, definition = shelf.put(repository, f"{name}.py", written)
    MapPoint.objects.get_or_create(
        projection=projection, text=definition.text, defaults={"x": x, "y": y, "is_anchor": True}
    )
    return definition.text


def received(client: Client, **parameters: str) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """The header, and the columns, as the script reads them."""
    content = client.get("/map/points", parameters).content
    length = int.from_bytes(content[:4], "little")
    header, at = json.loads(content[4 : 4 + length]), 4 + length
    columns = {}
    for name, kind in (("x", "<u2"), ("y", "<u2"), ("repository", "<u2"), ("days", "<u2"),
                       ("language", "u1"), ("kind", "u1")):  # fmt: skip
        values = np.frombuffer(content, kind, header["count"], at)
        columns[name] = values.tolist()
        at += values.nbytes
    assert at == len(content)
    assert length % 4 == 0
    return header, columns


class TestFrame:
    @pytest.mark.parametrize("width", [1, 2, 7, 1_000, 65_534, EDGE])
    def test_leads_back_to_every_place(self, width: int) -> None:
        frame = Frame(EDGE - width, 0, width)
        assert Frame.read(frame.written()) == frame
        for step in {0, 1, width // 3, width // 2, width}:
            shown = frame.shown(frame.left + step, frame.top + step)
            assert 0 <= shown[0] <= EDGE
            assert frame.place(*shown) == (frame.left + step, step)

    def test_holds_all_points_and_keeps_their_proportions(self) -> None:
        x, y = np.array([10, 30]), np.array([100, 110])
        frame = Frame.around(x, y)
        shown_x, shown_y = frame.shown(x, y)
        assert shown_x.tolist() == [0, EDGE]
        assert shown_y.tolist() == [0, round(EDGE / 2)]

    def test_a_single_point_has_one_too(self) -> None:
        one = np.array([5])
        assert Frame.around(one, one).shown(one, one)[0].tolist() == [0]


class TestGate:
    def test_a_reader_gets_what_they_may_see_fitted_to_it(
        self, client: Client, open_shop: Repository
    ) -> None:
        header, columns = received(client)
        assert (header["count"], header["repositories"]) == (4, ["alice/open"])
        assert sorted(zip(columns["x"], columns["y"], strict=True)) == [
            (0, 0), (0, EDGE), (32_768, 0), (32_768, EDGE),
        ]  # fmt: skip
        assert set(columns["days"]) == set(columns["repository"]) == {0}

    def test_hidden_code_changes_no_byte_of_it(
        self, client: Client, open_shop: Repository, charlie: User, projection: Projection
    ) -> None:
        def everything() -> list[Any]:
            header, columns = received(client)
            frame = header["frame"]
            at = {"frame": frame, "x": "0", "y": "0"}
            return [
                header, columns, client.get("/map/place", at).json(),
                client.get("/map/").context["areas"],
            ]  # fmt: skip

        before = everything()
        hidden = shelf.repository(charlie, "hidden")
        put(hidden, "secret_thing", projection, 60_000, 60_000)
        put(hidden, "secret_neighbour", projection, 100, 100)
        put(hidden, "load_csv_0", projection, 0, 0)  # the same text as an open one
        assert everything() == before
        client.force_login(charlie)
        assert received(client)[0]["count"] == 6

    def test_nothing_at_all_is_said_alike_without_a_map_and_without_visible_code(
        self, client: Client, hidden_shop: Repository
    ) -> None:
        def told() -> tuple[bytes, bytes]:
            return client.get("/map/points").content, client.get("/map/").content

        assert told()[0] == b""
        with_map = told()
        assert b"secret" not in with_map[1]
        Projection.objects.all().delete()
        assert told() == with_map

    def test_places_hold_what_their_reader_may_see(
        self, client: Client, open_shop: Repository, hidden_shop: Repository, charlie: User
    ) -> None:
        header, columns = received(client)
        corner = next(i for i in range(4) if (columns["x"][i], columns["y"][i]) == (0, 0))
        asked = {"frame": header["frame"], "x": columns["x"][corner], "y": columns["y"][corner]}
        (found,) = client.get("/map/place", asked).json()["places"]
        assert (found["name"], found["kind"]) == ("load_csv_0", "function")
        assert found["where"] == "alice/open › load_csv_0.py:1–1"
        assert client.get(found["url"]).status_code == 200
        client.force_login(charlie)
        names = {each["name"] for each in client.get("/map/place", asked).json()["places"]}
        assert names == {"load_csv_0", "secret_neighbour"}

    def test_a_repository_alone(
        self, client: Client, open_shop: Repository, alice: User, projection: Projection
    ) -> None:
        other = shelf.repository(alice, "other", visibility=Visibility.PUBLIC)
        put(other, "parse_toml", projection, 9_000, 200)
        assert received(client, repository="alice/other")[0]["count"] == 1
        assert client.get("/map/", {"repository": "alice/nothing"}).status_code == 404
        assert client.get("/map/points", {"repository": "alice/nothing"}).status_code == 404

    @pytest.mark.parametrize(
        "asked", [{}, {"frame": "x", "x": "1", "y": "1"}, {"x": "-1"}, {"x": "1e3"}, {"x": "\x00"}]
    )
    def test_other_places_are_refused(
        self, client: Client, open_shop: Repository, asked: dict[str, str]
    ) -> None:
        if "frame" not in asked and asked:
            asked = {"frame": received(client)[0]["frame"], "y": "1", **asked}
        assert client.get("/map/place", asked).status_code == 400


class TestPicture:
    def test_of_more_points_than_are_sent_a_sample_is(
        self, open_shop: Repository, projection: Projection
    ) -> None:
        many = shelf.repository(open_shop.owner, "many", visibility=Visibility.PUBLIC)
        texts = shelf.put_many(many, [[1, 0, 0, 0]] * 400)
        MapPoint.objects.bulk_create(
            MapPoint(projection=projection, text_id=text, x=text % 99, y=1, is_anchor=True)
            for text in texts
        )
        some = points.visible(ANYONE, most=100)
        assert some is not None
        assert some.is_sample
        assert 50 <= len(some) <= 160
        everything = points.visible(ANYONE)
        assert everything is not None
        assert (len(everything), everything.is_sample) == (404, False)

    def test_an_unfinished_map_and_one_of_another_space_are_not_shown(
        self, open_shop: Repository, projection: Projection
    ) -> None:
        Projection.objects.update(is_complete=False)
        assert points.visible(ANYONE) is None
        Projection.objects.update(is_complete=True)
        Space.objects.update(state="retired")
        assert points.visible(ANYONE) is None

    def test_a_search_says_where_its_results_lie(
        self,
        client: Client,
        open_shop: Repository,
        hidden_shop: Repository,
        no_encoder_loaded: None,
    ) -> None:
        header, _ = received(client)
        found = client.get("/map/hits", {"frame": header["frame"], "q": "load_csv_2"}).json()
        assert [0, EDGE] in found["points"]
        assert found["results"] >= 1
        nothing = client.get("/map/hits", {"frame": header["frame"], "q": "secret_thing"}).json()
        assert nothing == {"results": 0, "points": []}
        bad = client.get("/map/hits", {"frame": header["frame"], "q": "x" * 100_000})
        assert (bad.status_code, "error" in bad.json()) == (400, True)

    def test_areas_are_called_by_the_words_that_are_most_their_own(
        self, client: Client, alice: User, projection: Projection
    ) -> None:
        shop = shelf.repository(alice, "shop", visibility=Visibility.PUBLIC)
        for number in range(30):
            put(shop, f"read_csv_{number}", projection, 100 + number, 100)
            put(shop, f"read_toml_{number}", projection, 60_000 + number, 50_000)
        shown = points.visible(ANYONE)
        assert shown is not None
        assert [(area.points, area.words[0]) for area in areas(shown)] in (
            [(30, "csv"), (30, "toml")], [(30, "toml"), (30, "csv")],
        )  # fmt: skip
        page = client.get("/map/").content.decode()
        assert '?q=csv%20read">csv, read</a>' in page
        assert "alice/shop" in page
