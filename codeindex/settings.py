"""The settings of codeindex, from the environment or a `.env` file beside manage.py.

docs/settings.md lists them. An invalid value stops every command with one line that names it."""

from __future__ import annotations

import os
from pathlib import Path

import dj_database_url
from django.conf import global_settings
from django.core.exceptions import ImproperlyConfigured

from codeindex.environment import Environment
from codeindex.local_services import machine
from codeindex.local_services.secret_key import stored_secret_key
from codeindex.local_services.servers.postgres import connection_settings
from codeindex.local_services.state import State

BASE_DIR = Path(__file__).resolve().parent.parent
_env = Environment.from_process(Path(os.environ.get("CODEINDEX_ENV_FILE", BASE_DIR / ".env")))

# State folder, address, services

CODEINDEX_HOME = _env.folder("CODEINDEX_HOME", BASE_DIR / ".codeindex")
_state = State(CODEINDEX_HOME)

CODEINDEX_HOST = _env.text("CODEINDEX_HOST", "127.0.0.1")
PORT = _env.integer("PORT", 8000, high=65535)

DATABASE_URL = _env.url("DATABASE_URL", "postgres", "postgresql")
BROKER_URL = _env.url("BROKER_URL", "redis", "rediss", "redis+socket")
if bool(DATABASE_URL) != bool(BROKER_URL):
    raise ImproperlyConfigured("Set both DATABASE_URL and BROKER_URL, or neither.")
PRIVATE_SERVICES = not DATABASE_URL

# What is indexed, and with which model

CODEINDEX_LOCAL_ROOTS = _env.folders("CODEINDEX_LOCAL_ROOTS")
CODEINDEX_REFUSED_NETWORKS = _env.networks(
    "CODEINDEX_REFUSED_NETWORKS",
    # This machine, its links, and the metadata services of Alibaba, Azure, Oracle, Amazon, Google
    "0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/4, 240.0.0.0/4,"
    " ::/128, ::1/128, fe80::/10, fec0::/10, ff00::/8,"
    " 100.100.100.200/32, 168.63.129.16/32, 192.0.0.0/24, fd00:ec2::/32, fd20:ce::254/128",
)
# The kinds of code hosts, or templates of their links, for links to files there
CODEINDEX_CODE_HOSTS = _env.code_hosts("CODEINDEX_CODE_HOSTS")
CODEINDEX_SSH_KNOWN_HOSTS = _env.file("CODEINDEX_SSH_KNOWN_HOSTS")
CODEINDEX_CLONE_SECONDS = _env.integer("CODEINDEX_CLONE_SECONDS", 600)
CODEINDEX_CLONE_BYTES = _env.size("CODEINDEX_CLONE_BYTES", "2 GiB")
CODEINDEX_CLONE_MEMORY = _env.size("CODEINDEX_CLONE_MEMORY", "2 GiB")
CODEINDEX_CLONE_FILES = _env.integer("CODEINDEX_CLONE_FILES", 1_000_000)
CODEINDEX_CLONE_CONTENT = _env.size("CODEINDEX_CLONE_CONTENT", "20 GiB")
# The most repositories that a user may own; administrators have no limit
CODEINDEX_REPOSITORIES_PER_USER = _env.integer("CODEINDEX_REPOSITORIES_PER_USER", 500)
CODEINDEX_FILE_BYTES = _env.size("CODEINDEX_FILE_BYTES", "1 MiB")
# Limits for parsing one file: seconds of CPU time, and memory
CODEINDEX_READ_SECONDS = _env.integer("CODEINDEX_READ_SECONDS", 10, high=3600)
CODEINDEX_READ_BYTES = _env.size("CODEINDEX_READ_BYTES", "1 GiB")
# Time limit for all SQL statements of one search together
CODEINDEX_SEARCH_SECONDS = _env.integer("CODEINDEX_SEARCH_SECONDS", 10, high=600)
# After this time another worker takes over the work of a killed one
CODEINDEX_LEASE_SECONDS = _env.integer("CODEINDEX_LEASE_SECONDS", 60, high=3600)
# How often work is looked for that nobody was told of, or that a killed worker left
CODEINDEX_SWEEP_SECONDS = _env.integer("CODEINDEX_SWEEP_SECONDS", 15, high=3600)
# How much lower than the web server's and the database's the workers' priority is
CODEINDEX_NICENESS = _env.integer("CODEINDEX_NICENESS", 10, low=0, high=19)
# How many commits back the history of a branch is fetched, to tell who changed a definition last;
# 0: only the newest commit
CODEINDEX_HISTORY_COMMITS = _env.integer("CODEINDEX_HISTORY_COMMITS", 0, low=0, high=100_000)
# How often a host is asked for new commits of a branch, unless its repository says otherwise; 0:
# never
CODEINDEX_CHECK_MINUTES = _env.integer("CODEINDEX_CHECK_MINUTES", 60, low=0, high=43_200)
# How often imports ask for the repositories of an organisation
CODEINDEX_IMPORT_MINUTES = _env.integer("CODEINDEX_IMPORT_MINUTES", 60, high=43_200)
# How often a code host is asked who may read what is imported, and for how long its answer counts
CODEINDEX_PERMISSION_MINUTES = _env.integer("CODEINDEX_PERMISSION_MINUTES", 60, high=43_200)
CODEINDEX_PERMISSION_HOURS = _env.integer("CODEINDEX_PERMISSION_HOURS", 24, high=24 * 365)
# Who may import the repositories of an organisation
CODEINDEX_IMPORTS_BY = _env.choice(
    "CODEINDEX_IMPORTS_BY", "administrators", "administrators", "everyone"
)
# How long a host may take to answer whether a branch has moved on
CODEINDEX_CHECK_SECONDS = _env.integer("CODEINDEX_CHECK_SECONDS", 20, high=600)
# A process that has made no progress for this time is ended
CODEINDEX_STALL_SECONDS = _env.integer("CODEINDEX_STALL_SECONDS", 300)

# If none of these is set, the encoder of the active space is used
CODEINDEX_CHECKPOINT = _env.text("CODEINDEX_CHECKPOINT") or None
CODEINDEX_LLM = _env.text("CODEINDEX_LLM") or None
CODEINDEX_TEXT_ONLY = _env.boolean("CODEINDEX_TEXT_ONLY", False)
CODEINDEX_DTYPE = _env.choice("CODEINDEX_DTYPE", "", "", "float32", "bfloat16", "float16")
CODEINDEX_RUNTIME = _env.choice(
    "CODEINDEX_RUNTIME", "", "", "torch", "8bit", "4bit", "onnx", "onnx-int8"
)

CODEINDEX_DEVICE = _env.text("CODEINDEX_DEVICE") or None

# Whether texts get a draft of their vector first: by default where the encoder runs on a CPU; and
# whether the language model refines drafts
CODEINDEX_DRAFTS = _env.choice("CODEINDEX_DRAFTS", "auto", "auto", "on", "off")
CODEINDEX_REFINING = _env.boolean("CODEINDEX_REFINING", True)

# Up to so many texts are compared one by one, at about 3 µs each; above, the HNSW index is faster,
# and finds enough. Measured at 350,000 texts: both take the same time when 19,000 are kept.
CODEINDEX_EXACT_TEXTS = 20_000

# Security

DEBUG = _env.boolean("DEBUG", False)
SECRET_KEY = _env.secret("SECRET_KEY") or stored_secret_key(_state)
SECRET_KEY_FALLBACKS = _env.secrets("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = _env.items("ALLOWED_HOSTS", "localhost, 127.0.0.1, [::1]")
CSRF_TRUSTED_ORIGINS = _env.origins("CSRF_TRUSTED_ORIGINS")
CODEINDEX_BEHIND_TLS = _env.boolean("CODEINDEX_BEHIND_TLS", False)

# Rate limits for a user, or for an address of anonymous requests
CODEINDEX_SEARCH_RATE = _env.rate("CODEINDEX_SEARCH_RATE", "300/minute")
CODEINDEX_ANONYMOUS_SEARCH_RATE = _env.rate("CODEINDEX_ANONYMOUS_SEARCH_RATE", "60/minute")
CODEINDEX_ENCODE_RATE = _env.rate("CODEINDEX_ENCODE_RATE", "120/minute")
CODEINDEX_ANONYMOUS_ENCODE_RATE = _env.rate("CODEINDEX_ANONYMOUS_ENCODE_RATE", "30/minute")
# A suggestion is asked for with each letter that is typed
CODEINDEX_SUGGEST_RATE = _env.rate("CODEINDEX_SUGGEST_RATE", "1200/minute")
CODEINDEX_ANONYMOUS_SUGGEST_RATE = _env.rate("CODEINDEX_ANONYMOUS_SUGGEST_RATE", "300/minute")
CODEINDEX_INDEX_RATE = _env.rate("CODEINDEX_INDEX_RATE", "60/hour")
# Deliveries to one webhook, and unsigned ones from one address
CODEINDEX_WEBHOOK_RATE = _env.rate("CODEINDEX_WEBHOOK_RATE", "600/minute")
# The same for one token of a user
CODEINDEX_TOKEN_SEARCH_RATE = _env.rate("CODEINDEX_TOKEN_SEARCH_RATE", CODEINDEX_SEARCH_RATE)
CODEINDEX_TOKEN_ENCODE_RATE = _env.rate("CODEINDEX_TOKEN_ENCODE_RATE", CODEINDEX_ENCODE_RATE)
CODEINDEX_TOKEN_INDEX_RATE = _env.rate("CODEINDEX_TOKEN_INDEX_RATE", CODEINDEX_INDEX_RATE)
# Wrong passwords after which signing in is locked: for one user from one address, from one address
# in total, and for one user from everywhere; and the longest lock
CODEINDEX_LOGIN_RATE = _env.rate("CODEINDEX_LOGIN_RATE", "10/10 minutes")
CODEINDEX_ADDRESS_LOGIN_RATE = _env.rate("CODEINDEX_ADDRESS_LOGIN_RATE", "100/10 minutes")
CODEINDEX_USER_LOGIN_RATE = _env.rate("CODEINDEX_USER_LOGIN_RATE", "50/hour")
CODEINDEX_LOCKOUT_SECONDS = _env.integer("CODEINDEX_LOCKOUT_SECONDS", 900, high=86_400)
# For how many days a new token may be valid at most; 0: for ever
CODEINDEX_TOKEN_DAYS = _env.integer("CODEINDEX_TOKEN_DAYS", 0, low=0, high=36_500)
# Whether the audit keeps the texts of searches, and for how many days it keeps rows; 0: for ever
CODEINDEX_AUDIT_TEXT = _env.choice("CODEINDEX_AUDIT_TEXT", "keep", "keep", "hash", "omit")
CODEINDEX_AUDIT_DAYS = _env.integer("CODEINDEX_AUDIT_DAYS", 365, low=0, high=36_500)
# Concurrent searches of one client in a web process
CODEINDEX_SEARCHES_AT_ONCE = _env.integer("CODEINDEX_SEARCHES_AT_ONCE", 2, high=64)

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CODEINDEX_BEHIND_TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CODEINDEX_BEHIND_TLS else None

# Bytes of a request body. The largest form is that of a repository in the admin site
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024**2

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_HASHERS = [
    "codeindex.accounts.passwords.OneAtATime",
    *global_settings.PASSWORD_HASHERS[1:],
]
# Single sign-on with OpenID Connect, if a provider is named
CODEINDEX_OIDC_URL = _env.url("CODEINDEX_OIDC_URL", "https", "http")
CODEINDEX_OIDC_NAME = _env.text("CODEINDEX_OIDC_NAME", "single sign-on")
CODEINDEX_OIDC_CLIENT_ID = _env.text("CODEINDEX_OIDC_CLIENT_ID")
CODEINDEX_OIDC_CLIENT_SECRET = _env.secret("CODEINDEX_OIDC_CLIENT_SECRET")
CODEINDEX_OIDC_SCOPES = _env.items("CODEINDEX_OIDC_SCOPES", "openid, profile, email")
CODEINDEX_OIDC_GROUPS_CLAIM = _env.text("CODEINDEX_OIDC_GROUPS_CLAIM", "groups")
CODEINDEX_OIDC_TEAMS = _env.pairs("CODEINDEX_OIDC_TEAMS")
CODEINDEX_OIDC_ADMIN_GROUPS = _env.items("CODEINDEX_OIDC_ADMIN_GROUPS")
CODEINDEX_OIDC_SIGNUP_DOMAINS = _env.items("CODEINDEX_OIDC_SIGNUP_DOMAINS")
CODEINDEX_OIDC_SIGNUP_GROUPS = _env.items("CODEINDEX_OIDC_SIGNUP_GROUPS")
# After this time its users sign in again, so that changes at the provider take effect
CODEINDEX_OIDC_SESSION_HOURS = _env.integer("CODEINDEX_OIDC_SESSION_HOURS", 24, high=24 * 365)
CODEINDEX_OIDC_SECONDS = _env.integer("CODEINDEX_OIDC_SECONDS", 5, high=60)
if CODEINDEX_OIDC_URL and not CODEINDEX_OIDC_CLIENT_ID:
    raise ImproperlyConfigured("Set CODEINDEX_OIDC_CLIENT_ID, too, or unset CODEINDEX_OIDC_URL.")

# Whether agents may ask users for authorization with OAuth, instead of being given a token; then
# the endpoint for agents answers nobody who sends none
CODEINDEX_OAUTH = _env.boolean("CODEINDEX_OAUTH", False)
# Whether applications may be known by a document at an address of theirs, which this server fetches
CODEINDEX_OAUTH_DOCUMENTS = _env.boolean("CODEINDEX_OAUTH_DOCUMENTS", False)
# Registrations of applications, and requests for tokens, from one address
CODEINDEX_OAUTH_REGISTRATION_RATE = _env.rate("CODEINDEX_OAUTH_REGISTRATION_RATE", "60/hour")
CODEINDEX_OAUTH_TOKEN_RATE = _env.rate("CODEINDEX_OAUTH_TOKEN_RATE", "600/hour")
# Seconds: an authorization that is not used for a month ends
IDP_OIDC_AUTHORIZATION_CODE_EXPIRES_IN = 60
IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = 3600
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = 30 * 24 * 3600

# Whether users sign in with passwords of this installation
CODEINDEX_PASSWORDS = _env.boolean("CODEINDEX_PASSWORDS", True)
if not CODEINDEX_PASSWORDS and not CODEINDEX_OIDC_URL:
    raise ImproperlyConfigured(
        "Set CODEINDEX_OIDC_URL before CODEINDEX_PASSWORDS=false, or nobody can sign in."
    )

# Who must have a second factor when they sign in with a password of this installation
CODEINDEX_SECOND_FACTOR = _env.choice(
    "CODEINDEX_SECOND_FACTOR", "optional", "optional", "administrators", "everyone"
)
MFA_ADAPTER = "codeindex.accounts.second_factor.Adapter"
MFA_TOTP_TOLERANCE = 1  # of the codes before and after: clocks differ
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]

# A session that a backend opened ends when that backend is no longer listed
_PASSWORDS = ["codeindex.accounts.passwords.Gate", "django.contrib.auth.backends.ModelBackend"]
AUTHENTICATION_BACKENDS = [
    *(_PASSWORDS if CODEINDEX_PASSWORDS else []),
    "codeindex.accounts.sign_on.backend.SignOnBackend",
]

ACCOUNT_ADAPTER = "codeindex.web.sign_on.adapters.AccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*"]
SOCIALACCOUNT_ADAPTER = "codeindex.web.sign_on.adapters.SocialAccountAdapter"
SOCIALACCOUNT_REQUESTS_TIMEOUT = CODEINDEX_OIDC_SECONDS

CSRF_FAILURE_VIEW = "codeindex.web.errors.expired_form"

# Mail: alerts of saved searches. None is sent without a host
CODEINDEX_URL: str = _env.url("CODEINDEX_URL", "https", "http").rstrip("/")
EMAIL_HOST = _env.text("CODEINDEX_MAIL_HOST")
EMAIL_PORT = _env.integer("CODEINDEX_MAIL_PORT", 587, high=65_535)
EMAIL_HOST_USER = _env.text("CODEINDEX_MAIL_USER")
EMAIL_HOST_PASSWORD = _env.secret("CODEINDEX_MAIL_PASSWORD")
EMAIL_USE_TLS = _env.boolean("CODEINDEX_MAIL_TLS", True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = _env.text("CODEINDEX_MAIL_FROM", "codeindex@localhost")

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

# The application

ROOT_URLCONF = "codeindex.urls"
WSGI_APPLICATION = "codeindex.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.admin",
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
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
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
STATIC_ROOT = _state.static
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
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
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

# The database. Connections are kept, and checked before use, so that a restarted server goes
# unnoticed

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        **(
            connection_settings(_state) if PRIVATE_SERVICES else dj_database_url.parse(DATABASE_URL)
        ),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }
}

# Celery. Tasks are short, delivered at least once, and without results: the database is the ledger

CELERY_BROKER_URL = _state.broker_url if PRIVATE_SERVICES else BROKER_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_TASK_DEFAULT_QUEUE = "ingest"
CELERY_TASK_ROUTES = {
    **{f"codeindex.tasks.{tasks}": {"queue": "embed"} for tasks in ("embed_*", "refine_*")},
    **{
        f"codeindex.tasks.{tasks}": {"queue": "light"}
        for tasks in ("check_*", "index_update", "send_*", "sync_*")
    },
    "search.tasks.*": {"queue": "embed"},
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = _env.integer("CODEINDEX_WORKERS", 2, high=256)
# A worker process that uses more memory is replaced after its task. The default is each process's
# share of what the database leaves, and enough for a language model of a few gigabytes
CODEINDEX_WORKER_MEMORY = _env.size(
    "CODEINDEX_WORKER_MEMORY",
    str(max(4 * 1024**3, machine.memory_bytes() * 3 // 4 // CELERY_WORKER_CONCURRENCY)),
)
CELERY_WORKER_MAX_MEMORY_PER_CHILD = CODEINDEX_WORKER_MEMORY // 1024
# How many files a worker process parses at once: together the workers use all processors
CODEINDEX_READERS = _env.integer(
    "CODEINDEX_READERS",
    max(1, len(os.sched_getaffinity(0)) // CELERY_WORKER_CONCURRENCY),
    high=256,
)
# How many batches all `embed` workers together encode at once
CODEINDEX_EMBEDDERS = _env.integer("CODEINDEX_EMBEDDERS", CELERY_WORKER_CONCURRENCY, high=1024)
# How many index runs of one owner, and fetches from one host, run at once: one process is left for
# everyone else
CODEINDEX_RUNS_PER_OWNER = _env.integer(
    "CODEINDEX_RUNS_PER_OWNER", max(1, CELERY_WORKER_CONCURRENCY - 1)
)
CODEINDEX_FETCHES_PER_HOST = _env.integer(
    "CODEINDEX_FETCHES_PER_HOST", max(1, CELERY_WORKER_CONCURRENCY - 1)
)
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 3.0
CELERY_BEAT_SCHEDULE_FILENAME = str(_state.beat_schedule)
CELERY_BEAT_SCHEDULE = {
    # In two queues, since either can be busy for a long time or have no worker at all
    "sweep": {
        "task": "codeindex.tasks.sweep",
        "schedule": float(CODEINDEX_SWEEP_SECONDS),
        "options": {"expires": float(CODEINDEX_SWEEP_SECONDS), "queue": "light"},
    },
    "sweep among embedders": {
        "task": "codeindex.tasks.sweep",
        "schedule": float(CODEINDEX_SWEEP_SECONDS),
        "options": {"expires": float(CODEINDEX_SWEEP_SECONDS), "queue": "embed"},
    },
    "survey": {
        "task": "codeindex.tasks.survey",
        "schedule": 600.0,
        "options": {"expires": 600.0, "queue": "embed"},
    },
    "compare functions": {
        "task": "codeindex.tasks.compare_functions",
        "schedule": 86_400.0,
        "options": {"expires": 86_400.0, "queue": "embed"},
    },
    "forget": {
        "task": "codeindex.tasks.forget",
        "schedule": 3600.0,
        "options": {"expires": 3600.0},
    },
}

# Logging

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "class": "codeindex.management.terminal.Formatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["stderr"],
        "level": _env.choice("LOG_LEVEL", "INFO", "DEBUG", "INFO", "WARNING", "ERROR"),
    },
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "httpx": {"level": "WARNING"},  # it logs the address of each request, with what is asked
        "mcp": {"level": "WARNING"},  # it tells of each request
        "waitress.queue": {"level": "ERROR"},  # it warns about each request that waits for a thread
    },
}
