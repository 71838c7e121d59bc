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
from codeindex.models import Evaluation, Repository, SourceFile, Space
from embeddings.evaluation import questions
from embeddings.evaluation.metrics import Place
from embeddings.evaluation.questions import About, Malformed, Question, Questions, Score
from search import engine
from search.candidates.sql import TookTooLong
from search.query import filters
from search.query.parsing import BadQuery
from search.results import Group

RESULTS = 50
"""Asked for of each question; what comes later counts as not found."""

FINGERPRINT = 12
SHOWN_TARGETS = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was put, and how well it was answered."""

    repository: str
    category: str
    score: Score


@dataclass(slots=True)
class Session:
    """What comes together while questions are put: their scores, the space that was searched, and
    what the answers lacked. A result is a definition or, by `group`, a file."""

    group: str
    asked: list[Asked] = field(default_factory=list)
    space: Space | None = None
    notices: dict[str, None] = field(default_factory=dict)


class Command(base.Command):
    help = (
        "Put a file of questions to the index; print and keep nDCG@10, MRR and recall@10 with"
        " their intervals."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--repository", nargs="+", default=[], metavar="NAME", help="only these (or owner/name)"
        )
        parser.add_argument("--user", metavar="NAME", help="sees what this user does; else all")
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
                self._evaluate(read, about, user, Session(group))
        except (Malformed, OSError) as error:
            raise CommandError(str(error)) from error

    def _evaluate(
        self, read: Questions, about: dict[str, About], name: str | None, session: Session
    ) -> None:
        user = _user(name)
        commits = {called: self._commit(user, called, one) for called, one in about.items()}
        for called, one in about.items():
            for question in one.questions:
                score = questions.score(question, _results(user, called, one, question, session))
                session.asked.append(Asked(called, question.category, score))
        if session.group != Group.DEFINITION:
            session.notices[f"Each result is a {session.group}."] = None
        for notice in session.notices:
            self.stderr.write(notice)
        kept = Evaluation.objects.create(
            file=read.file,
            file_hash=read.hash,
            asked_as=name or "",
            space=_called(session.space),
            commits=commits,
            figures=_figures(session.asked),
            notices=list(session.notices),
        )
        self._print(kept)

    def _commit(self, user: User, called: str, about: About) -> str:
        """What is indexed of a repository; says so where that is not what was asked about."""
        repositories = Repository.objects.visible_to(user).called(called)
        commits = repositories.filter(branches__live_run__isnull=False).values_list(
            "branches__live_run__commit", flat=True
        )
        if not commits:
            raise CommandError(f"There is no repository {called} in the index.")
        if about.revision and about.revision not in commits:
            self.stderr.write(f"{called} is indexed at {commits[0]}, not at {about.revision}.")
        live = (
            SourceFile.objects.visible_to(user).live().filter(branch__repository__in=repositories)
        )
        paths = {path for question in about.questions for path, _, _ in question.targets}
        missing = sorted(paths.difference(live.values_list("path", flat=True)))
        if missing:
            some = ", ".join(missing[:SHOWN_TARGETS])
            self.stderr.write(f"{len(missing)} targets are no indexed files of {called}: {some}")
        return commits[0]

    def _print(self, evaluation: Evaluation) -> None:
        rows = evaluation.rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        self.stdout.write(f"{evaluation.file}, {evaluation.space or 'by words alone'}")
        for row in rows:
            self.stdout.write("  ".join(map(str.ljust, row, widths)).rstrip())


def _chosen(read: Questions, names: Sequence[str]) -> dict[str, About]:
    """What is asked about, by the name that the index is searched with."""
    about = {one.repository: one for one in read.about}
    unknown = [name for name in names if name.rpartition("/")[2] not in about]
    if unknown:
        raise CommandError(
            f"{read.file} asks nothing about {unknown[0]}, but about {', '.join(about)}."
        )
    return {name: about[name.rpartition("/")[2]] for name in names} if names else about


def _user(name: str | None) -> User:
    if name is None:
        return ADMINISTRATOR
    found = User.objects.filter(username=name).first()
    if found is None:
        raise CommandError(f"There is no user {name}.")
    return found


def _results(
    user: User, called: str, about: About, question: Question, session: Session
) -> list[Place]:
    try:
        answer = engine.find(
            user,
            question.text,
            repository=called,
            kept_to=filters.under(about.root),
            limit=RESULTS,
            group=session.group,
        )
    except (BadQuery, TookTooLong) as error:
        raise CommandError(f"{question.text!r} cannot be searched: {error}") from error
    session.space = answer.space or session.space
    session.notices.update(dict.fromkeys(answer.notices))
    places = [result.found.place for result in answer.results]
    return [(place.path, place.start_line, place.end_line) for place in places]


def _called(space: Space | None) -> str:
    return f"{space.name} {space.fingerprint[:FINGERPRINT]}" if space else ""


def _figures(asked: Sequence[Asked]) -> list[list[Any]]:
    """Of all questions, of those about each repository, of those of each category, as an
    `Evaluation` keeps them."""
    groups: dict[str, list[Score]] = {"all": [one.score for one in asked]}
    for one in asked:
        groups.setdefault(f"repository {one.repository}", []).append(one.score)
    for one in asked:
        if one.category:
            groups.setdefault(f"category {one.category}", []).append(one.score)
    return [[group, len(scores), *_measured(scores)] for group, scores in groups.items()]


def _measured(scores: Sequence[Score]) -> list[tuple[float, ...]]:
    figures = questions.figures(scores)
    return [figures[measure].stated for measure in Evaluation.MEASURES]
