"""Connections to others: the certificates that are trusted, and proxies."""

from __future__ import annotations

import os
import ssl

from django.core.exceptions import ImproperlyConfigured

from codeindex.settings.services import env

# The certificates of the authorities that are trusted, instead of the system's
CODEINDEX_CA_BUNDLE = env.file("CODEINDEX_CA_BUNDLE")
if CODEINDEX_CA_BUNDLE:
    try:
        ssl.create_default_context(cafile=CODEINDEX_CA_BUNDLE)
    except OSError as error:
        raise ImproperlyConfigured(
            f"Invalid CODEINDEX_CA_BUNDLE='{CODEINDEX_CA_BUNDLE}': it holds no certificates in the"
            " format PEM."
        ) from error
    # Read by OpenSSL (code hosts, webhooks, mail, the broker), by git and by requests (single
    # sign-on)
    for _reader in ("SSL_CERT_FILE", "GIT_SSL_CAINFO", "REQUESTS_CA_BUNDLE"):
        os.environ[_reader] = str(CODEINDEX_CA_BUNDLE)

# Whether names that this machine does not know are left to the outbound proxy
CODEINDEX_PROXY_RESOLVES = env.boolean("CODEINDEX_PROXY_RESOLVES", False)
# Libraries look for them in the environment alone
_proxies = {
    "HTTPS_PROXY": env.text("HTTPS_PROXY"),
    "HTTP_PROXY": env.text("HTTP_PROXY"),
    "ALL_PROXY": env.text("ALL_PROXY"),
    "NO_PROXY": env.text("NO_PROXY"),
}
os.environ.update({name: value for name, value in _proxies.items() if value})
