"""What an administrator sees of the tables. Rows that workers write are shown, not edited."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from codeindex.models import Branch, EmbeddingState, Evaluation, IndexRun, Repository, Space

admin.site.site_header = admin.site.site_title = "codeindex"


class ReadOnly(admin.ModelAdmin):
    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class BranchInline(admin.TabularInline):
    model = Branch
    extra = 0
    fields = ["name", "live_run"]
    readonly_fields = fields
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Repository)
class RepositoryAdmin(admin.ModelAdmin):
    """Registering and removing is more than a row: it is done on the pages."""

    list_display = ["name", "owner", "visibility", "url", "created"]
    list_filter = ["visibility", "owner"]
    search_fields = ["name", "url", "owner__username"]
    fields = ["name", "owner", "url", "visibility", "teams", "created"]
    readonly_fields = ["url", "created"]
    filter_horizontal = ["teams"]
    inlines = [BranchInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(IndexRun)
class IndexRunAdmin(ReadOnly):
    list_display = [
        "id", "branch", "status", "short_commit", "files_read", "files", "definitions",
        "texts_ready", "texts", "texts_failed", "created", "published", "finished", "error",
    ]  # fmt: skip
    list_filter = ["status", "branch__repository"]
    search_fields = ["commit", "branch__repository__name", "error"]
    list_select_related = ["branch__repository"]
    date_hierarchy = "created"

    @admin.display(description="commit")
    def short_commit(self, run: IndexRun) -> str:
        return run.commit[:12]


@admin.register(Space)
class SpaceAdmin(ReadOnly):
    list_display = [
        "name", "state", "checkpoint", "dimensions", "ready", "pending", "failed", "problem",
        "created",
    ]  # fmt: skip
    list_filter = ["state"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Space]:
        counts = {
            f"{state}_count": Count("embeddings", filter=Q(embeddings__state=state))
            for state in EmbeddingState
        }
        return super().get_queryset(request).annotate(**counts)

    @admin.display(ordering="ready_count")
    def ready(self, space: Space) -> int:
        return space.ready_count

    @admin.display(ordering="pending_count")
    def pending(self, space: Space) -> int:
        return space.pending_count

    @admin.display(ordering="failed_count")
    def failed(self, space: Space) -> int:
        return space.failed_count


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnly):
    list_display = ["file", "created", "space", "questions", "ndcg", "mrr", "recall", "asked_as"]
    list_filter = ["file", "space"]
    fields = ["file", "file_hash", "created", "asked_as", "space", "commits", "notices", "table"]
    readonly_fields = fields
    date_hierarchy = "created"

    @admin.display()
    def questions(self, evaluation: Evaluation) -> str:
        return evaluation.rows()[1][1]

    @admin.display(description="nDCG@10")
    def ndcg(self, evaluation: Evaluation) -> str:
        return evaluation.rows()[1][2]

    @admin.display(description="MRR")
    def mrr(self, evaluation: Evaluation) -> str:
        return evaluation.rows()[1][3]

    @admin.display(description="recall@10")
    def recall(self, evaluation: Evaluation) -> str:
        return evaluation.rows()[1][4]

    @admin.display(description="figures")
    def table(self, evaluation: Evaluation) -> SafeString:
        cells = (
            (format_html_join("", "<td>{}</td>", ((cell,) for cell in row)),)
            for row in evaluation.rows()
        )
        return format_html("<table>{}</table>", format_html_join("", "<tr>{}</tr>", cells))
