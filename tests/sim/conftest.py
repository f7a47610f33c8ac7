"""What schedules replace in this process is put back."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

import sinks.service
import streams.agent


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.configure(**before)


@pytest.fixture(autouse=True)
def real_clocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put back what a schedule replaces."""
    for name in ("time", "now_ms", "memory", "metrics"):
        monkeypatch.setattr(streams.agent, name, getattr(streams.agent, name))
    monkeypatch.setattr(sinks.service, "metrics", sinks.service.metrics)
