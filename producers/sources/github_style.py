"""Canonical events signed as GitHub signs (https://docs.github.com/en/webhooks): for programs that can do no other scheme.

Pure. ``X-Hub-Signature-256`` covers the body and nothing else: no time, no header. So an event without an id gets one made of
what it says, not of ``X-GitHub-Delivery``, and what is sent again later counts once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from huoqun.events import Event, Refused
from producers import verify
from producers.gateway.items import Item, read_json
from producers.sources.base import (
    ACCEPTED,
    JSON,
    Answer,
    Delivery,
    Ignored,
    Opened,
    Platform,
    Route,
    Secret,
    Stamp,
)
from producers.sources.canonical import EVENT, EVENTS, MAX_ITEMS, TOLD, read_events, read_lines, too_many
from producers.sources.values import made_id, read_id
from producers.verify import Denied

_SIGNATURE: Final = "X-Hub-Signature-256"
_KIND: Final = "X-GitHub-Event"
_NDJSON: Final = "application/x-ndjson"


def open_delivery(delivery: Delivery, secret: Secret) -> Opened | Answer | Denied | Refused:
    """Check the signature (HMAC-SHA256 over the raw body). A ping is answered at once."""
    headers = delivery.headers
    if secret.keys:
        denied = verify.sha256_hex(
            signatures=headers.getall(_SIGNATURE, []),
            signed=delivery.raw,
            keys=secret.keys,
            where=_SIGNATURE,
            prefix="sha256=",
        )
        if denied is not None:
            return denied
    if headers.get(_KIND) == "ping":
        return Answer(204)
    found = _documents(delivery.body, lines=headers.get("Content-Type", "").lower().startswith(_NDJSON))
    if isinstance(found, Refused):
        return found
    if not found:
        return Refused("body", "is empty; send at least one event")
    return too_many() if len(found) > MAX_ITEMS else Opened({"events": found}, ACCEPTED)


def parse(payload: dict[str, Any], stamp: Stamp, /) -> Sequence[Event | Ignored | Refused] | Refused:
    """Return the events: they are canonical already."""
    events = payload.get("events")
    if not isinstance(events, list):
        return Refused("events", "must be an array")
    return read_events(map(_with_id, events), stamp)


def _documents(body: bytes, *, lines: bool) -> list[Any] | Refused:
    if lines:
        return read_lines(body)
    item = read_json(body)
    if isinstance(item, Refused):
        return Refused(item.where or "body", item.why)
    return item.raw if isinstance(item.raw, list) else [item.raw]


def _with_id(raw: Any) -> Item | Refused:
    if not isinstance(raw, dict) or any(raw.get(name) not in (None, "") for name in ("id", "event_id")):
        return Item(raw)
    try:
        return Item(raw | {"id": made_id(read_id(raw.get("group_id")), [raw])})
    except (ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        return Refused("id", "required: none can be made of what it says")


WEBHOOK: Final = Platform(
    open_delivery,
    parse,
    kinds=(JSON, _NDJSON),
    describe=(
        Route(
            "canonical events, signed as GitHub signs",
            bodies={JSON: EVENTS, _NDJSON: EVENT},
            answers={**TOLD, 204: "a ping"},
            takes={_SIGNATURE: "sha256= and the HMAC-SHA256 of the body in hex", _KIND: "ping: nothing is taken"},
        ),
    ),
)
