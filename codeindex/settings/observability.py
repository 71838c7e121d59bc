"""Who may read metrics, where traces go, and which searches explain themselves in the log."""

from __future__ import annotations

import logging

from codeindex.settings.services import env

# Who may read the metrics, and the details of what is ready: whoever sends the token, and whoever
# connects from one of the networks
CODEINDEX_METRICS_TOKEN = env.secret("CODEINDEX_METRICS_TOKEN")
CODEINDEX_METRICS_NETWORKS = env.networks("CODEINDEX_METRICS_NETWORKS", "")

# Where traces are sent by OTLP over HTTP, such as http://collector:4318/v1/traces
CODEINDEX_TRACES = env.url("CODEINDEX_TRACES", "http", "https")

# A search that takes longer than so many milliseconds explains itself in the log; 0: none does
CODEINDEX_SLOW_SEARCH_MS = env.integer("CODEINDEX_SLOW_SEARCH_MS", 2_000, low=0, high=600_000)

# Tasks carry the ids of what asked for them; that each began and ended, Celery says itself
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
