"""The page of outgoing webhooks: parse, call one function, render."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from codeindex.accounts.authentication import signed_in_user
from codeindex.integrations import outgoing
from codeindex.integrations.outgoing import NewOutgoingWebhook
from codeindex.models import OutgoingDelivery
from codeindex.web.integrations.forms import OutgoingWebhookForm

DELIVERIES = 5
"""The most deliveries of a webhook that its owner sees."""


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def outgoing_webhooks(request: HttpRequest) -> HttpResponse:
    """The secret of a new webhook is shown in this response and never again."""
    user = signed_in_user(request)
    form = OutgoingWebhookForm(user, request.POST if request.method == "POST" else None)
    created: NewOutgoingWebhook | None = None
    if form.is_valid():
        try:
            created = outgoing.create(user, **form.cleaned_data, by=user)
        except ValidationError as error:
            form.add_error(None, error)
    about = ("run__branch__repository__owner", "alert__search")
    rows = OutgoingDelivery.objects.select_related(*about)
    latest = Prefetch("deliveries", rows[:DELIVERIES], to_attr="latest")
    context = {
        "nav": "repositories",
        "form": OutgoingWebhookForm(user) if created else form,
        "created": created,
        "webhooks": outgoing.managed_by(user).prefetch_related(latest),
    }
    status = 400 if form.errors else 200
    return render(request, "codeindex/outgoing_webhooks.html", context, status=status)


@login_required
@require_POST
def remove(request: HttpRequest, webhook: int) -> HttpResponse:
    user = signed_in_user(request)
    row = get_object_or_404(outgoing.managed_by(user), pk=webhook)
    outgoing.remove(row, by=user)
    messages.success(request, f"The webhook {row.name} has been removed.")
    return redirect("outgoing-webhooks")
