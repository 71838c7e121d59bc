"""The commands that measure names: what they mine and what they make, on tiny real repositories."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from benchmarks import badly_named, renames
from benchmarks import variables as benchmark
from embeddings.naming.variables import variables
from tests.git import GitRepository

BODY = """(items, limit):
    total = 0
    for item in items:
        if item.price > limit:
            total += item.price * item.count
    log.{0}(total, {0}=limit, by={0}.{0}[{0}])
    return total
"""


def function(name: str, own: str = "x") -> str:
    """`own` makes the body different from others."""
    return f"def {name}{BODY.format(own)}"


def source(*names: str) -> str:
    return "\n\n".join(function(name, f"y{row}") for row, name in enumerate(names))


@pytest.fixture
def history(tmp_path: Path) -> GitRepository:
    made = GitRepository.made(tmp_path / "shop")
    names = ("merge", "sum_prices", "_load", "helper", "scan")
    made.commit({"a.py": source(*names), "tests/test_a.py": function("one")})
    return made


def test_renames_are_functions_that_keep_their_bodies(history: GitRepository) -> None:
    later = ("merge", "total_cost", "load", "helpers", "scan")
    rewritten = "def read_lines(path):\n    return open(path).read().splitlines()\n"
    changed = source(*later).replace(function("scan", "y4"), rewritten)
    commit = history.commit({"a.py": changed, "tests/test_a.py": function("other")})
    (found,) = renames._renames(history.path, 10)
    assert (found.earlier, found.later, found.path) == ("sum_prices", "total_cost", "a.py")
    assert found.commit == commit
    assert found.text.startswith("def sum_prices(")


def test_the_same_change_of_words_counts_once(history: GitRepository) -> None:
    history.commit({"b.py": function("sum_prices"), "c.py": function("sum_all_prices")})
    history.commit({"b.py": function("add_prices"), "c.py": function("add_all_prices")})
    assert len([*renames._renames(history.path, 10)]) == 1


def test_swaps_exchange_two_names_of_a_file(history: GitRepository) -> None:
    found = renames._swaps(history.path, random.Random(0))
    assert len(found) == 4
    for one, other in zip(found[::2], found[1::2], strict=True):
        assert (one.own, one.other) == (other.other, other.own)
        assert one.text.startswith(f"def {one.own}(")


def test_the_area_under_the_curve_counts_ties_half() -> None:
    assert renames._auc([(0.9, 0.1), (0.5, 0.2)]) == 1.0
    assert renames._auc([(0.5, 0.5)]) == 0.5
    assert renames._auc([(0.1, 0.9)]) == 0.0


def test_a_copy_has_meaningless_names_and_the_same_lines(
    history: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cart = 'class Cart:\n    """A Cart."""\n\n    def add(self, item):\n        self.add(Cart)\n'
    history.commit({"cart.py": cart, "README.md": "Cart", "bad.py": "def ("})
    questions, copied = tmp_path / "questions.json", tmp_path / "copied.json"
    queries = [{"query": "where", "relevant": ["cart.py"]}]
    questions.write_text(json.dumps({"shop": {"revision": "abc", "queries": queries}}))
    target = tmp_path / "copy"
    arguments = [str(history.path), str(target), "--questions", str(questions), "--name", "shop"]
    monkeypatch.setattr("sys.argv", ["", *arguments, "--copied-questions", str(copied)])
    badly_named.main()
    made = (target / "cart.py").read_text()
    assert made.splitlines()[1] == '    """A Cart."""'
    assert "add" not in made
    assert "class Cart" not in made
    assert made.count("\n") == cart.count("\n")
    assert (target / "README.md").read_text() == "Cart"
    assert json.loads(copied.read_text()) == {"shop-unnamed": {"revision": "", "queries": queries}}
    assert GitRepository(target).git("log", "--format=%s") == "meaningless names"


def test_two_parameters_exchange_their_names_wherever_they_occur() -> None:
    text = 'def f(é, width, **kw):\n    """width of é"""\n    return width(é, width=é.width)\n'
    one, other, *_ = variables(text)
    assert benchmark._renamed(text, {"width": one, "é": other}) == (
        'def f(width, é, **kw):\n    """width of é"""\n    return é(width, width=width.width)\n'
    )
