"""The mail server, for alerts of saved searches. No mail is sent without a host."""

from __future__ import annotations

from codeindex.settings.services import env

CODEINDEX_URL: str = env.url("CODEINDEX_URL", "https", "http").rstrip("/")
EMAIL_HOST = env.text("CODEINDEX_MAIL_HOST")
EMAIL_PORT = env.integer("CODEINDEX_MAIL_PORT", 587, high=65_535)
EMAIL_HOST_USER = env.text("CODEINDEX_MAIL_USER")
EMAIL_HOST_PASSWORD = env.secret("CODEINDEX_MAIL_PASSWORD")
EMAIL_USE_TLS = env.boolean("CODEINDEX_MAIL_TLS", True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("CODEINDEX_MAIL_FROM", "codeindex@localhost")
