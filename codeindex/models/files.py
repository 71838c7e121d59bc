"""Files of branches, their contents, and the definitions in these."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Collate, Lower, Replace

from codeindex.models.repositories import Branch, IndexRun, Repository
from embeddings.code.words import ANALYSIS_VERSION
from embeddings.files.grams import GRAMS_VERSION


class Blob(models.Model):
    """A file's content, by git's own hash and the language it was read as. A content that is
    skipped as generated or minified has a second row if a repository indexes it anyway."""

    sha = models.CharField(max_length=64)
    language = models.CharField(max_length=20)
    content = models.TextField(blank=True)  # decoded, lines end in "\n"; empty where skipped
    skipped = models.CharField(max_length=200, blank=True)  # why nothing of it is indexed
    # The `skipped` of the first row, in the second one
    despite = models.CharField(max_length=40, blank=True, default="", db_default="")
    broken = models.BooleanField(default=False)  # has syntax errors
    # Bytes of no known encoding, each of which is U+FFFD in `content`.
    stray_bytes = models.PositiveIntegerField(default=0, db_default=0)
    format_version = models.PositiveSmallIntegerField()  # by which it was read
    # The version of the grams by which its lines are found; 0 until a `GramBlock` has them.
    grams = models.PositiveSmallIntegerField(default=0, db_default=0)
    # The version of `analyse` that made the `BlobWords`; 0 until they are there.
    analysis = models.PositiveSmallIntegerField(default=0, db_default=0)
    unused_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sha", "language", "format_version", "despite"], name="blob_read_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["unused_since"],
                condition=Q(unused_since__isnull=False),
                name="unused_blobs",
            ),
            models.Index(
                fields=["id"],
                condition=Q(grams__lt=GRAMS_VERSION),
                name="blobs_without_grams",
            ),
            models.Index(
                fields=["id"],
                condition=Q(analysis__lt=ANALYSIS_VERSION),
                name="blobs_to_analyse",
            ),
        ]


class BlobWords(models.Model):
    """The words of all texts in a blob, by which a search weighs what else a file says. They are
    apart from the blob, since only a search reads them, and it does not read anything else."""

    blob = models.OneToOneField(Blob, models.CASCADE, primary_key=True, related_name="+")
    words = SearchVectorField()


class GramBlock(models.Model):
    """Which grams some blobs have, as a matrix of 2**exponent rows of bits, with a column for each
    piece of a blob, which has the bits of its grams' hashes (`embeddings.files.grams`). `blobs` are
    the columns' blobs, some of them several times.

    A row has as many bytes as its columns need, eight to a byte, the first one in the lowest bit.
    Pieces with a similar number of grams share a block. `bits` is stored uncompressed outside the
    table's row, so that a search reads the rows of bits that it asks for alone."""

    exponent = models.PositiveSmallIntegerField()
    blobs = ArrayField(models.BigIntegerField())
    bits = models.BinaryField()


class SourceFileQuerySet(models.QuerySet["SourceFile"]):
    def visible_to(self, user: User | AnonymousUser) -> SourceFileQuerySet:
        """The files of repositories that `user` may see: what is live, the history, and what a run
        has read but not published. The one gate, by `RepositoryQuerySet.visible_to`."""
        return self.filter(branch__repository__in=Repository.objects.visible_to(user))

    def live(self) -> SourceFileQuerySet:
        """The files of the published commits, which are searched."""
        return self.filter(live=True)

    def replaced(self) -> SourceFileQuerySet:
        """The history: the files of commits that were published once, and are no longer."""
        return self.filter(
            ~Q(from_run=F("until_run")),
            live=False,
            from_run__published__isnull=False,
            until_run__published__isnull=False,
        )

    def of_run(self, run: IndexRun) -> SourceFileQuerySet:
        """The files of `run`'s commit, published or not."""
        unchanged = Q(live=True) & (Q(until_run=None) | ~Q(until_run=run))
        return self.filter(unchanged | Q(from_run=run, until_run=None), branch=run.branch_id)


class SourceFile(models.Model):
    """A path of a branch from one run until another. The rows that a run adds become live when it
    is published; rows that are no longer live are the history."""

    branch = models.ForeignKey(Branch, models.CASCADE, related_name="source_files")
    path = models.TextField()  # bytes that are not UTF-8 are shown as \xNN
    blob = models.ForeignKey(Blob, models.PROTECT, related_name="source_files")
    from_run = models.ForeignKey(IndexRun, models.CASCADE, related_name="+")
    until_run = models.ForeignKey(IndexRun, models.SET_NULL, null=True, related_name="+")
    live = models.BooleanField(default=False)
    # Of `embeddings.files.names.words`, stemmed; null until the sweep has analysed an older row
    name_words = SearchVectorField(null=True)

    objects = SourceFileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "path"], condition=Q(live=True), name="one_live_file_a_path"
            ),
            models.UniqueConstraint(fields=["from_run", "path"], name="one_file_a_path_and_run"),
        ]
        indexes = [
            models.Index(fields=["blob", "branch"], condition=Q(live=True), name="live_places"),
            models.Index(
                fields=["branch", "path"], condition=Q(live=False), name="history_of_paths"
            ),
            models.Index(
                fields=["until_run"], condition=Q(until_run__isnull=False), name="leaving_files"
            ),
            GinIndex(fields=["name_words"], condition=Q(live=True), name="file_names"),
            models.Index(
                fields=["id"], condition=Q(name_words__isnull=True), name="files_to_analyse"
            ),
        ]

    def __str__(self) -> str:
        return self.path


class SkippedFiles(models.Model):
    """The paths of a run's commit that are not indexed for one reason, sorted. Files with a row in
    `SourceFile` are not among them. One row a reason, since a vendored folder has many files. The
    rows of a branch's earlier runs are deleted when a run is published."""

    run = models.ForeignKey(IndexRun, models.CASCADE, related_name="skipped_files")
    reason = models.CharField(max_length=200)
    paths = ArrayField(models.TextField())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "reason"], name="one_row_a_run_and_reason"),
        ]


class Text(models.Model):
    """What an encoder reads for a definition; stored and encoded once for all repositories."""

    hash = models.CharField(max_length=64, unique=True)
    language = models.CharField(max_length=20)
    kind = models.CharField(max_length=10)  # of embeddings.types.Kind
    body = models.TextField()
    words = SearchVectorField()  # what `analyse` yields, stemmed
    # The version of `analyse` that made `words`; rows that say nothing are of the first one.
    analysis = models.PositiveSmallIntegerField(default=ANALYSIS_VERSION, db_default=1)
    unused_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            GinIndex(fields=["words"], name="text_words"),
            models.Index(
                fields=["unused_since"],
                condition=Q(unused_since__isnull=False),
                name="unused_texts",
            ),
            models.Index(
                fields=["hash"],
                condition=Q(analysis__lt=ANALYSIS_VERSION),
                name="texts_to_analyse",
            ),
        ]


class WordCount(models.Model):
    """How many texts of a branch's live commit contain a word, in the form of `Text.words`. Updated
    in the transaction that publishes a commit, so the number is exact. A search adds up the
    branches that its user may see."""

    branch = models.ForeignKey(Branch, models.CASCADE, related_name="+")
    word = models.TextField()
    texts = models.IntegerField()

    class Meta:
        constraints = [
            # A search reads only this index, in which a word's counts are adjacent.
            models.UniqueConstraint(
                fields=["word", "branch"], include=["texts"], name="one_count_a_word_and_branch"
            ),
        ]


class Definition(models.Model):
    """A function, method, class or module in a blob. Lines count from 1 and include both ends."""

    blob = models.ForeignKey(Blob, models.CASCADE, related_name="definitions")
    text = models.ForeignKey(Text, models.PROTECT, related_name="definitions")
    kind = models.CharField(max_length=10)  # of embeddings.types.Kind
    name = models.TextField(blank=True)  # empty for a module: its name is its path's
    qualified_name = models.TextField(blank=True)
    docstring = models.TextField(blank=True)
    start_line = models.PositiveIntegerField()
    end_line = models.PositiveIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["name"], name="definitions_by_name"),
            models.Index(Collate(Lower("name"), "C"), name="definitions_by_beginning"),
            # The expression by which `search.query.symbols` compares names that are spelt otherwise
            models.Index(
                Replace(Lower(Func("name", Value("?!="), function="RTRIM")), Value("_")),
                name="definitions_by_spelling",
            ),
        ]

    def __str__(self) -> str:
        return self.qualified_name or "(module)"


class NamesUsed(models.Model):
    """The names that a blob uses, as `embeddings.types.NamesUsed` has them. One row a blob, since
    one a name takes four times the space; the index of names leads to the blobs."""

    blob = models.OneToOneField(Blob, models.CASCADE, primary_key=True, related_name="names_used")
    names = ArrayField(models.TextField())
    ends = ArrayField(models.IntegerField())
    uses = ArrayField(models.IntegerField())
    is_cut = models.BooleanField()

    class Meta:
        indexes = [GinIndex(fields=["names"], name="users_of_names")]
