"""Log lines with the ids of the request, the user, the task and the index run that they belong to.

Lines are those of Python's logging. structlog keeps the ids in context variables, and
django-structlog passes them on to tasks. No line contains a query: what was searched for is in the
audit, as far as CODEINDEX_AUDIT_TEXT allows."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

import structlog
from celery.signals import before_task_publish, task_postrun, task_prerun
from django_structlog.celery.receivers import CeleryReceiver
from django_structlog.celery.signals import modify_context_before_task_publish
from structlog.typing import EventDict, Processor, WrappedLogger

from codeindex.observability import ids


def json_formatter() -> logging.Formatter:
    """Formats each line as one JSON object of ASCII characters, so that a line cannot pass
    for two."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=True, default=str),
        ],
    )


def context() -> Mapping[str, Any]:
    """The ids of the current context, by their names."""
    return {**structlog.contextvars.get_contextvars(), **ids.known()}


def as_text(event: Mapping[str, Any]) -> str:
    """A line of structlog as text: what happened, and its values, without the ids, which `context`
    has."""
    left_out = {"event", "level", "logger", "timestamp", *context()}
    figures = (f"{name}={value}" for name, value in event.items() if name not in left_out)
    return " ".join([str(event.get("event", "")), *figures])


@cache
def configure() -> None:
    """Makes structlog write through Python's logging, and tasks carry the ids. Called by each web
    and worker process."""
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    receiver = CeleryReceiver()
    before_task_publish.connect(receiver.receiver_before_task_publish, weak=False)
    task_prerun.connect(receiver.receiver_task_prerun, weak=False)
    task_postrun.connect(_leave_task, weak=False)
    modify_context_before_task_publish.connect(_hand_on, weak=False)


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        _with_known,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _with_known(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    return {**event, **ids.known()}


def _hand_on(context: dict[str, Any], **_: object) -> None:
    """A task belongs to the request that enqueues it. A task that another task enqueues belongs
    only to that task: each batch enqueues the next one, long after the request."""
    parent = context.pop("parent_task_id", None)
    if parent:
        context.clear()
        context["parent_task_id"] = parent
    else:
        context.update({name: value for name, value in ids.known().items() if name != "run_id"})


def _leave_task(**_: object) -> None:
    structlog.contextvars.clear_contextvars()
