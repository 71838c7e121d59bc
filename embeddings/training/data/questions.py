"""Questions that a language model wrote for functions of a corpus (`question_writer`), as they are
kept in the corpus's folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

QUESTIONS = "questions.jsonl"


@dataclass(frozen=True, slots=True)
class FunctionQuestions:
    """A function's code and the questions that it answers, of which there may be none."""

    code: str
    questions: Sequence[str]

    def as_json_line(self) -> str:
        return json.dumps(asdict(self)) + "\n"


def read_questions(path: Path) -> dict[str, Sequence[str]]:
    """The questions in a file, by the function's code; empty if there is no file."""
    if not path.exists():
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = (FunctionQuestions(**json.loads(line)) for line in lines)
    return {row.code: row.questions for row in rows}
