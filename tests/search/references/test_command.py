"""`manage.py references`."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from codeindex.models import Repository


def references(*arguments: str) -> str:
    out = StringIO()
    call_command("references", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_prints_references_for_people(shop: Repository) -> None:
    printed = references("total")
    assert printed.startswith("total, function in shop shop/prices.py:1: 4 references\n")
    assert "  near              shop shop/cart.py:10  return total(self.articles)\n" in printed


def test_prints_a_line_for_each_definition_for_programs(shop: Repository) -> None:
    answers = [json.loads(line) for line in references("add", "--json", "--limit=1").splitlines()]
    assert [(answer["name"], answer["count"]) for answer in answers] == [("add", 3)] * 2
    assert [len(answer["references"]) for answer in answers] == [1, 1]


def test_a_qualified_name_chooses_its_definition(shop: Repository) -> None:
    assert references("Basket.add").count("references") == 1
    with pytest.raises(CommandError, match=r"There is no definition called asket\.add\."):
        references("asket.add")


def test_a_repository_chooses_too(shop: Repository) -> None:
    assert references("total", "--repo=shop")
    with pytest.raises(CommandError, match="There is no repository none"):
        references("total", "--repo=none")
