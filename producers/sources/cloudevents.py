"""CloudEvents over HTTP with a bearer token (https://github.com/cloudevents/spec): structured, batched and binary mode.

Pure. The data of each is a canonical event. The token does not bind the body: use TLS.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from huoqun.events import Event, Refused
from producers import verify
from producers.gateway import cloudevents
from producers.gateway.items import read_json
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
from producers.sources.canonical import CLOUDEVENT, CLOUDEVENTS, EVENT, MAX_ITEMS, TOLD, read_events, too_many
from producers.verify import Denied


def open_delivery(delivery: Delivery, secret: Secret) -> Opened | Answer | Denied | Refused:
    """Check the token. Whoever asks whether it may send is told, with or without it: nothing is taken without."""
    headers = delivery.headers
    tokens, arguments = headers.getall("Authorization", []), delivery.query.getall("access_token", [])
    asks = delivery.method == "OPTIONS"
    if secret.keys and (tokens or arguments or not asks):
        denied = verify.bearer(headers=tokens, arguments=arguments, keys=secret.keys)
        if denied is not None:
            return denied
    if asks:
        permission = cloudevents.permission(headers)
        return permission if isinstance(permission, Refused) else Answer(200, headers=permission)
    found = _envelopes(delivery)
    if isinstance(found, Refused):
        return found
    return too_many() if len(found) > MAX_ITEMS else Opened({"events": found}, ACCEPTED)


def parse(payload: dict[str, Any], stamp: Stamp, /) -> Sequence[Event | Ignored | Refused] | Refused:
    """Take the events out of their envelopes."""
    events = payload.get("events")
    if not isinstance(events, list):
        return Refused("events", "must be an array")
    return read_events(map(cloudevents.from_envelope, events), stamp) or [Ignored("empty")]


def _envelopes(delivery: Delivery) -> list[Any] | Refused:
    item = read_json(delivery.body)
    if isinstance(item, Refused):
        return Refused(item.where or "body", item.why)
    kind = delivery.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in cloudevents.KINDS:
        return cloudevents.envelopes(item.raw, kind)
    attributes = cloudevents.attributes_of(delivery.headers)
    if attributes is None:
        return Refused("ce-specversion", f"missing; or send {cloudevents.STRUCTURED}")
    return attributes if isinstance(attributes, Refused) else [{**attributes, "data": item.raw}]


_TAKES: Final = {"Authorization": "Bearer and the token", "?access_token": "the token, where a header can't be set"}
_ATTRIBUTES: Final = {
    "ce-specversion": "1.0 (binary mode)",
    "ce-id": "lent to an event without id",
    "ce-source": "kept as ce_source",
    "ce-type": "its last part is lent to an event without type",
    "ce-time": "lent to an event without ts",
}

WEBHOOK: Final = Platform(
    open_delivery,
    parse,
    methods=("POST", "OPTIONS"),
    kinds=(JSON, *cloudevents.KINDS),
    describe=(
        Route(
            "canonical events as CloudEvents",
            bodies={cloudevents.STRUCTURED: CLOUDEVENT, cloudevents.BATCH: CLOUDEVENTS, JSON: EVENT},
            answers=TOLD,
            takes=_TAKES | _ATTRIBUTES,
        ),
        Route(
            "whether a sender may send (abuse protection)",
            "OPTIONS",
            answers={200: "it may: the headers WebHook-Allowed-Origin and WebHook-Allowed-Rate say so"},
            takes=_TAKES | {cloudevents.REQUEST_ORIGIN: "the sending system"},
        ),
    ),
)
