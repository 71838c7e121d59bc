"""The page on which a user authorizes an application, and the list of what they have authorized."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from codeindex.accounts.authentication import signed_in_user
from codeindex.accounts.limits import clients, throttles
from codeindex.accounts.oauth import authorization, grants, redirects
from codeindex.accounts.oauth.authorization import AuthorizationRefused, AuthorizationRequest
from codeindex.web import middleware
from codeindex.web.oauth import addresses


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """Asks the user, and sends them back to the application with the answer."""
    rate = settings.CODEINDEX_OAUTH_REGISTRATION_RATE
    throttles.count("requests for authorization", rate, clients.name(request))
    try:
        asked = authorization.parse(
            request.GET, addresses.issuer(request), addresses.resource(request)
        )
        if request.method != "POST":
            return _ask(request, asked)
        if request.POST.get("decision") != "allow":
            return _sent_to(authorization.refuse(asked))
        return _sent_to(authorization.grant(request, asked))
    except AuthorizationRefused as refusal:
        context = {"reason": str(refusal)}
        return render(request, "registration/not_authorized.html", context, status=400)


@login_required
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    user = signed_in_user(request)
    grants.revoke(user, request.POST.get("grant", ""), by=user)
    return redirect("account")


def _ask(request: HttpRequest, asked: AuthorizationRequest) -> HttpResponse:
    page = render(request, "registration/authorize.html", {"asked": asked})
    # Browsers apply this to the redirect that answers the form
    destination = f"form-action 'self' {redirects.scheme(asked.redirect_uri)}:"
    page.headers["Content-Security-Policy"] = middleware.POLICY.replace(
        "form-action 'self'", destination
    )
    return page


def _sent_to(uri: str) -> HttpResponse:
    """A redirect to any scheme: Django's own class allows those of the web alone."""
    return HttpResponse(status=302, headers={"Location": uri})
