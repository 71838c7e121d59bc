"""What is written to the log, and how."""

from __future__ import annotations

from codeindex.settings.services import env

# Lines of text, or a JSON object a line
CODEINDEX_LOG_FORMAT = env.choice("CODEINDEX_LOG_FORMAT", "text", "text", "json")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {
            "class": "codeindex.management.terminal.Formatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        },
        "json": {"()": "codeindex.observability.logs.json_formatter"},
    },
    "filters": {"without paths": {"()": "codeindex.observability.paths.WithoutPaths"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": CODEINDEX_LOG_FORMAT,
            "filters": ["without paths"],
        }
    },
    "root": {
        "handlers": ["stderr"],
        "level": env.choice("LOG_LEVEL", "INFO", "DEBUG", "INFO", "WARNING", "ERROR"),
    },
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "httpx": {"level": "WARNING"},  # it logs the address of each request, with what is asked
        "mcp": {"level": "WARNING"},  # it tells of each request
        "waitress.queue": {"level": "ERROR"},  # it warns about each request that waits for a thread
    },
}
