"""One logging configuration: readable on a terminal, JSON for collectors, secrets masked in both."""

from __future__ import annotations

from typing import Any

import structlog

from apps.common.redaction import mask_secrets

SHARED = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso"),
    mask_secrets,
]
# They say of every task that it was sent, came and went, several times a second: too much for a person to read.
TASKS = ("celery.beat", "celery.worker.strategy", "celery.app.trace", "django_structlog.celery.receivers")


def logging_config(*, level: str, form: str) -> dict[str, Any]:
    """A dictConfig for `form` "console" or "json"; also sets structlog up, which shares the same processors."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    )
    tasks = "WARNING" if form == "console" and level == "INFO" else level
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "main": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processor": renderer,
                "foreign_pre_chain": [*SHARED, structlog.processors.format_exc_info],
            }
        },
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "main"}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": {
            "django.request": {"level": "ERROR"},
            "daphne": {"level": "WARNING"},
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "PIL": {"level": "WARNING"},
            **{name: {"level": tasks} for name in TASKS},
        },
    }
