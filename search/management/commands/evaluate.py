"""`manage.py evaluate FILE`: how well the search answers questions about what is indexed."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management import CommandError

from codeindex.management import base
from codeindex.management.index import ADMINISTRATOR, existing_index
from codeindex.management.terminal import aligned
from codeindex.models import Evaluation, Repository, SourceFile, Space
from embeddings.evaluation import questions
from embeddings.evaluation.metrics import Place
from embeddings.evaluation.questions import (
    MalformedQuestions,
    Question,
    QuestionFile,
    RepositoryQuestions,
    Score,
)
from search import engine
from search.candidates.sql import SearchTimeout
from search.query import filters, parsing
from search.query.filters import BadQuery, Field, Filter
from search.request import SearchRequest
from search.results import Group

RESULTS = 50
"""Results per question; a target further down counts as not found."""

FINGERPRINT = 12
SHOWN_TARGETS = 3


@dataclass(frozen=True, slots=True)
class ScoredQuestion:
    """How well a question was answered."""

    repository: str
    category: str
    score: Score


@dataclass(slots=True)
class Session:
    """What is collected while questions are asked: their scores, the space that was searched, and
    the notices of the answers. By `group`, a result is a definition or a file."""

    group: Group
    scored: list[ScoredQuestion] = field(default_factory=list)
    space: Space | None = None
    notices: dict[str, None] = field(default_factory=dict)


class Command(base.Command):
    help = (
        "Ask the index a file of questions; print and store nDCG@10, MRR and recall@10 with"
        " their confidence intervals."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--repository",
            nargs="+",
            default=[],
            metavar="NAME",
            help="only these repositories (name or owner/name)",
        )
        parser.add_argument(
            "--user", metavar="NAME", help="search as this user; by default, all code is visible"
        )
        parser.add_argument(
            "--group", choices=[*Group], default=Group.DEFINITION, help="what a result is"
        )

    def handle(
        self, *, file: Path, repository: list[str], user: str | None, group: str, **options: Any
    ) -> None:
        try:
            read = questions.read(file)
            about = _chosen(read, repository)
            with existing_index():
                self._evaluate(read, about, user, Session(Group(group)))
        except (MalformedQuestions, OSError) as error:
            raise CommandError(str(error)) from error

    def _evaluate(
        self,
        read: QuestionFile,
        about: dict[str, RepositoryQuestions],
        name: str | None,
        session: Session,
    ) -> None:
        user = _user(name)
        commits = {
            repository: self._commit(user, repository, own) for repository, own in about.items()
        }
        for repository, own in about.items():
            for question in own.questions:
                places = _result_places(user, repository, own, question, session)
                score = questions.score(question, places)
                session.scored.append(ScoredQuestion(repository, question.category, score))
        if session.group != Group.DEFINITION:
            session.notices[f"Each result is a {session.group}."] = None
        for notice in session.notices:
            self.stderr.write(notice)
        evaluation = Evaluation.objects.create(
            file=read.name,
            file_hash=read.hash,
            asked_as=name or "",
            space=_space_label(session.space),
            commits=commits,
            figures=_figures(session.scored),
            notices=list(session.notices),
        )
        self._print(evaluation)

    def _commit(self, user: User, name: str, about: RepositoryQuestions) -> str:
        """The commit of a repository that is indexed. Warns if the questions are about another."""
        repositories = Repository.objects.visible_to(user).called(name)
        commits = repositories.filter(branches__live_run__isnull=False).values_list(
            "branches__live_run__commit", flat=True
        )
        if not commits:
            raise CommandError(f"There is no repository {name} in the index.")
        if about.revision and about.revision not in commits:
            self.stderr.write(f"{name} is indexed at {commits[0]}, not at {about.revision}.")
        live = (
            SourceFile.objects.visible_to(user).live().filter(branch__repository__in=repositories)
        )
        paths = {path for question in about.questions for path, _, _ in question.targets}
        missing = sorted(paths.difference(live.values_list("path", flat=True)))
        if missing:
            some = ", ".join(missing[:SHOWN_TARGETS])
            self.stderr.write(
                f"Target files of {name} that are not indexed: {len(missing)} ({some})"
            )
        return commits[0]

    def _print(self, evaluation: Evaluation) -> None:
        self.stdout.write(f"{evaluation.file}, {evaluation.space or 'words only'}")
        for line in aligned(evaluation.rows()):
            self.stdout.write(line)


def _chosen(read: QuestionFile, names: Sequence[str]) -> dict[str, RepositoryQuestions]:
    """The questions by the name of the repository that is searched."""
    about = {own.name: own for own in read.repositories}
    unknown = [name for name in names if name.rpartition("/")[2] not in about]
    if unknown:
        raise CommandError(
            f"{read.name} has no questions about {unknown[0]}, only about {', '.join(about)}."
        )
    return {name: about[name.rpartition("/")[2]] for name in names} if names else about


def _user(name: str | None) -> User:
    if name is None:
        return ADMINISTRATOR
    user = User.objects.filter(username=name).first()
    if user is None:
        raise CommandError(f"There is no user {name}.")
    return user


def _result_places(
    user: User, name: str, about: RepositoryQuestions, question: Question, session: Session
) -> list[Place]:
    try:
        repository = Filter(Field.REPOSITORY, name)
        parsing.check_text(question.text.strip())
        query = parsing.parse_query(question.text, [repository, *filters.in_folder(about.root)])
        request = SearchRequest(user, query, limit=RESULTS, group=session.group)
        answer = engine.answer(request)
    except (BadQuery, SearchTimeout) as error:
        raise CommandError(f"{question.text!r} cannot be searched: {error}") from error
    session.space = answer.space or session.space
    session.notices.update(dict.fromkeys(answer.notices))
    places = [result.definition.place for result in answer.results]
    return [(place.path, place.start_line, place.end_line) for place in places]


def _space_label(space: Space | None) -> str:
    return f"{space.name} {space.fingerprint[:FINGERPRINT]}" if space else ""


def _figures(scored: Sequence[ScoredQuestion]) -> list[list[Any]]:
    """Those of all questions, of each repository's and of each category's, as an `Evaluation`
    stores them."""
    groups: dict[str, list[Score]] = {"all": [question.score for question in scored]}
    for question in scored:
        groups.setdefault(f"repository {question.repository}", []).append(question.score)
    for question in scored:
        if question.category:
            groups.setdefault(f"category {question.category}", []).append(question.score)
    return [[group, len(scores), *_measures(scores)] for group, scores in groups.items()]


def _measures(scores: Sequence[Score]) -> list[tuple[float, ...]]:
    figures = questions.figures(scores)
    return [figures[measure].with_interval for measure in Evaluation.MEASURES]
