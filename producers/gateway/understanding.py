"""From a platform's delivery to records: pure, given the platform's own module (:mod:`producers.sources`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from huoqun.events import Event, Refused
from producers.gateway import forms
from producers.gateway.admission import KnownSource
from producers.gateway.plain import Mask
from producers.gateway.problems import Problem
from producers.publishing.publisher import Record
from producers.sources.base import (
    ACCEPTED,
    Answer,
    Delivery,
    Heartbeat,
    Ignored,
    Notice,
    Platform,
    Secret,
    Stamp,
    Step,
    answer_json,
)
from producers.verify import Denied


class Understood(NamedTuple):
    """What becomes of a delivery: nothing of it is taken before its records are stored."""

    records: list[Record]
    types: Mapping[str, int]
    ignored: Sequence[str]
    signs: Sequence[Heartbeat | Step]
    """What it tells of the source itself."""
    refused: Sequence[tuple[int, Refused]]
    """What should have been an event and is none, with its place, where the others of the same delivery are taken."""
    answer: Answer
    handshake: bool = False
    """It asks whether we are there, which may be anybody's question."""


def understand(
    platform: Platform, delivery: Delivery, source: KnownSource, *, received_at: int, mask: Mask | None = None
) -> Understood:
    """Open and parse a delivery. Raises :class:`Problem`, and nothing else."""
    opened = platform.open(delivery, Secret(source.keys, source.account))
    if isinstance(opened, Answer):
        return Understood([], {}, ("handshake",), (), (), opened, handshake=True)
    if isinstance(opened, Denied):
        raise not_authenticated(opened, platform.denied_status)
    if isinstance(opened, Refused):
        raise _malformed(opened)
    parsed = platform.parse(opened.payload, Stamp(received_at, source.name, source.coverage))
    if isinstance(parsed, Refused):
        raise _malformed(parsed)
    found = _sort(parsed, mask)
    if opened.answer is ACCEPTED:
        return found._replace(answer=_told(found))
    if found.refused:
        raise _malformed(found.refused[0][1])
    return found._replace(answer=opened.answer)


def _sort(parsed: Sequence[Notice | Refused], mask: Mask | None) -> Understood:
    records: list[Record] = []
    types: Counter[str] = Counter()
    ignored: list[str] = []
    signs: list[Heartbeat | Step] = []
    refused: list[tuple[int, Refused]] = []
    for index, notice in enumerate(parsed):
        if isinstance(notice, Ignored):
            ignored.append(notice.what)
            continue
        if isinstance(notice, Heartbeat | Step):
            signs.append(notice)
            continue
        record = notice if isinstance(notice, Refused) else forms.to_record(notice, mask)
        if isinstance(record, Refused):
            refused.append((index, record))
        elif isinstance(notice, Event):
            types[notice.type] += 1
            records.append(record)
    return Understood(records, types, ignored, signs, refused, ACCEPTED)


def _told(found: Understood) -> Answer:
    """Return how many events were taken, and which were not. Raises :class:`Problem` where none was."""
    refused = [forms.refusal(index, each) for index, each in found.refused]
    if refused and not found.records:
        raise forms.none_taken(refused)
    return answer_json({"accepted": len(found.records), "refused": refused}, ACCEPTED.status)


def not_authenticated(denied: Denied, status: int = 401) -> Problem:
    """Return the refusal of what is not authentic."""
    return Problem(status, "signature", f"{denied.where} {denied.why}".strip(), where=denied.where)


def _malformed(refused: Refused) -> Problem:
    return Problem(400, "malformed", f"{refused.where}: {refused.why}".lstrip(": "), where=refused.where or "body")
