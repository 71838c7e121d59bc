"""What the pages of the administration share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse

from codeindex.accounts.authentication import signed_in_user
from codeindex.web.access import require_administrator

Parameters = ParamSpec("Parameters")


def administered(
    view: Callable[Concatenate[HttpRequest, User, Parameters], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Parameters], HttpResponse]:
    """The view for administrators alone; it gets the one who asks."""

    @login_required
    @wraps(view)
    def page(
        request: HttpRequest, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> HttpResponse:
        require_administrator(request.user)
        return view(request, signed_in_user(request), *args, **kwargs)

    return page  # type: ignore[return-value]  # login_required forgets the parameters
