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


on_apache_kafka = pytest.mark.parametrize(
    "broker",
    [
        pytest.param("apache_kafka", marks=[pytest.mark.apache_kafka, pytest.mark.slow]),
        *([pytest.param("tansu", marks=pytest.mark.tansu)] if LONG else []),
    ],
    indirect=True,
)
"""For a test that takes many seconds of processor time: on Apache Kafka, and on the embedded broker too in a long run.

Other tests of the same file run on both.
"""
