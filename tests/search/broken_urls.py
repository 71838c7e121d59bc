"""Addresses whose views fail, for the tests of what is answered then."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from codeindex.urls import handler400, handler403, handler404, handler500, urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500"]


def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


urlpatterns = [path("repositories/", broken), path("api/v1/x", broken), *urlpatterns]
