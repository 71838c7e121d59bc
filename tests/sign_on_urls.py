"""The addresses of an installation with a provider, and with OAuth for agents."""

from codeindex.urls import (
    handler400,
    handler403,
    handler404,
    handler500,
    oauth,
    single_sign_on,
)
from codeindex.urls import urlpatterns as without

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [*single_sign_on, *oauth, *without]
