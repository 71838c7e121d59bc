"""Where settings come from; the state folder, the address, the database and the broker."""

from __future__ import annotations

import os
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from codeindex.local_services import machine
from codeindex.local_services.servers.postgres import connection_settings
from codeindex.local_services.state import State
from codeindex.settings.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = Environment.from_process(Path(os.environ.get("CODEINDEX_ENV_FILE", BASE_DIR / ".env")))


CODEINDEX_HOME = env.folder("CODEINDEX_HOME", BASE_DIR / ".codeindex")
state = State(CODEINDEX_HOME)

CODEINDEX_HOST = env.text("CODEINDEX_HOST", "127.0.0.1")
PORT = env.integer("PORT", 8000, high=65535)
# Web processes. Two if the machine has the processors and the memory: each loads an encoder, and
# the GIL limits each to little more than one processor
_TWO_ENCODERS_BYTES = 8 * 1024**3
WEB_CONCURRENCY = env.integer(
    "WEB_CONCURRENCY",
    2 if machine.processors() > 1 and machine.memory_bytes() >= _TWO_ENCODERS_BYTES else 1,
    high=256,
)

DATABASE_URL = env.url("DATABASE_URL", "postgres", "postgresql")
BROKER_URL = env.url("BROKER_URL", "redis", "rediss", "redis+socket", "sentinel")
if bool(DATABASE_URL) != bool(BROKER_URL):
    raise ImproperlyConfigured("Set both DATABASE_URL and BROKER_URL, or neither.")
PRIVATE_SERVICES = not DATABASE_URL

CODEINDEX_REPLICA_URL = env.url("CODEINDEX_REPLICA_URL", "postgres", "postgresql")
if CODEINDEX_REPLICA_URL and PRIVATE_SERVICES:
    raise ImproperlyConfigured("Set DATABASE_URL, too, or unset CODEINDEX_REPLICA_URL.")
# How far the replica may be behind while it answers searches
CODEINDEX_REPLICA_LAG_SECONDS = env.integer("CODEINDEX_REPLICA_LAG_SECONDS", 30, high=86_400)

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CONNECTIONS = {
    # Connections are kept, and checked before use: a restarted server goes unnoticed
    "CONN_MAX_AGE": 600,
    "CONN_HEALTH_CHECKS": True,
    # A cursor of a session does not outlive its transaction behind a pooler
    "DISABLE_SERVER_SIDE_CURSORS": True,
}
DATABASES = {
    "default": {
        **(connection_settings(state) if PRIVATE_SERVICES else dj_database_url.parse(DATABASE_URL)),
        **CONNECTIONS,
    }
}
if CODEINDEX_REPLICA_URL:
    _replica = dj_database_url.parse(CODEINDEX_REPLICA_URL)
    # Soon given up, since the primary answers as well. In seconds, and in milliseconds
    _patience = {"connect_timeout": 2, "tcp_user_timeout": 5_000}
    _options = {**_patience, **_replica.get("OPTIONS", {})}
    DATABASES["replica"] = {**_replica, **CONNECTIONS, "OPTIONS": _options}
