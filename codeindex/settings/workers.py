"""Celery's queues, workers and schedule, and how many of what run at once.

Tasks are short, delivered at least once, and without results: the database is the ledger."""

from __future__ import annotations

import os

from codeindex.local_services import machine
from codeindex.settings.indexing import CODEINDEX_SWEEP_SECONDS
from codeindex.settings.services import env

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
CELERY_WORKER_CONCURRENCY = env.integer("CODEINDEX_WORKERS", 2, high=256)
# A worker process that uses more memory is replaced after its task. The default is each process's
# share of what the database leaves, and enough for a language model of a few gigabytes
CODEINDEX_WORKER_MEMORY = env.size(
    "CODEINDEX_WORKER_MEMORY",
    str(max(4 * 1024**3, machine.memory_bytes() * 3 // 4 // CELERY_WORKER_CONCURRENCY)),
)
CELERY_WORKER_MAX_MEMORY_PER_CHILD = CODEINDEX_WORKER_MEMORY // 1024
# How many files a worker process parses at once: together the workers use all processors
CODEINDEX_READERS = env.integer(
    "CODEINDEX_READERS",
    max(1, len(os.sched_getaffinity(0)) // CELERY_WORKER_CONCURRENCY),
    high=256,
)
# How many batches all `embed` workers together encode at once
CODEINDEX_EMBEDDERS = env.integer("CODEINDEX_EMBEDDERS", CELERY_WORKER_CONCURRENCY, high=1024)
# How many index runs of one owner, and fetches from one host, run at once: one process is left for
# everyone else
CODEINDEX_RUNS_PER_OWNER = env.integer(
    "CODEINDEX_RUNS_PER_OWNER", max(1, CELERY_WORKER_CONCURRENCY - 1)
)
CODEINDEX_FETCHES_PER_HOST = env.integer(
    "CODEINDEX_FETCHES_PER_HOST", max(1, CELERY_WORKER_CONCURRENCY - 1)
)
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 3.0
CELERY_BEAT_SCHEDULER = "codeindex.celery_beat:SharedScheduler"
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
    "sample recall": {
        "task": "search.tasks.sample_recall",
        "schedule": 1800.0,
        "options": {"expires": 1800.0, "queue": "embed"},
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
