"""A repository of files of many types: each is stored with its lines, and found by its words."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from codeindex import tasks
from codeindex.ingestion import pipeline, publishing
from codeindex.models import Blob, Definition, Embedding, RunStatus
from tests import shelf
from tests.git import GitRepository
from tests.search.asking import find

pytestmark = pytest.mark.django_db

NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": ["# Forecast of the harvest\n"]},
        {"cell_type": "code", "source": ["def forecast(rainfall):\n", "    return rainfall * 2\n"]},
    ],
    "metadata": {"language_info": {"name": "python"}},
}

FILES: dict[str | bytes, str | bytes | None] = {
    "README.md": "# Orchard\n\nKeeps trees.\n\n## Watering\n\nSprinklers run at dawn.\n",
    "compose.yaml": "services:\n  pump:\n    ports:\n      - 8080:80\n",
    "harvest.ipynb": json.dumps(NOTEBOOK),
    "NOTICE.unheard-of": "Squirrels are welcome.\n",
    "Cafe.java": b"// Caf\xe9\nclass Cafe {\n    int espresso() {\n        return 1;\n    }\n}\n",
    "bin/prune": "#!/usr/bin/env -S python3 -u\ndef prune(branch):\n    return branch[1:]\n",
    "App.vue": "<template>\n  <p>Ladder</p>\n</template>\n<script lang='ts'>\n"
    "function climb(): number {\n  return 3\n}\n</script>\n",
    "logo.png": b"\x89PNG\r\n",
    "blob": b"\x00\x01",
}


@pytest.fixture(autouse=True)
def indexed(tmp_path, settings, source: GitRepository, registered):
    settings.CODEINDEX_HOME = tmp_path / "home"
    shelf.space()
    source.commit(FILES)
    run = tasks.request_index(repository=registered, by=None)
    assert pipeline.index(run.pk)
    Embedding.objects.filter(state="pending").update(state="ready", vector=[1, 0, 0, 0])
    publishing.settle_all()
    run.refresh_from_db()
    assert (run.status, run.error) == (RunStatus.PUBLISHED, "")
    return run


def test_binary_files_alone_are_left_out(indexed):
    assert {reason: skip["count"] for reason, skip in indexed.skips.items()} == {"binary": 2}
    assert sorted(indexed.skips["binary"]["examples"]) == ["blob", "logo.png"]


@pytest.mark.parametrize(
    ("path", "kind", "name", "lines", "language"),
    [
        ("README.md", "section", "Orchard › Watering", (5, 7), "markdown"),
        ("compose.yaml", "section", "services.pump.ports", (3, 4), "yaml"),
        ("harvest.ipynb", "cell", "Forecast of the harvest", (5, 6), "python"),
        ("harvest.ipynb", "function", "forecast", (5, 6), "python"),
        ("NOTICE.unheard-of", "file", "", (1, 1), "text"),
        ("Cafe.java", "method", "Cafe.espresso", (3, 5), "java"),
        ("bin/prune", "function", "prune", (2, 3), "python"),
        ("App.vue", "function", "climb", (5, 7), "typescript"),
    ],
)
def test_each_is_stored_with_its_lines(path, kind, name, lines, language):
    stored = Definition.objects.get(
        blob__source_files__path=path, kind=kind, qualified_name=name, start_line=lines[0]
    )
    assert (stored.end_line, stored.text.language) == (lines[1], language)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("sprinklers at dawn", "README.md"),
        ("services.pump.ports", "compose.yaml"),
        ("rainfall forecast", "harvest.ipynb"),
        ("squirrels welcome", "NOTICE.unheard-of"),
        ("espresso", "Cafe.java"),
        ("prune the branch lang:python", "bin/prune"),
        ("climb lang:ts", "App.vue"),
        ("ladder lang:vue", "App.vue"),
        ("Watering kind:section lang:md", "README.md"),
    ],
)
def test_each_is_found_by_its_words(alice, query, path):
    assert find(alice, query).results[0].definition.place.path == path


def test_a_notebook_is_stored_as_the_script_of_its_cells(indexed):
    content = Blob.objects.get(source_files__path="harvest.ipynb").content
    assert content.split("\n")[3:6] == [
        "# %% [python]",
        "def forecast(rainfall):",
        "    return rainfall * 2",
    ]


def test_a_result_is_coloured_in_its_own_language(alice, client):
    client.force_login(alice)
    shown = client.get("/", {"q": "prune the branch"}).content.decode()
    assert '<span class="keyword">def</span>' in shown


def test_the_page_of_a_document_lists_its_sections(alice, client):
    client.force_login(alice)
    readme = Definition.objects.get(qualified_name="Orchard › Watering").blob.source_files.get()
    shown = client.get(reverse("file", args=[readme.pk])).content.decode()
    assert "Orchard › Watering" in shown
    assert "markdown" in shown
