"""CloudEvents 1.0 (https://github.com/cloudevents/spec): the envelopes of canonical events, and the handshake. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, Final
from urllib.parse import unquote

from multidict import MultiMapping

from huoqun.events import EVENT_TYPES, Refused
from producers.gateway.items import Item, read_json

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
KINDS: Final = (STRUCTURED, BATCH)

REQUEST_ORIGIN: Final = "WebHook-Request-Origin"

_ATTRIBUTES: Final = ("specversion", "id", "source", "type", "time")
"""Those that an event can be completed with; extensions are not read."""

_ORIGIN: Final = re.compile(r"[!-~]{1,253}", re.ASCII)
_QUOTED: Final = re.compile(r"\\(.)", re.DOTALL)


def attributes_of(headers: MultiMapping[str]) -> dict[str, str] | Refused | None:
    """Return the attributes of a CloudEvent in binary mode, which come as headers; ``None`` where this is none."""
    if "ce-specversion" not in headers:
        return None
    found = {}
    for name in _ATTRIBUTES:
        values = headers.getall(f"ce-{name}", [])
        if len(values) > 1:
            return Refused(f"ce-{name}", "sent more than once")
        if values:
            text = _unescaped(values[0])
            if text is None:
                return Refused(f"ce-{name}", "is no percent-encoded UTF-8")
            found[name] = text
    return found


def permission(headers: MultiMapping[str]) -> dict[str, str] | Refused:
    """Return the headers that permit a sender to send, who asked by ``OPTIONS`` (abuse protection, http-webhook.md 4).

    It is granted to whoever asks: what is sent afterwards has to be authentic all the same.
    """
    origins = headers.getall(REQUEST_ORIGIN, [])
    if len(origins) != 1 or not _ORIGIN.fullmatch(origins[0]):
        return Refused(REQUEST_ORIGIN, "name the sending system once, such as eventemitter.example.com")
    return {"WebHook-Allowed-Origin": origins[0], "WebHook-Allowed-Rate": "*", "Allow": "POST, OPTIONS"}


def envelopes(document: Any, kind: str) -> list[Any] | Refused:
    """Return the envelopes of a body in structured or batched mode. A batch may be empty."""
    if kind == STRUCTURED:
        return [document]
    return document if isinstance(document, list) else Refused("body", "a batch is a JSON array")


def from_envelope(envelope: Any) -> Item | Refused:
    """Take the canonical event out of a CloudEvent; its id, time and type stand in for those that the event lacks."""
    if not isinstance(envelope, dict):
        return Refused("", "a CloudEvent is a JSON object")
    version = envelope.get("specversion")
    if not isinstance(version, str) or version.partition(".")[0] != "1":
        return Refused("specversion", "must be 1.0")
    for name in ("id", "source", "type"):
        if not isinstance(envelope.get(name), str) or not envelope[name]:
            return Refused(name, "required (CloudEvents 1.0)")
    data = _data_of(envelope)
    return data if isinstance(data, Refused) else Item(_completed(data, envelope), "data")


def _data_of(envelope: dict[str, Any]) -> dict[str, Any] | Refused:
    data = envelope.get("data")
    if data is None and isinstance(envelope.get("data_base64"), str):
        try:
            inner = read_json(base64.b64decode(envelope["data_base64"], validate=True))
        except (binascii.Error, ValueError):
            return Refused("data_base64", "is no base64")
        if isinstance(inner, Refused):
            return Refused("data_base64", inner.why)
        data = inner.raw
    return data if isinstance(data, dict) else Refused("data", "must be the canonical event, a JSON object")


def _unescaped(value: str) -> str | None:
    """Return what a header's value stands for: quotes taken off (older senders), percent signs decoded."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = _QUOTED.sub(r"\1", value[1:-1])
    try:
        text = unquote(value, errors="strict")
        text.encode()
    except UnicodeError:
        return None
    return text


def _completed(data: dict[str, Any], envelope: dict[str, Any]) -> dict[str, Any]:
    event = dict(data)
    if event.get("id") in (None, "") and event.get("event_id") in (None, ""):
        event["id"] = envelope["id"]
    if event.get("ts") in (None, "") and envelope.get("time") is not None:
        event["ts"] = envelope["time"]
    if event.get("type") in (None, ""):
        last = envelope["type"].rpartition(".")[2]
        event["type"] = last if last in EVENT_TYPES else envelope["type"]
    event.setdefault("ce_source", envelope["source"])
    return event
