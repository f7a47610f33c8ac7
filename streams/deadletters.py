"""Records that could not be understood, as dead letters."""

from __future__ import annotations

from typing import Final

from huoqun.deadletters import kind_of
from huoqun.results import DeadLetter
from streams.core.interface import Bad

MAX_VALUE_BYTES: Final = 512 * 1024
"""More of a value is cut: it travels as base64, and a letter that the broker refuses would stop the worker for ever."""

_MAX_REASON: Final = 1000


def letter(bad: Bad, *, topic: str, partition: int, key: bytes | None, at: int) -> DeadLetter:
    """Return the dead letter of ``bad``, found in ``topic`` at time ``at`` (ms)."""
    value = bad.value or b""
    reason = ": ".join(part for part in (bad.refused.where, bad.refused.why) if part)[:_MAX_REASON]
    cut = len(value) if len(value) > MAX_VALUE_BYTES else 0
    if cut:
        reason += f" (the value is cut here: {cut} bytes)"
        value = value[:MAX_VALUE_BYTES]
    return DeadLetter(
        topic=topic,
        partition=partition,
        offset=bad.offset,
        reason=reason,
        value=value,
        key=key,
        at=at,
        service="worker",
        cut=cut,
    )


def letter_key(dead: DeadLetter) -> bytes:
    """Return the record key: the place it was found at, so that repeats are seen as such."""
    return f"{dead.topic}/{dead.partition}/{dead.offset}".encode()


def reason_kind(bad: Bad) -> str:
    """Return a bounded name of what is wrong, for a metric's label."""
    if bad.value is None:
        return "empty"
    return "schema" if bad.refused.where else kind_of(bad.refused.why)
