"""The Django application: its apps, middleware, templates, static files and REST interface."""

from __future__ import annotations

from codeindex.settings.observability import CODEINDEX_TRACES
from codeindex.settings.services import BASE_DIR, state

ROOT_URLCONF = "codeindex.urls"
WSGI_APPLICATION = "codeindex.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",  # `urls` loads the pages of `admin`
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.idp.oidc",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "codeindex",
    "search",
]

MIDDLEWARE = [
    "codeindex.web.observability.middleware.probes_by_any_name",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "codeindex.web.observability.middleware.ObservedRequests",
    *(["codeindex.observability.traces.traced_requests"] if CODEINDEX_TRACES else []),
    # Behind the static files, which are compressed already. A page may hold text of a stranger's
    # choice beside a secret (BREACH): Django masks its CSRF tokens anew in each response, and adds
    # random bytes to what it compresses
    "django.middleware.gzip.GZipMiddleware",
    "codeindex.web.middleware.content_security_policy",
    "codeindex.web.middleware.no_store",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "codeindex.web.middleware.audit_origin",
    "codeindex.web.middleware.reject_malformed",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "codeindex.web.middleware.rate_limit_headers",
    "codeindex.web.middleware.RefusedRequests",
    "codeindex.web.middleware.DatabaseUnavailable",
    "codeindex.web.second_factor.middleware.RequiredSecondFactor",
    "codeindex.web.abandonment.AbandonedRequests",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

STATIC_URL = "static/"
STATIC_ROOT = state.static
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700  # of every folder that `collectstatic` makes

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "codeindex.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticatedOrReadOnly",
        "codeindex.accounts.authentication.ScopePermission",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "codeindex.web.rest.parsers.ShallowJSONParser",
        "rest_framework.parsers.FormParser",
    ],
    "EXCEPTION_HANDLER": "codeindex.web.rest.problems.handle",
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_SCHEMA_CLASS": "codeindex.web.rest.schema.Schema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "codeindex",
    "DESCRIPTION": "Find an organisation's own code by describing it.",
    "VERSION": "1",
    "SORT_OPERATIONS": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "codeindex.web.rest.schema.group_by_task",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "RunStatus": "codeindex.models.RunStatus",
        "HostKind": "codeindex.models.HostKind",
    },
    # Ids (codeindex.web.ids)
    "PATH_CONVERTER_OVERRIDES": dict.fromkeys(
        (
            "repository",
            "run",
            "file",
            "definition",
            "team",
            "invitation",
            "push_webhook",
            "outgoing_webhook",
            "code_host",
            "import",
            "evaluation",
        ),
        str,
    ),
}

CSRF_FAILURE_VIEW = "codeindex.web.errors.expired_form"
