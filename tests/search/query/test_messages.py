"""Messages are known by what stands before them and in them, and by the strings that make them."""

from __future__ import annotations

import time

import pytest

from search.query.messages import MAX_CHARACTERS, find_message


def share(text: str, source: str) -> float:
    message = find_message(text)
    return round(message.share(source), 2) if message else 0.0


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ('Error: unknown animal "cat" for "dog"', 'f("unknown animal %q for %q%s", a, b, c)'),
        ("Error: Got too many cats (a b)", 'ngettext("Got a cat", "Got too many cats ({args})")'),
        ("ValueError: No animal named 'cat'", "raise ValueError(f'No animal named {name!r}')"),
        ("2024-01-02 10:11:12 ERROR [main] Cannot feed 3 cats", 'log("Cannot feed %(n)d cats")'),
        ("TypeError: Cannot feed cat: no food", "`Cannot feed ${cat}: no food`"),
        ("IllegalStateException: Expected cat but was dog", '"Expected " + a + " but was " + b'),
        (
            'Exception in thread "main" org.zoo.ZooException: Expected "cat" but was "dog"',
            '"Expected "\n + expected\n + " but was "\n + animal',
        ),
        ("panic: too many cats in cage 7", '"too many cats in cage " << number'),
        ("cage 3 has no door", '"cage #{number} has " "no door"'),
        ("Traceback (most recent call last):\n  f()\nZooError: Cage 7 is up", '"Cage %d is up"'),
    ],
)  # fmt: skip
def test_the_strings_that_make_a_message_are_found(text: str, source: str) -> None:
    assert share(text, source) >= 0.6


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("Error: unknown animal found", '"found" "animal"'),  # the wrong order
        ("Error: unknown animal found", '["unknown", "animal", "found"]'),  # a list of words
        ("Error: unknown animal found", "unknown(animal.found)"),
        ("Error: unknown animal found", 'def f():\n    """Unknown animal found."""'),
        ("feed all of the animals now", '"all of"'),
        ("Error: no", '"no"'),
        ("find animals", '"find animals"'),
    ],
)
def test_what_does_not_make_it(text: str, source: str) -> None:
    assert share(text, source) == 0.0


def test_a_string_that_makes_more_of_it_has_a_larger_share() -> None:
    text = "Error: cannot feed the cat because it sleeps"
    shares = [share(text, f'"{made}"') for made in (text[7:], "cannot feed the cat", "cannot")]
    assert shares == [1.0, 0.57, 0.0]


@pytest.mark.parametrize(
    ("text", "is_evident"),
    [
        ('Error: unknown animal "cat"', True),
        ('there is no "cat" in the zoo', True),
        ('feed "a black cat"', False),
        ('the "cat" sleeps', False),
        ("how are all animals fed here", False),
    ],
)
def test_quotes_belong_to_what_is_evidently_a_message(text: str, is_evident: bool) -> None:
    message = find_message(text)
    assert bool(message and message.is_evident) is is_evident


@pytest.mark.parametrize(
    "piece",
    ['"""', '"', "'", '"a" + ', "'\\", "`\\", '"\\', '"a", ', '"%(', '"{', '"a" . b ', '"""\\',
     "\n'''"],
)  # fmt: skip
def test_any_text_is_compared_in_no_time(piece: str) -> None:
    message = find_message('Error: no animal "x" found')
    assert message
    started = time.process_time()
    message.share((piece * MAX_CHARACTERS)[:MAX_CHARACTERS])
    assert time.process_time() - started < 4


@pytest.mark.parametrize("piece", ["a: ", "Error: ", "((", "''", "A::", "--a ", "/", "12:12:12 "])
def test_any_query_is_read_in_no_time(piece: str) -> None:
    started = time.process_time()
    find_message((piece * 2_000)[:2_000])
    assert time.process_time() - started < 2
