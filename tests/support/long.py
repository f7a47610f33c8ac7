"""What is run whole with ``HUOQUN_LONG=1`` only, so that `make test` stays short: elsewhere a fixed part of it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final, TypeVar

import pytest

LONG: Final = "HUOQUN_LONG" in os.environ

T = TypeVar("T")


def some(items: Sequence[T], every: int, first: int = 0) -> Sequence[T]:
    """Return one in ``every`` of them, from ``first`` on; in a long run all of them."""
    return items if LONG else items[first::every]


def on_apache_kafka(fixture: str = "broker") -> pytest.MarkDecorator:
    """Mark a test that takes many seconds of processor time: it runs on Apache Kafka, in a long run on the embedded broker too.

    ``fixture`` is the one that is given the broker's kind. Other tests of the same file run on both.
    """
    kinds = [pytest.param("apache_kafka", marks=[pytest.mark.apache_kafka, pytest.mark.slow])]
    if LONG:
        kinds.append(pytest.param("tansu", marks=pytest.mark.tansu))
    return pytest.mark.parametrize(fixture, kinds, indirect=True)
