"""The part of a definition's page about doubtful names of variables."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from embeddings.naming.disagreement import Thresholds
from tests import shelf
from tests.embeddings import tiny
from tests.shelf import Written

SOURCE = "def load(tmp, *rest, **more):\n    with open(tmp) as file:\n        return file.read()\n"
Page = Callable[[Thresholds | None], str]


@pytest.fixture
def page(
    alice: User,
    client: Client,
    checkpoint: Path,
    tmp_path: Path,
    settings: Any,
    no_encoder_loaded: None,
) -> Page:
    """Of a definition, by a checkpoint whose namer of variables has these thresholds, or none."""
    client.force_login(alice)
    file, definition = shelf.put(shelf.repository(alice), "load.py", Written(SOURCE, "load"))

    def read(thresholds: Thresholds | None) -> str:
        own = shutil.copytree(checkpoint, tmp_path / "checkpoint")
        if thresholds is not None:
            tiny.with_variables(own, thresholds)
        settings.CODEINDEX_CHECKPOINT = str(own)
        return client.get(reverse("variables", args=[file.pk, definition.pk])).content.decode()

    return read


def test_a_name_in_doubt_stands_beside_others_that_fit(page: Page) -> None:
    shown = page(Thresholds(sure=0, likely=0))
    assert '<code>tmp</code> <span class="kind">parameter</span>' in shown
    assert '<code>file</code> <span class="kind">variable of a with statement</span>' in shown
    assert "No variable of this definition" not in shown
    assert "<code>rest</code>" not in shown
    assert "<code>more</code>" not in shown


@pytest.mark.parametrize("thresholds", [Thresholds(sure=1, likely=1), None])
def test_names_that_are_not_in_doubt_are_not_shown(
    page: Page, thresholds: Thresholds | None
) -> None:
    shown = page(thresholds)
    assert "<code>tmp</code>" not in shown
    assert "No variable of this definition" in shown


def test_a_missing_encoder_is_told(
    alice: User, client: Client, settings: Any, no_encoder_loaded: None
) -> None:
    client.force_login(alice)
    file, definition = shelf.put(shelf.repository(alice), "load.py", Written(SOURCE, "load"))
    settings.CODEINDEX_CHECKPOINT = "/nowhere"
    shown = client.get(reverse("variables", args=[file.pk, definition.pk])).content.decode()
    assert "There is no checkpoint" in shown
    assert "No variable of this definition" not in shown


def test_the_page_of_a_definition_asks_for_them_where_names_are_predicted(
    alice: User, client: Client
) -> None:
    client.force_login(alice)
    shelf.space()
    shop = shelf.repository(alice)
    for path, names in (("plain.py", ()), ("named.py", (("read_file", 0.7),))):
        written = Written(
            SOURCE.replace("load", path[:-3]), "load", (1, 0, 0, 0), predicted_names=names
        )
        file, definition = shelf.put(shop, path, written)
        page = client.get(reverse("definition", args=[file.pk, definition.pk])).content.decode()
        address = reverse("variables", args=[file.pk, definition.pk])
        assert (f'data-poll="{address}"' in page) == bool(names)
