"""Canonical events under somebody else's signature, in somebody else's envelope. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from huoqun.events import Event, Refused
from producers.gateway import forms
from producers.gateway.items import Item, read_json
from producers.sources.base import Stamp

MAX_ITEMS: Final = 1_000
"""Most events in one delivery; ``POST /v1/events`` takes more."""

EVENT: Final = {"$ref": "#/components/schemas/Event"}
EVENTS: Final = {"anyOf": [EVENT, {"type": "array", "items": EVENT, "minItems": 1}]}
CLOUDEVENT: Final = {"$ref": "#/components/schemas/CloudEvent"}
CLOUDEVENTS: Final = {"type": "array", "items": CLOUDEVENT}
TOLD: Final = {202: "how many events were taken, and which were refused and why"}


def read_lines(body: bytes) -> list[Any] | Refused:
    """Return the documents of NDJSON; all must be JSON."""
    found = []
    for number, line in enumerate(line for line in body.split(b"\n") if line.strip()):
        item = read_json(line)
        if isinstance(item, Refused):
            return Refused(f"line {number + 1}", item.why)
        found.append(item.raw)
        if len(found) > MAX_ITEMS:
            return too_many()
    return found


def too_many() -> Refused:
    """Return the refusal of more than :data:`MAX_ITEMS`."""
    return Refused("body", f"holds more than {MAX_ITEMS} events; split it, or post to /v1/events")


def read_events(items: Iterable[Item | Refused], stamp: Stamp) -> list[Event | Refused]:
    """Return what becomes of each event. Never raises."""
    return [
        forms.read_item(item, received_at=stamp.received_at, source=stamp.source, coverage=stamp.coverage)
        for item in items
    ]
