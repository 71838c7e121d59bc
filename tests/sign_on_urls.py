"""The addresses of an installation with a provider."""

from codeindex.urls import (
    handler400,
    handler403,
    handler404,
    handler500,
    single_sign_on,
)
from codeindex.urls import urlpatterns as without

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [*single_sign_on, *without]
