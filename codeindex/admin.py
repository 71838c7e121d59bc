"""The admin site. Rows that workers write can be viewed but not edited."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.idp.oidc.models import Client
from allauth.idp.oidc.models import Token as IssuedToken
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialApp, SocialToken
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from codeindex import repositories
from codeindex.accounts import second_factor, tokens
from codeindex.accounts.authentication import signed_in_user
from codeindex.accounts.oauth import grants
from codeindex.models import (
    Branch,
    EmbeddingState,
    Evaluation,
    IndexRun,
    OAuthGrant,
    Repository,
    Space,
    Token,
)
from codeindex.web.forms import DepartureForm

EVALUATION_FIELDS = (
    "file", "file_hash", "created", "asked_as", "space", "commits", "notices", "table",
)  # fmt: skip

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
    readonly_fields = ["name", "live_run"]
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Repository)
class RepositoryAdmin(admin.ModelAdmin):
    """Registering and removing involves more than a row, so both are done on the pages."""

    list_display = ["name", "owner", "visibility", "url", "created"]
    list_filter = ["visibility", "owner"]
    search_fields = ["name", "url", "owner__username"]
    fields = ["name", "owner", "url", "visibility", "teams", *Repository.RULES, "created"]
    readonly_fields = ["url", "created"]
    filter_horizontal = ["teams"]
    inlines = [BranchInline]

    def save_model(self, request: HttpRequest, obj: Repository, form: Any, change: bool) -> None:
        repositories.save(obj, form.changed_data, by=signed_in_user(request))

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
        spaces: QuerySet[Space] = super().get_queryset(request).annotate(**counts)
        return spaces

    @admin.display(ordering="ready_count")
    def ready(self, space: Space) -> int:
        return _count(space, EmbeddingState.READY)

    @admin.display(ordering="pending_count")
    def pending(self, space: Space) -> int:
        return _count(space, EmbeddingState.PENDING)

    @admin.display(ordering="failed_count")
    def failed(self, space: Space) -> int:
        return _count(space, EmbeddingState.FAILED)


def _count(space: Space, state: EmbeddingState) -> int:
    """The annotation that `SpaceAdmin.get_queryset` adds."""
    return int(getattr(space, f"{state}_count"))


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnly):
    list_display = ["file", "created", "space", "questions", "ndcg", "mrr", "recall", "asked_as"]
    list_filter = ["file", "space"]
    fields = EVALUATION_FIELDS
    readonly_fields = EVALUATION_FIELDS
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


@admin.register(Token)
class TokenAdmin(ReadOnly):
    """An administrator can revoke tokens; keys are never shown."""

    list_display = ["beginning", "user", "name", "scopes", "created", "expires", "last_used"]
    list_filter = ["user"]

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def delete_model(self, request: HttpRequest, obj: Token) -> None:
        tokens.revoke_all(Token.objects.filter(pk=obj.pk), by=signed_in_user(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        tokens.revoke_all(queryset, by=signed_in_user(request))


@admin.register(OAuthGrant)
class OAuthGrantAdmin(ReadOnly):
    """An administrator can end what users have authorized."""

    list_display = ["client", "user", "scopes", "created", "expires", "last_used"]
    list_filter = ["user"]

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def delete_model(self, request: HttpRequest, obj: OAuthGrant) -> None:
        grants.end(obj, by=signed_in_user(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[OAuthGrant]) -> None:
        for grant in queryset.select_related("client", "user"):
            grants.end(grant, by=signed_in_user(request))


admin.site.unregister(Authenticator)  # allauth's own shows secrets


@admin.register(Authenticator)
class SecondFactorAdmin(ReadOnly):
    """An administrator can remove the second factor of a user who has lost it."""

    list_display = ["user", "created_at"]
    fields = ["user", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Authenticator]:
        found: QuerySet[Authenticator] = super().get_queryset(request)
        return found.filter(type=Authenticator.Type.TOTP)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        second_factor.remove(obj.user, by=signed_in_user(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Authenticator]) -> None:
        for row in queryset.select_related("user"):
            second_factor.remove(row.user, by=signed_in_user(request))


# Users, accounts at the provider and teams have their pages; the provider is in the settings;
# applications register themselves
for unused in (EmailAddress, SocialApp, SocialToken, Client, IssuedToken):
    admin.site.unregister(unused)

admin.site.unregister(User)


@admin.register(User)
class LeavingUserAdmin(UserAdmin):
    """Django's own, with a page before the deletion of a user who owns repositories."""

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Reports repositories as protected instead of a missing permission for them."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, lacking - {Repository._meta.verbose_name}, protected

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        leaver = self.get_object(request, unquote(object_id))
        if leaver is None or not leaver.repositories.exists():
            return super().delete_view(request, object_id, extra_context)
        if not self.has_delete_permission(request, leaver):
            raise PermissionDenied
        form = DepartureForm(leaver, request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                message = form.settle(by=signed_in_user(request))
            except ValidationError as error:
                form.add_error("heir", error)
            else:
                messages.success(request, message)
                return redirect("admin:auth_user_delete", leaver.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Repositories of {leaver.get_username()}",
            "leaver": leaver,
            "repositories": leaver.repositories.order_by("name"),
            "form": form,
        }
        status = 400 if form.errors else 200
        return render(request, "admin/codeindex/departure.html", context, status=status)
