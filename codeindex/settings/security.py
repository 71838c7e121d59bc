"""Secrets, trusted hosts, cookies, the life of tokens, and what the audit keeps."""

from __future__ import annotations

from codeindex.local_services.secret_key import stored_secret_key
from codeindex.settings.services import env, state

DEBUG = env.boolean("DEBUG", False)
SECRET_KEY = env.secret("SECRET_KEY") or stored_secret_key(state)
SECRET_KEY_FALLBACKS = env.secrets("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", "localhost, 127.0.0.1, [::1]")
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
CODEINDEX_BEHIND_TLS = env.boolean("CODEINDEX_BEHIND_TLS", False)

# For how many days a new token may be valid at most; 0: for ever
CODEINDEX_TOKEN_DAYS = env.integer("CODEINDEX_TOKEN_DAYS", 0, low=0, high=36_500)
# Whether the audit keeps the texts of searches, and for how many days it keeps rows; 0: for ever
CODEINDEX_AUDIT_TEXT = env.choice("CODEINDEX_AUDIT_TEXT", "keep", "keep", "hash", "omit")
CODEINDEX_AUDIT_DAYS = env.integer("CODEINDEX_AUDIT_DAYS", 365, low=0, high=36_500)
# For how many days versions of files that were replaced and ended index runs are kept, and recent
# searches of users; 0: for ever
CODEINDEX_HISTORY_DAYS = env.integer("CODEINDEX_HISTORY_DAYS", 0, low=0, high=36_500)
CODEINDEX_RECENT_DAYS = env.integer("CODEINDEX_RECENT_DAYS", 0, low=0, high=36_500)

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CODEINDEX_BEHIND_TLS
# For how many seconds browsers that have come by HTTPS come by nothing else; 0: unless told
# otherwise
CODEINDEX_HSTS_SECONDS = env.integer("CODEINDEX_HSTS_SECONDS", 3600, low=0)
SECURE_HSTS_SECONDS = CODEINDEX_HSTS_SECONDS if CODEINDEX_BEHIND_TLS else 0
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # other programs may serve the subdomains
    "security.W021",  # a list in browsers is for whoever owns the whole domain to ask for
    "security.W008",  # the proxy leads from HTTP to HTTPS; programs on this machine come without it
]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CODEINDEX_BEHIND_TLS else None

# A probe asks this machine, and not the proxy that ends TLS
SECURE_REDIRECT_EXEMPT = [r"^(health|healthz|readyz|metrics)$"]

# Bytes of a request body. The largest form is that of a repository in the admin site
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024**2
