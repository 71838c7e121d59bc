"""Tries inputs in processes of their own, and counts what came of them."""

from __future__ import annotations

import time
import traceback
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from dataclasses import dataclass, field
from itertools import count as numbers_from
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

from pebble import ProcessExpired, ProcessPool

LIMIT = 5.0
"""Time limit for one input, in seconds."""

WAITING = 64
"""Inputs scheduled in advance, per process."""

HANG, CRASH, EXCEPTION = "hang", "crash", "exception"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an input: its kind, how it ended, and the `fault` if it should not have ended
    so."""

    category: str
    result: str
    fault: str = ""


class Fuzzer(Protocol):
    """Generates inputs and runs them. It is sent to each process, which calls `begin` once."""

    def begin(self) -> None: ...

    def generate(self, number: int) -> Any:
        """The input of a number; always the same one."""

    def category(self, case: Any) -> str:
        """The kind of input."""

    def run(self, case: Any) -> Outcome: ...

    def encode(self, case: Any) -> bytes:
        """The input, as it is saved to a file."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """`count` inputs from number `start` on, or as many as fit in `seconds`, in `jobs`
    processes."""

    start: int = 0
    count: int = 1000
    seconds: float = float("inf")
    jobs: int = 1
    limit: float = LIMIT


@dataclass(slots=True)
class Tally:
    """Results by kind of input, and where the faults were saved."""

    results: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    faults: list[str] = field(default_factory=list)
    next: int = 0
    seconds: float = 0.0

    @property
    def inputs(self) -> int:
        return sum(row.total() for row in self.results.values())

    def table(self) -> str:
        """Markdown: one row a kind of input, one column a result."""
        total = sum(self.results.values(), Counter[str]())
        columns = [name for name, _ in total.most_common()]
        rows = [*sorted(self.results.items()), ("all", total)]
        lines = [
            "| " + " | ".join(["input", "tried", *columns]) + " |",
            "|---" * (len(columns) + 2) + "|",
            *(
                "| " + " | ".join([name, f"{row.total():,}", *(f"{row[c]:,}" for c in columns)])
                + " |"
                for name, row in rows
            ),
        ]  # fmt: skip
        return "\n".join(lines)


def run(fuzzer: Fuzzer, bounds: Bounds, folder: Path) -> Tally:
    """Runs the inputs. Saves those with a fault in `folder`, as `NUMBER-RESULT`, with the reason
    beside them."""
    tally, began = Tally(next=bounds.start), time.monotonic()
    pool = ProcessPool(
        bounds.jobs, context=get_context("spawn"), initializer=_begin, initargs=[fuzzer]
    )
    with pool:
        for number, future in _scheduled(pool, bounds, began):
            outcome = _outcome(fuzzer, number, future, bounds.limit)
            tally.results[outcome.category][outcome.result] += 1
            tally.next = number + 1
            if outcome.fault:
                tally.faults.append(_saved(fuzzer, number, outcome, folder))
        pool.close()
        pool.join()
    tally.seconds = time.monotonic() - began
    return tally


def _scheduled(
    pool: ProcessPool, bounds: Bounds, began: float
) -> Iterator[tuple[int, Future[Outcome]]]:
    """The inputs in the order of their numbers, of which a bounded number is handed out."""
    waiting: deque[tuple[int, Future[Outcome]]] = deque()
    for number in numbers_from(bounds.start):
        over = time.monotonic() - began > bounds.seconds
        if over or number >= bounds.start + bounds.count:
            break
        waiting.append((number, pool.schedule(_tried, args=[number], timeout=bounds.limit)))
        if len(waiting) >= WAITING * bounds.jobs:
            yield waiting.popleft()
    yield from waiting


def _outcome(fuzzer: Fuzzer, number: int, future: Future[Outcome], limit: float) -> Outcome:
    try:
        return future.result()
    except TookTooLong:
        return Outcome(
            fuzzer.category(fuzzer.generate(number)), HANG, f"It took longer than {limit} s."
        )
    except ProcessExpired as death:
        said = f"The process died with {death.exitcode}."
        return Outcome(fuzzer.category(fuzzer.generate(number)), CRASH, said)


def _saved(fuzzer: Fuzzer, number: int, outcome: Outcome, folder: Path) -> str:
    """Writes the input and what is wrong; one line about it."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{number}-{outcome.result.replace(' ', '-')}"
    (folder / name).write_bytes(fuzzer.encode(fuzzer.generate(number)))
    (folder / f"{name}.txt").write_text(f"{outcome.category}\n{outcome.fault}\n", encoding="utf-8")
    return f"{name}: {outcome.category}: {outcome.fault.strip().splitlines()[-1][:200]}"


_fuzzer: Fuzzer


def _begin(fuzzer: Fuzzer) -> None:
    global _fuzzer
    _fuzzer = fuzzer
    fuzzer.begin()


def _tried(number: int) -> Outcome:
    case = _fuzzer.generate(number)
    try:
        return _fuzzer.run(case)
    except Exception:
        return Outcome(_fuzzer.category(case), EXCEPTION, traceback.format_exc())
