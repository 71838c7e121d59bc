"""Questions that a language model writes for functions, and which of them are kept."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from embeddings.training.__main__ import main
from embeddings.training.corpus import corpora
from embeddings.training.corpus.functions import Function
from embeddings.training.data import question_writer
from embeddings.training.data.questions import QUESTIONS, FunctionQuestions, read_questions
from embeddings.types import Matrix
from tests.embeddings import tiny


def test_questions_are_written_once_and_a_stopped_run_goes_on(corpus: Path, tmp_path: Path) -> None:
    writer, reader = tiny.llama(tmp_path / "llama"), tiny.bert(tmp_path / "bert")
    where = ["--corpus", str(corpus), "--writer", str(writer), "--llm", str(reader)]
    described = {function.code for function in corpora.read(corpus) if function.query}
    first = {}
    for count, wanted in ((5, 5), (1000, len(described)), (1000, len(described))):
        assert main(["questions", *where, "--functions", str(count)]) == 0
        questions = read_questions(corpus / QUESTIONS)
        lines = (corpus / QUESTIONS).read_text().splitlines()
        assert len(lines) == len(questions) == wanted
        assert questions.keys() <= described
        assert first.items() <= questions.items()
        first = questions
    assert {"code", "questions"} == json.loads(lines[0]).keys()


def test_a_question_is_kept_that_finds_its_function() -> None:
    class Reader:
        """Puts a text where its first word says."""

        @property
        def for_queries(self) -> Reader:
            return self

        def encode(self, texts: list[str]) -> Matrix:
            places = [int(text.split()[0]) for text in texts]
            return np.eye(40, dtype=np.float32)[places]

    written = [
        FunctionQuestions(f"{number} code", [f"{number} yes", "39 no"]) for number in range(30)
    ]
    retrieving = list(question_writer.keep_retrieving(written, Reader()))  # type: ignore[arg-type]
    assert retrieving == [
        FunctionQuestions(f"{number} code", [f"{number} yes"]) for number in range(30)
    ]


@pytest.mark.parametrize("body", ["return 1", "\n    ".join(["return 1"] * 1000)])
def test_the_writer_sees_the_signature_and_the_docstring(body: str) -> None:
    bare = f"def size(\n    path,\n):\n    {body}\n"
    code = bare.replace("):\n", '):\n    """Bytes of a file."""\n')
    function = Function("shop", "train", "size", code, bare, "Bytes of a file.")
    prompt = question_writer.prompt(function)
    assert prompt.startswith('def size(\n    path,\n):\n    """Bytes of a file."""\n    return 1')
    assert prompt.endswith("\nSearch:")
    assert len(prompt) < 700
