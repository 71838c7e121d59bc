"""The root URLconf."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path, register_converter
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from codeindex.web import api, ids, views
from codeindex.web.accounts import api as accounts_api
from codeindex.web.accounts import views as accounts

for converter in ids.CONVERTERS:
    register_converter(converter, converter.row)

handler400 = "codeindex.web.errors.bad_request"
handler403 = "codeindex.web.errors.permission_denied"
handler404 = "codeindex.web.errors.not_found"
handler500 = "codeindex.web.errors.server_error"

repository = [
    path("", views.repository, name="repository"),
    path("progress", views.progress, name="progress"),
    path("index", views.index_again, name="index-again"),
    path("runs/<run:run>/cancel", views.cancel, name="cancel"),
    path("rules", views.rules, name="rules"),
    path("remove", views.remove, name="remove"),
]

account = [
    path("", accounts.account, name="account"),
    path("token", accounts.new_token, name="new-token"),
    path("token/revoke", accounts.revoke_token, name="revoke-token"),
    path("login/", auth.LoginView.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("password/", auth.PasswordChangeView.as_view(), name="password_change"),
    path("password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
]

rest = [
    path("schema", SpectacularAPIView.as_view(), name="api-schema"),
    path(
        "docs",
        SpectacularSwaggerSplitView.as_view(
            url_name="api-schema", template_name="codeindex/api.html"
        ),
        name="api-docs",
    ),
    path("repositories", api.RepositoriesView.as_view(), name="api-repositories"),
    path("repositories/<repository:pk>", api.RepositoryView.as_view(), name="api-repository"),
    path("repositories/<repository:pk>/rules", api.RulesView.as_view(), name="api-rules"),
    path("repositories/<repository:pk>/runs", api.RunsView.as_view(), name="api-runs"),
    path(
        "repositories/<repository:pk>/runs/<run:run>/cancel",
        api.CancelView.as_view(),
        name="api-cancel",
    ),
    path("tokens", accounts_api.TokensView.as_view(), name="api-tokens"),
    path("tokens/<str:beginning>", accounts_api.TokenView.as_view(), name="api-token"),
]

urlpatterns = [
    path("health", views.health, name="health"),
    path("admin/", admin.site.urls),
    path("repositories/", views.repository_list, name="repositories"),
    path("repositories/register", views.register, name="register"),
    path("repositories/<repository:pk>/", include(repository)),
    path("account/", include(account)),
    path("api/v1/", include(rest)),
    path("", include("search.web.urls")),
]
