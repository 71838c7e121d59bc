"""Repositories and runs as JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from codeindex.accounts.teams import MOST_PEOPLE
from codeindex.ingestion import progress
from codeindex.ingestion.progress import Progress
from codeindex.integrations.freshness import BranchState
from codeindex.models import (
    CHECK_MINUTES,
    IGNORE_PATTERNS,
    IndexRun,
    Repository,
    RunStatus,
    Visibility,
)
from codeindex.repository_lists import LONGEST_NAME, State
from codeindex.web import audience, ids
from codeindex.web.overview import Overview
from codeindex.web.rest.fields import IdField, Number, Text, TrueOrFalse
from codeindex.web.rest.pagination import PageParameters


class ProgressSerializer(serializers.Serializer[Progress]):
    """Progress of a run. `rate` is in files or texts per second."""

    stage = serializers.ChoiceField(RunStatus.choices)
    percent = serializers.IntegerField(allow_null=True, help_text="Progress of the current stage.")
    rate = serializers.FloatField(allow_null=True)
    seconds_left = serializers.IntegerField(allow_null=True)


class SkipSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    examples = serializers.ListField(child=serializers.CharField(), help_text="Some of the paths.")


class RunSerializer(serializers.ModelSerializer[IndexRun]):
    id = IdField(ids.Row.RUN)
    branch = serializers.CharField(
        source="branch.name", help_text="Empty for the remote's default branch."
    )
    progress = serializers.SerializerMethodField()
    timings = serializers.DictField(
        child=serializers.FloatField(), read_only=True, help_text="Seconds by stage."
    )
    skips = serializers.DictField(
        child=SkipSerializer(), read_only=True, help_text="Files that were not indexed, by reason."
    )

    notices = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="In which ways the run did something else than was asked for.",
    )

    class Meta:
        model = IndexRun
        fields = [
            "id", "branch", "commit", "status", "error", "progress",
            "created", "started", "published", "finished", "timings",
            "files", "files_read", "files_reused", "files_broken", "files_stray", "skips",
            "notices", "definitions", "texts", "texts_reused", "texts_ready", "texts_failed",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ProgressSerializer)
    def get_progress(self, run: IndexRun) -> dict[str, Any]:
        return ProgressSerializer(progress.measure(run)).data


BRANCHES = (
    "All branches to index, by name or by a pattern such as `release/*`; empty for the remote's"
    " default branch."
)
TAGS = "Tags to index, by name or by a pattern such as `v[0-9]*`."
NEWEST = (
    "How many branches, and how many tags, that match patterns are indexed: the newest ones, with"
    " names ordered as versions."
)


class BranchSerializer(serializers.Serializer[BranchState]):
    """How fresh the index of a branch, or of a tag, is."""

    is_tag = serializers.BooleanField()
    name = serializers.CharField(help_text="Empty for the remote's default branch.")
    commit = serializers.CharField(help_text="The commit that is searched; empty before the first.")
    published = serializers.DateTimeField(
        allow_null=True, help_text="Since when that commit is searched."
    )
    head = serializers.CharField(help_text="The commit that the host had when it last answered.")
    asked = serializers.DateTimeField(allow_null=True, help_text="When the host last answered.")
    behind = serializers.BooleanField(help_text="Whether the host has another commit.")
    error = serializers.CharField(help_text="Why the host could not be asked the last time.")


class RepositorySerializer(serializers.Serializer[Any]):
    """A repository and its latest run."""

    id = IdField(ids.Row.REPOSITORY, source="repository.pk")
    name = serializers.CharField(source="repository.name")
    owner = serializers.CharField(source="repository.owner.username")
    url = serializers.CharField(source="repository.url")
    visibility = serializers.ChoiceField(Visibility.choices, source="repository.visibility")
    visible_to = serializers.SerializerMethodField(help_text="Who really sees it, in words.")
    created = serializers.DateTimeField(source="repository.created")
    paused = serializers.BooleanField(
        source="repository.paused", help_text="Whether its runs wait until it is resumed."
    )
    definitions = serializers.IntegerField(help_text="Definitions that are searchable now.")
    branches = BranchSerializer(many=True)
    latest_run = RunSerializer(
        source="latest", allow_null=True, help_text="null before the first run."
    )

    def get_visible_to(self, overview: Overview) -> str:
        return audience.describe(overview.repository)


class FailureSerializer(serializers.Serializer[Any]):
    """A definition without a vector: words find it, descriptions do not."""

    path = serializers.CharField()
    line = serializers.IntegerField()
    name = serializers.CharField(help_text="Empty for a module.")
    reason = serializers.CharField()


class RulesSerializer(serializers.Serializer[Repository]):
    """What the next run of a repository indexes."""

    index_vendored = TrueOrFalse(help_text="Index other people's code, too.")
    index_generated = TrueOrFalse(help_text="Index what generators wrote, too.")
    index_minified = TrueOrFalse(help_text="Index minified code, too.")
    ignore_patterns = Text(
        allow_blank=True,
        trim_whitespace=False,
        max_length=IGNORE_PATTERNS,
        help_text="Files to leave out: one pattern per line, as in a .gitignore. One that begins"
        " with ! indexes files although a rule leaves them out.",
    )
    refining = TrueOrFalse(help_text="Refine draft vectors in the background.")
    check_minutes = Number(
        allow_null=True,
        min_value=0,
        max_value=CHECK_MINUTES,
        help_text="Minutes between two questions to the host for new commits. 0: never; null: as"
        " the installation's settings say.",
    )


class NewRepositorySerializer(serializers.Serializer[Any]):
    """A repository to register."""

    # `codeindex.repositories` validates the values.

    url = Text(help_text="A clone URL, or a local path that the administrator allows.")
    name = Text(
        default="",
        allow_blank=True,
        max_length=100,
        help_text="Defaults to the last part of the URL.",
    )
    branch = Text(
        default="",
        allow_blank=True,
        max_length=255,
        help_text="Defaults to the remote's default branch.",
    )
    deploy_key = Text(
        default="",
        allow_blank=True,
        trim_whitespace=False,
        write_only=True,
        help_text="For ssh: a private key without a passphrase. Stored encrypted, never returned.",
    )
    visibility = serializers.ChoiceField(Visibility.choices, default=Visibility.PRIVATE)
    teams = serializers.ListField(
        child=Text(),
        default=list,
        max_length=MOST_PEOPLE,
        help_text="Names of your teams that may see it even if it is private.",
    )


class RepositoriesParameters(PageParameters):
    """Which repositories are listed."""

    name = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=LONGEST_NAME,
        help_text="A part of `owner/name`, in upper or lower case.",
    )
    state = serializers.ChoiceField(
        State.choices,
        default="",
        allow_blank=True,
        help_text="A repository is in the first of these states that holds.",
    )
    visibility = serializers.ChoiceField(Visibility.choices, default="", allow_blank=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """With `import`, which is no name in Python."""
        own_import = serializers.CharField(
            default="", allow_blank=True, max_length=22, help_text="The id of one of your imports."
        )
        return {**super().get_fields(), "import": own_import}
