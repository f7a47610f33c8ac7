"""Logging: one line an event, for people on a terminal and as JSON elsewhere; never text, names or secrets."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog


def configure(*, service: str, as_json: bool | None = None, level: int = logging.INFO) -> None:
    """Set up logging for one process; JSON unless standard error is a terminal."""
    as_json = not sys.stderr.isatty() if as_json is None else as_json
    # Tracebacks without the values of variables: those may be messages and names.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer: Any = structlog.processors.JSONRenderer() if as_json else plain
    tracebacks = structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, tracebacks if as_json else structlog.dev.set_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    structlog.contextvars.bind_contextvars(service=service)


def get(name: str) -> Any:
    """Return a logger."""
    return structlog.get_logger(name)
