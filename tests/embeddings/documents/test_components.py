"""Components and templates hold other languages."""

from __future__ import annotations

import pytest

from tests.embeddings.documents.reading import found, outline

VUE = """\
<template>
  <p v-if="sum > 0">Grüße {{ sum }}</p>
</template>

<script setup lang="ts">
import { ref } from 'vue'
function add(price: number): void {
  sum.value += price
}
</script>

<script>export function reset() { sum.value = 0 }</script>

<docs>How to add.</docs>
"""


def test_scripts_are_read_in_their_language_at_their_lines() -> None:
    units = found(VUE, "vue")
    assert [(unit.kind, unit.language, unit.name, unit.start_line) for unit in units] == [
        ("block", "vue", "", 2),
        ("block", "typescript", "", 6),
        ("function", "typescript", "add", 7),
        ("block", "vue", "", 12),
        ("function", "javascript", "reset", 12),
        ("block", "vue", "", 14),
    ]
    add = units[2]
    assert VUE.encode()[add.start_byte : add.end_byte].startswith(b"function add")


@pytest.mark.parametrize("name", ["html", "svelte", "template", "vue"])
def test_a_file_without_scripts_is_in_blocks(name: str) -> None:
    assert outline("<p>\n  {{ till }}\n</p>\n", name) == [("file", "", 1, 3)]


def test_a_script_of_an_unknown_language_stays_in_the_file() -> None:
    source = (
        '<p>a</p>\n<script type="text/x-template">\n<b>shown</b>\n</script>\n<script src="a.js">'
    )
    assert [unit.kind for unit in found(source, "html")] == ["file"]


def test_a_script_without_an_end_goes_to_the_end_of_the_file() -> None:
    units = found("<p>a</p>\n<script>\nfunction till() { return 1 }\n", "html")
    assert [unit.name for unit in units] == ["", "till"]


def test_data_in_a_script_is_found_by_its_keys() -> None:
    units = found('<script type="application/json">\n{"till": [\n1]}\n</script>\n', "html")
    assert [(unit.language, unit.name, unit.start_line) for unit in units] == [("json", "till", 2)]
