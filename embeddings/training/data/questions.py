"""Questions that a language model wrote for functions of a corpus (`asking`), in its folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

QUESTIONS = "questions.jsonl"


@dataclass(frozen=True, slots=True)
class Written:
    """A function by its code, and the questions that it answers; there may be none."""

    code: str
    questions: Sequence[str]

    def line(self) -> str:
        return json.dumps(asdict(self)) + "\n"


def written(path: Path) -> dict[str, Sequence[str]]:
    """The questions of each function in a file, by its code; nothing where there is no file."""
    if not path.exists():
        return {}
    rows = (Written(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines())
    return {row.code: row.questions for row in rows}
