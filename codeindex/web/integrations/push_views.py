"""The page of push webhooks: parse, call one function, render."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from codeindex.accounts.authentication import signed_in_user
from codeindex.integrations import push_webhooks
from codeindex.integrations.push_webhooks import NewWebhook
from codeindex.models import PushDelivery
from codeindex.web.integrations.forms import WebhookForm

DELIVERIES = 5
"""The most deliveries of a webhook that its owner sees."""


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: HttpRequest) -> HttpResponse:
    """Push webhooks. The secret of a new one is shown in this response and never again."""
    user = signed_in_user(request)
    form = WebhookForm(user, request.POST if request.method == "POST" else None)
    created: NewWebhook | None = None
    if form.is_valid():
        try:
            created = push_webhooks.create(user, **form.cleaned_data, by=user)
        except ValidationError as error:
            form.add_error(None, error)
    latest = Prefetch("deliveries", PushDelivery.objects.all()[:DELIVERIES], to_attr="latest")
    own = push_webhooks.managed_by(user).prefetch_related(latest)
    context = {
        "nav": "repositories",
        "form": WebhookForm(user) if created else form,
        "created": created,
        "webhooks": [(webhook, _address(request, webhook.pk)) for webhook in own],
        "address": _address(request, created.webhook.pk) if created else "",
    }
    status = 400 if form.errors else 200
    return render(request, "codeindex/webhooks.html", context, status=status)


@login_required
@require_POST
def remove(request: HttpRequest, webhook: int) -> HttpResponse:
    user = signed_in_user(request)
    row = get_object_or_404(push_webhooks.managed_by(user), pk=webhook)
    push_webhooks.remove(row, by=user)
    messages.success(request, f"The webhook {row.name} has been removed.")
    return redirect("webhooks")


def _address(request: HttpRequest, pk: int) -> str:
    return request.build_absolute_uri(reverse("hook", args=[pk]))
