"""The audit on a page and over REST, for administrators: with filters, and exported."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from codeindex import audit
from codeindex.accounts import audit_trail
from codeindex.accounts.audit_trail import Filters, Page
from codeindex.audit import ACTIONS, Access, Door
from codeindex.exports import CONTENT_TYPES, Format
from codeindex.models import AuditRecord, Scope
from codeindex.web.access import require_administrator
from codeindex.web.rest.renderers import OF_EXPORTS
from codeindex.web.rest.schema import answers
from codeindex.web.rest.views import AdministratorView

ROWS = 100
"""On a page, and by default over REST."""

MOST_ROWS = 1_000


class FilterForm(forms.Form):
    user = forms.CharField(required=False, max_length=150)
    action = forms.ChoiceField(
        required=False,
        choices=[("", "any"), *((action, label) for action, label in sorted(ACTIONS.items()))],
    )
    door = forms.ChoiceField(
        required=False, choices=[("", "any"), *((door.value, door.value) for door in Door)]
    )
    subject = forms.CharField(required=False, max_length=200, label="Subject contains")
    address = forms.CharField(required=False, max_length=50)
    token = forms.CharField(required=False, max_length=12, label="Token begins")
    since = forms.DateTimeField(
        required=False, label="From", widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateTimeField(
        required=False, label="To", widget=forms.DateInput(attrs={"type": "date"})
    )
    before = forms.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput
    )

    def filters(self) -> Filters:
        """The whole of the last day is included."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "before"}
        if values["until"]:
            values["until"] += timedelta(days=1)
        return Filters(**values)


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    form = _form(request)
    context: dict[str, Any] = {"nav": "audit", "form": form, "formats": list(Format)}
    if form.is_valid():
        shown = audit_trail.page(form.filters(), form.cleaned_data["before"], ROWS)
        audit.note(Access.AUDIT_READ, request.user, subject=request.GET.urlencode())
        context |= {"records": shown.records, "actions": ACTIONS, "asked": _asked(request)}
        context["older"] = _asked(request, before=shown.next) if shown.next else ""
    return render(request, "codeindex/audit.html", context, status=400 if form.errors else 200)


@login_required
@require_safe
def export(request: HttpRequest, form: str) -> HttpResponseBase:
    filters = _form(request)
    if form not in set(Format):
        raise Http404
    if not filters.is_valid():
        return page(request)
    return _exported(request, filters.filters(), Format(form))


def _form(request: HttpRequest) -> FilterForm:
    require_administrator(request.user)
    return FilterForm(request.GET)


def _asked(request: HttpRequest, **more: object) -> str:
    """The query string, without the place in the list unless it is given."""
    asked = request.GET.copy()
    asked.pop("before", None)
    for name, value in more.items():
        asked[name] = str(value)
    return asked.urlencode()


def _exported(
    request: HttpRequest | Request, filters: Filters, form: Format
) -> StreamingHttpResponse:
    details = f"exported as {form.value}"
    subject = request.META.get("QUERY_STRING", "")
    audit.note(Access.AUDIT_READ, request.user, subject=subject, details=details)
    return StreamingHttpResponse(
        audit_trail.exported(filters, form),
        content_type=CONTENT_TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="audit.{form.value}"'},
    )


class FilterParameters(serializers.Serializer[Any]):
    user = serializers.CharField(default="", allow_blank=True, max_length=150)
    action = serializers.ChoiceField(choices=sorted(ACTIONS), default="", allow_blank=True)
    door = serializers.ChoiceField(
        choices=[door.value for door in Door], default="", allow_blank=True
    )
    token = serializers.CharField(
        default="", allow_blank=True, max_length=12, help_text="The beginning of its key."
    )
    address = serializers.CharField(default="", allow_blank=True, max_length=50)
    subject = serializers.CharField(
        default="", allow_blank=True, max_length=200, help_text="A part of it."
    )
    since = serializers.DateTimeField(default=None, help_text="From this time on.")
    until = serializers.DateTimeField(default=None, help_text="Before this time.")


class PageParameters(FilterParameters):
    cursor = serializers.IntegerField(
        default=None, min_value=1, max_value=2**63 - 1, help_text="The `next` of an answer."
    )
    limit = serializers.IntegerField(default=ROWS, min_value=1, max_value=MOST_ROWS)


class ExportParameters(FilterParameters):
    format = serializers.ChoiceField(choices=[form.value for form in Format])


class RecordSerializer(serializers.ModelSerializer[AuditRecord]):
    user = serializers.CharField(help_text="Empty for anonymous requests and for commands.")
    token = serializers.CharField(help_text="The beginning of its key.")

    class Meta:
        model = AuditRecord
        fields = ["at", "user", "action", "door", "address", "token", "subject", "details", "text"]
        read_only_fields = fields


class PageSerializer(serializers.Serializer[Page]):
    records = RecordSerializer(many=True)
    next = serializers.IntegerField(allow_null=True, help_text="The `cursor` of older records.")


class AuditView(AdministratorView):
    scope = Scope.ADMIN

    @extend_schema(
        operation_id="audit",
        summary="Read the audit, newest first, as an administrator",
        parameters=[PageParameters],
        responses=answers(PageSerializer),
    )
    def get(self, request: Request) -> Response:
        asked = _validated(PageParameters, request)
        before, limit = asked.pop("cursor"), asked.pop("limit")
        shown = audit_trail.page(Filters(**asked), before, limit)
        subject = request.META.get("QUERY_STRING", "")
        audit.note(Access.AUDIT_READ, request.user, subject=subject)
        return Response(PageSerializer(shown).data)


class ExportView(AdministratorView):
    scope = Scope.ADMIN
    renderer_classes = OF_EXPORTS

    @extend_schema(
        operation_id="export_audit",
        summary="Export the audit, oldest first, as an administrator",
        parameters=[ExportParameters],
        responses=answers(OpenApiTypes.STR),
    )
    def get(self, request: Request) -> HttpResponseBase:
        asked = _validated(ExportParameters, request)
        form = Format(asked.pop("format"))
        return _exported(request, Filters(**asked), form)


def _validated(serializer: type[FilterParameters], request: Request) -> dict[str, Any]:
    given = serializer(data=request.query_params)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)
