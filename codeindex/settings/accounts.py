"""How users sign in, and how agents ask them for authorization."""

from __future__ import annotations

from django.conf import global_settings
from django.core.exceptions import ImproperlyConfigured

from codeindex.settings.services import env

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
CODEINDEX_OIDC_URL = env.url("CODEINDEX_OIDC_URL", "https", "http")
CODEINDEX_OIDC_NAME = env.text("CODEINDEX_OIDC_NAME", "single sign-on")
CODEINDEX_OIDC_CLIENT_ID = env.text("CODEINDEX_OIDC_CLIENT_ID")
CODEINDEX_OIDC_CLIENT_SECRET = env.secret("CODEINDEX_OIDC_CLIENT_SECRET")
CODEINDEX_OIDC_SCOPES = env.items("CODEINDEX_OIDC_SCOPES", "openid, profile, email")
CODEINDEX_OIDC_GROUPS_CLAIM = env.text("CODEINDEX_OIDC_GROUPS_CLAIM", "groups")
CODEINDEX_OIDC_TEAMS = env.pairs("CODEINDEX_OIDC_TEAMS")
CODEINDEX_OIDC_ADMIN_GROUPS = env.items("CODEINDEX_OIDC_ADMIN_GROUPS")
CODEINDEX_OIDC_SIGNUP_DOMAINS = env.items("CODEINDEX_OIDC_SIGNUP_DOMAINS")
CODEINDEX_OIDC_SIGNUP_GROUPS = env.items("CODEINDEX_OIDC_SIGNUP_GROUPS")
# After this time its users sign in again, so that changes at the provider take effect
CODEINDEX_OIDC_SESSION_HOURS = env.integer("CODEINDEX_OIDC_SESSION_HOURS", 24, high=24 * 365)
CODEINDEX_OIDC_SECONDS = env.integer("CODEINDEX_OIDC_SECONDS", 5, high=60)
if CODEINDEX_OIDC_URL and not CODEINDEX_OIDC_CLIENT_ID:
    raise ImproperlyConfigured("Set CODEINDEX_OIDC_CLIENT_ID, too, or unset CODEINDEX_OIDC_URL.")

# Whether agents may ask users for authorization with OAuth, instead of being given a token; then
# the endpoint for agents answers nobody who sends none
CODEINDEX_OAUTH = env.boolean("CODEINDEX_OAUTH", False)
# Whether applications may be known by a document at an address of theirs, which this server fetches
CODEINDEX_OAUTH_DOCUMENTS = env.boolean("CODEINDEX_OAUTH_DOCUMENTS", False)
# Registrations of applications, and requests for tokens, from one address
CODEINDEX_OAUTH_REGISTRATION_RATE = env.rate("CODEINDEX_OAUTH_REGISTRATION_RATE", "60/hour")
CODEINDEX_OAUTH_TOKEN_RATE = env.rate("CODEINDEX_OAUTH_TOKEN_RATE", "600/hour")
# Seconds: an authorization that is not used for a month ends
IDP_OIDC_AUTHORIZATION_CODE_EXPIRES_IN = 60
IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = 3600
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = 30 * 24 * 3600

# Whether users sign in with passwords of this installation
CODEINDEX_PASSWORDS = env.boolean("CODEINDEX_PASSWORDS", True)
if not CODEINDEX_PASSWORDS and not CODEINDEX_OIDC_URL:
    raise ImproperlyConfigured(
        "Set CODEINDEX_OIDC_URL before CODEINDEX_PASSWORDS=false, or nobody can sign in."
    )

# Who must have a second factor when they sign in with a password of this installation
CODEINDEX_SECOND_FACTOR = env.choice(
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

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
