"""The root of all addresses."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path


def health(request: HttpRequest) -> HttpResponse:
    """Answers without the database: whether this process serves requests."""
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("health", health, name="health"),
    path("admin/", admin.site.urls),
]
