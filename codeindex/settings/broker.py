"""The broker: Valkey or Redis over TCP, TLS or a socket, or behind Sentinels."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from codeindex.settings.services import BROKER_URL, PRIVATE_SERVICES, env, state

CELERY_BROKER_URL = state.broker_url if PRIVATE_SERVICES else BROKER_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {"visibility_timeout": 3600}

# What the Sentinels call the group of servers; their own password; whether they and the servers
# speak TLS
CODEINDEX_SENTINEL_MASTER = env.text("CODEINDEX_SENTINEL_MASTER", "mymaster")
CODEINDEX_SENTINEL_PASSWORD = env.secret("CODEINDEX_SENTINEL_PASSWORD")
CODEINDEX_SENTINEL_TLS = env.boolean("CODEINDEX_SENTINEL_TLS", False)

_scheme = urlsplit(CELERY_BROKER_URL).scheme
if _scheme != "sentinel" and ("," in urlsplit(CELERY_BROKER_URL).netloc or ";" in BROKER_URL):
    raise ImproperlyConfigured(
        "Invalid BROKER_URL: it names several servers. A cluster cannot be the broker; servers of"
        " which one takes over from another are named by their Sentinels: sentinel://."
    )

if _scheme == "rediss" or CODEINDEX_SENTINEL_TLS:
    # Celery's default would accept any certificate
    CELERY_BROKER_USE_SSL = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
if _scheme == "sentinel":
    # Seconds: a Sentinel or a server that hangs is left for another one
    _patience = {"socket_timeout": 5.0, "socket_connect_timeout": 2.0}
    CELERY_BROKER_TRANSPORT_OPTIONS |= {
        "master_name": CODEINDEX_SENTINEL_MASTER,
        "socket_connect_timeout": 2.0,
        "sentinel_kwargs": {
            **_patience,
            "password": CODEINDEX_SENTINEL_PASSWORD or None,
            "ssl": CODEINDEX_SENTINEL_TLS,
        },
    }
