"""From a platform's delivery to records: pure, given the platform's own module (:mod:`producers.sources`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from huoqun.events import Event, Refused
from producers import forms
from producers.admission import KnownSource
from producers.problems import Problem
from producers.publisher import Record
from producers.sources.base import Answer, Delivery, Heartbeat, Ignored, Platform, Secret, Stamp, Step
from producers.verify import Denied


class Understood(NamedTuple):
    """What becomes of a delivery: nothing of it is taken before its records are stored."""

    records: list[Record]
    types: Mapping[str, int]
    ignored: Sequence[str]
    signs: Sequence[Heartbeat | Step]
    """What it tells of the source itself."""
    answer: Answer


def understand(platform: Platform, delivery: Delivery, source: KnownSource, *, received_at: int) -> Understood:
    """Open and parse a delivery. Raises :class:`Problem`, and nothing else."""
    opened = platform.open(delivery, Secret(source.keys, source.account))
    if isinstance(opened, Answer):
        return Understood([], {}, ("handshake",), (), opened)
    if isinstance(opened, Denied):
        raise not_authenticated(opened, platform.denied_status)
    if isinstance(opened, Refused):
        raise _malformed(opened)
    parsed = platform.parse(opened.payload, Stamp(received_at, source.name, source.coverage))
    if isinstance(parsed, Refused):
        raise _malformed(parsed)
    records: list[Record] = []
    types: Counter[str] = Counter()
    ignored: list[str] = []
    signs: list[Heartbeat | Step] = []
    for notice in parsed:
        if isinstance(notice, Event):
            record = forms.to_record(notice)
            if isinstance(record, Refused):
                raise _malformed(record)
            types[notice.type] += 1
            records.append(record)
        elif isinstance(notice, Ignored):
            ignored.append(notice.what)
        else:
            signs.append(notice)
    return Understood(records, types, ignored, signs, opened.answer)


def not_authenticated(denied: Denied, status: int = 401) -> Problem:
    """Return the refusal of what is not authentic."""
    return Problem(status, "signature", f"{denied.where} {denied.why}".strip(), where=denied.where)


def _malformed(refused: Refused) -> Problem:
    return Problem(400, "malformed", f"{refused.where}: {refused.why}".lstrip(": "), where=refused.where or "body")
