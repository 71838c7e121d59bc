"""The root URLconf."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path, register_converter
from drf_spectacular.views import SpectacularAPIView

from codeindex.accounts.oauth import clients
from codeindex.accounts.sign_on import provider
from codeindex.web import api, ids, repository_list, views
from codeindex.web.accounts import api as accounts_api
from codeindex.web.accounts import audit
from codeindex.web.accounts import views as accounts
from codeindex.web.administration import costs, health, installation
from codeindex.web.administration import users as administered_users
from codeindex.web.integrations import (
    code_host_api,
    code_host_views,
    outgoing_api,
    outgoing_views,
    push_api,
    push_views,
)
from codeindex.web.invitations import views as invitation_views
from codeindex.web.invitations.api import InvitationsView, InvitationView
from codeindex.web.oauth import api as oauth_api
from codeindex.web.oauth import endpoints
from codeindex.web.oauth import views as oauth_views
from codeindex.web.observability import endpoints as health_endpoints
from codeindex.web.quality import api as quality_api
from codeindex.web.quality import names as name_views
from codeindex.web.quality import names_api
from codeindex.web.quality import views as quality_views
from codeindex.web.quality.check_api import CheckView
from codeindex.web.repository_settings.api import SettingsView
from codeindex.web.repository_settings.forms import AccessSection, RulesSection, SourceSection
from codeindex.web.repository_settings.views import settings
from codeindex.web.rest import reference
from codeindex.web.second_factor import views as second_factor
from codeindex.web.sign_on import views as sign_on
from codeindex.web.teams import api as team_api
from codeindex.web.teams import views as team_views

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
    path("pause", views.pause, name="pause"),
    path("resume", views.resume, name="resume"),
    path("settings", settings, name="repository-settings"),
    path("settings/access", settings, {"section": AccessSection}, name="repository-access"),
    path("settings/source", settings, {"section": SourceSection}, name="repository-source"),
    path("rules", settings, {"section": RulesSection}, name="rules"),
    path("names/<definition:definition>/dismiss", name_views.dismiss, name="dismiss-name"),
    path(
        "names/dismissed/<dismissal:dismissal>/take-back",
        name_views.take_back,
        name="take-back-dismissal",
    ),
    path("remove", views.remove, name="remove"),
]

teams = [
    path("", team_views.team_list, name="teams"),
    path("<team:pk>/", team_views.team, name="team"),
    path("<team:pk>/members", team_views.set_member, name="set-member"),
    path("<team:pk>/members/remove", team_views.remove_member, name="remove-member"),
    path("<team:pk>/rename", team_views.rename, name="rename-team"),
    path("<team:pk>/remove", team_views.remove, name="remove-team"),
]

invitations = [
    path("", invitation_views.invitation_list, name="invitations"),
    path("<invitation:pk>/revoke", invitation_views.revoke, name="revoke-invitation"),
    path("<str:secret>", invitation_views.join, name="join"),
]

account = [
    path("", accounts.account, name="account"),
    path("token", accounts.new_token, name="new-token"),
    path("token/revoke", accounts.revoke_token, name="revoke-token"),
    path("applications/revoke", oauth_views.revoke, name="revoke-grant"),
    path("login/", sign_on.SignInView.as_view(), name="login"),
    path("login/code", second_factor.sign_in, name="second-factor-sign-in"),
    path("second-factor/", second_factor.second_factor_page, name="second-factor"),
    path("second-factor/set-up", second_factor.set_up, name="set-up-second-factor"),
    path("link/<str:signed>", sign_on.link, name="sign-in-link"),
    path("logout/", auth.LogoutView.as_view(), name="logout"),
    path("password/", auth.PasswordChangeView.as_view(), name="password_change"),
    path("password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
]

webhooks = [
    path("outgoing/", outgoing_views.outgoing_webhooks, name="outgoing-webhooks"),
    path(
        "outgoing/<outgoing_webhook:webhook>/remove",
        outgoing_views.remove,
        name="remove-outgoing-webhook",
    ),
    path("", push_views.webhooks, name="webhooks"),
    path("<push_webhook:webhook>/remove", push_views.remove, name="remove-webhook"),
]

code_hosts = [
    path("", code_host_views.code_hosts, name="code-hosts"),
    path("<code_host:host>/", code_host_views.code_host, name="code-host"),
    path("<code_host:host>/token", code_host_views.change_token, name="change-host-token"),
    path("<code_host:host>/remove", code_host_views.remove_host, name="remove-code-host"),
    path("imports/<import:source>/", code_host_views.imported, name="import"),
    path("imports/<import:source>/start", code_host_views.start, name="start-import"),
    path("imports/<import:source>/follow", code_host_views.follow_host, name="follow-host"),
    path("imports/<import:source>/confirm", code_host_views.confirm, name="confirm-import"),
    path("imports/<import:source>/remove", code_host_views.remove_import, name="remove-import"),
]

rest = [
    path("schema", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs", reference.page, name="api-docs"),
    path("repositories", api.RepositoriesView.as_view(), name="api-repositories"),
    path("repositories/<repository:pk>", api.RepositoryView.as_view(), name="api-repository"),
    path("repositories/<repository:pk>/settings", SettingsView.as_view(), name="api-settings"),
    path("repositories/<repository:pk>/rules", api.RulesView.as_view(), name="api-rules"),
    path("repositories/<repository:pk>/runs", api.RunsView.as_view(), name="api-runs"),
    path(
        "repositories/<repository:pk>/runs/<run:run>/cancel",
        api.CancelView.as_view(),
        name="api-cancel",
    ),
    path("repositories/<repository:pk>/pause", api.PauseView.as_view(), name="api-pause"),
    path("repositories/<repository:pk>/resume", api.ResumeView.as_view(), name="api-resume"),
    path("code-hosts", code_host_api.CodeHostsView.as_view(), name="api-code-hosts"),
    path("code-hosts/<code_host:host>", code_host_api.CodeHostView.as_view(), name="api-code-host"),
    path("imports", code_host_api.ImportsView.as_view(), name="api-imports"),
    path("imports/<import:source>", code_host_api.ImportView.as_view(), name="api-import"),
    path(
        "imports/<import:source>/start", code_host_api.StartView.as_view(), name="api-start-import"
    ),
    path(
        "imports/<import:source>/confirm",
        code_host_api.ConfirmView.as_view(),
        name="api-confirm-import",
    ),
    path(
        "outgoing-webhooks",
        outgoing_api.OutgoingWebhooksView.as_view(),
        name="api-outgoing-webhooks",
    ),
    path(
        "outgoing-webhooks/<outgoing_webhook:webhook>",
        outgoing_api.OutgoingWebhookView.as_view(),
        name="api-outgoing-webhook",
    ),
    path("webhooks", push_api.WebhooksView.as_view(), name="api-webhooks"),
    path(
        "webhooks/<push_webhook:webhook>",
        push_api.WebhookView.as_view(),
        name="api-webhook",
    ),
    path("hooks/<push_webhook:webhook>", push_api.HookView.as_view(), name="hook"),
    path("repositories/<repository:pk>/failures", api.FailuresView.as_view(), name="api-failures"),
    path(
        "repositories/<repository:pk>/doubtful-names",
        names_api.NamesView.as_view(),
        name="api-doubtful-names",
    ),
    path(
        "repositories/<repository:pk>/doubtful-names/export",
        names_api.ExportView.as_view(),
        name="api-doubtful-names-export",
    ),
    path(
        "repositories/<repository:pk>/dismissed-names",
        names_api.DismissalsView.as_view(),
        name="api-dismissed-names",
    ),
    path(
        "repositories/<repository:pk>/dismissed-names/<dismissal:dismissal>",
        names_api.DismissalView.as_view(),
        name="api-dismissed-name",
    ),
    path("names/check", CheckView.as_view(), name="api-check-names"),
    path("evaluations", quality_api.EvaluationsView.as_view(), name="api-evaluations"),
    path(
        "evaluations/<evaluation:pk>",
        quality_api.EvaluationView.as_view(),
        name="api-evaluation",
    ),
    path("audit", audit.AuditView.as_view(), name="api-audit"),
    path("audit/export", audit.ExportView.as_view(), name="api-audit-export"),
    path("tokens", accounts_api.TokensView.as_view(), name="api-tokens"),
    path("tokens/<str:beginning>", accounts_api.TokenView.as_view(), name="api-token"),
    path("applications", oauth_api.ApplicationsView.as_view(), name="api-applications"),
    path(
        "applications/<str:beginning>",
        oauth_api.ApplicationView.as_view(),
        name="api-application",
    ),
    path("invitations", InvitationsView.as_view(), name="api-invitations"),
    path("invitations/<invitation:pk>", InvitationView.as_view(), name="api-invitation"),
    path("teams", team_api.TeamsView.as_view(), name="api-teams"),
    path("teams/<team:pk>", team_api.TeamView.as_view(), name="api-team"),
    path("teams/<team:pk>/members", team_api.MembersView.as_view(), name="api-members"),
    path("teams/<team:pk>/members/<str:user>", team_api.MemberView.as_view(), name="api-member"),
]

administration = [
    path("", administered_users.users, name="admin-users"),
    path("users/<str:user>/", administered_users.user, name="admin-user"),
    path("users/<str:user>/change", administered_users.change_user, name="admin-change-user"),
    path("users/<str:user>/password", administered_users.set_password, name="admin-set-password"),
    path("users/<str:user>/remove", administered_users.remove_user, name="admin-remove-user"),
    path("tokens/", administered_users.token_list, name="admin-tokens"),
    path("health/", health.health, name="admin-health"),
    path("spaces/", installation.spaces, name="admin-spaces"),
    path("spaces/<space:space>/change", installation.change_space, name="admin-change-space"),
    path("workers/", installation.workers, name="admin-workers"),
    path("storage/", installation.storage, name="admin-storage"),
    path("costs/", costs.page, name="admin-costs"),
    path("costs/export", costs.export, name="admin-costs-export"),
]

quality = [
    path("", quality_views.coverage, name="quality"),
    path("duplicates/", quality_views.duplicates, name="quality-duplicates"),
    path("names/", name_views.doubtful, name="quality-names"),
    path("names/export/<str:form>", name_views.export, name="quality-names-export"),
    path("searches/", quality_views.searches, name="quality-searches"),
    path("evaluations/", quality_views.evaluations, name="quality-evaluations"),
]

# Absent without a provider
single_sign_on = [
    path("account/sign-on/", sign_on.sign_on, name="sign-on"),
    path("account/sign-on/connect", sign_on.connect, name="sign-on-connect"),
    path("account/sign-on/callback", sign_on.callback, name="sign-on-callback"),
]

# Absent without OAuth
oauth = [
    path(".well-known/oauth-protected-resource", endpoints.resource, name="oauth-server-resource"),
    path(".well-known/oauth-protected-resource/mcp", endpoints.resource, name="oauth-resource"),
    path(".well-known/oauth-authorization-server", endpoints.server, name="oauth-server"),
    path("oauth/authorize", oauth_views.authorize, name="oauth-authorize"),
    path("oauth/register", endpoints.register, name="oauth-register"),
    path("oauth/token", endpoints.token, name="oauth-token"),
    path("oauth/revoke", endpoints.revoke, name="oauth-revoke"),
]

admin.autodiscover()  # here, so that commands without pages need not load them

urlpatterns = [
    path("health", health_endpoints.healthz, name="health"),
    path("healthz", health_endpoints.healthz, name="healthz"),
    path("readyz", health_endpoints.readyz, name="readyz"),
    path("metrics", health_endpoints.prometheus, name="metrics"),
    *(single_sign_on if provider.is_on() else []),
    *(oauth if clients.is_on() else []),
    path("admin/login/", sign_on.admin_sign_in, name="admin-sign-in"),
    path("admin/", admin.site.urls),
    path("repositories/", repository_list.repository_list, name="repositories"),
    path("repositories/register", views.register, name="register"),
    path("repositories/register-many", views.register_many, name="register-many"),
    path("repositories/<repository:pk>/", include(repository)),
    path("teams/", include(teams)),
    path("invitations/", include(invitations)),
    path("webhooks/", include(webhooks)),
    path("code-hosts/", include(code_hosts)),
    path("account/", include(account)),
    path("administration/", include(administration)),
    path("quality/", include(quality)),
    path("audit/", audit.page, name="audit"),
    path("audit/export/<str:form>", audit.export, name="audit-export"),
    path("api/v1/", include(rest)),
    path("", include("search.mcp.urls")),
    path("", include("search.web.urls")),
]
