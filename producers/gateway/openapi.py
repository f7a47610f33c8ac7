"""What the gateway takes and answers, as an OpenAPI 3.1 document, made from its routes, its sources and the event. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from huoqun import __version__
from huoqun.events import MAX_ID_LENGTH, MAX_MENTIONS, MAX_TS_MS, Event
from producers.gateway import cloudevents, forms
from producers.gateway.admission import SOURCE_HEADER, KnownSource, Sources
from producers.gateway.problems import KIND, TITLES
from producers.sources import PLATFORMS
from producers.sources.base import JSON, Platform, Route

KIND_OF_DOCUMENT: Final = JSON

_EVENT: Final = {"$ref": "#/components/schemas/Event"}
_NOT_SENT: Final = ("received_at", "source", "v", "extra")
"""What the gateway sets itself."""

_FIELDS: Final[Mapping[str, str]] = {
    "id": "unique per event of the platform; sent again with the same id, it counts once",
    "type": "message, join and leave are the core; the others refine",
    "ts": "when it happened: RFC 3339 with a time zone, or milliseconds since the epoch",
    "platform": "the platform's name; no slash",
    "group_id": "the group, as the platform names it",
    "user_id": "who did it; not asked for member_count",
    "user_name": "shown only",
    "group_name": "shown only",
    "text": "what was said; longer than 64 KiB it is cut, and marked with text_cut",
    "reply_to": "the id of the event that is answered, changed, removed or reacted to",
    "thread_id": "the platform's own thread",
    "mentions": f"user ids; beyond {MAX_MENTIONS} they are dropped",
    "is_bot": "said by software",
    "is_staff": "said by somebody who runs the group",
    "inviter_id": "joins: who brought them",
    "reason": "leaves: why",
    "amount": "conversions",
    "currency": "conversions",
    "campaign": "conversions",
    "count": "member_count: members in the group",
    "coverage": "what this source can see",
}
_NAMES: Final = frozenset(
    {"id", "platform", "group_id", "user_id", "user_name", "group_name", "reply_to", "thread_id", "inviter_id"}
    | {"currency", "campaign"}
)
_SIGNATURE: Final = {
    "webhook-id": "the delivery's id: visible ASCII without a full stop",
    "webhook-timestamp": "seconds since the epoch, within five minutes of the gateway's clock",
    "webhook-signature": "v1 (HMAC-SHA256) or v1a (Ed25519) over id.timestamp.body; several separated by spaces",
}
_BINARY: Final = {
    "ce-specversion": "1.0: the body is the data of a CloudEvent in binary mode, whose attributes are headers. They lend "
    "what the event lacks, and only where nothing is signed, since a signature covers the body alone",
    "ce-id": "lent to an event without id",
    "ce-source": "kept as ce_source",
    "ce-type": "its last part is lent to an event without type",
    "ce-time": "lent to an event without ts",
}
_OTHERS: Final = {
    "Content-Encoding": "gzip or deflate; the limit of a body holds after it, too",
    SOURCE_HEADER: "what this sender wants to be called; whoever is admitted may choose",
}
_REFUSALS: Final = (400, 401, 408, 413, 415, 429, 503)
_WITH_RETRY: Final = (429, 503)
_PLACE: Final = re.compile(r"\{(\w+)\}")
_NOT_IN_PARAMETERS: Final = frozenset({"authorization", "content-type", "accept"})
"""OpenAPI has them told elsewhere."""


def document(sources: Sources) -> dict[str, Any]:
    """Return the document of a gateway with these sources."""
    paths: dict[str, dict[str, Any]] = {"/v1/events": _canonical()}
    for source in sources.platforms.values():
        for path, method, operation in _of_source(source, PLATFORMS[source.kind]):
            paths.setdefault(path, {})[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "huoqun gateway",
            "version": __version__,
            "description": "Chat events in, from webhooks and programs. 2xx means that they are stored. Without a secret only "
            "this machine may post.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths | _about_itself(),
        "components": {"schemas": _schemas()},
    }


def _canonical() -> dict[str, Any]:
    array = {"type": "array", "items": _EVENT, "minItems": 1, "maxItems": forms.MAX_ITEMS}
    lines = {"type": "string", "description": "one Event a line"}
    envelope = {"$ref": "#/components/schemas/CloudEvent"}
    bodies: dict[str, Any] = {kind: lines for kind in forms.KINDS if kind not in (JSON, *cloudevents.KINDS)}
    bodies |= {JSON: {"anyOf": [_EVENT, array]}}
    bodies |= {cloudevents.STRUCTURED: envelope, cloudevents.BATCH: {"type": "array", "items": envelope}}
    post = Route(
        "canonical events: one, an array, NDJSON, CloudEvents; signed by Standard Webhooks where a secret is configured",
        bodies=bodies,
        answers={202: "how many events were taken, and which were refused and why"},
        takes=_SIGNATURE | _OTHERS | _BINARY,
    )
    asks = Route(
        "whether a sender of CloudEvents may send (abuse protection)",
        "OPTIONS",
        answers={200: "it may: the headers WebHook-Allowed-Origin and WebHook-Allowed-Rate say so"},
        takes={cloudevents.REQUEST_ORIGIN: "the sending system"},
    )
    return {
        "post": _operation(post, "events", (JSON,), _REFUSALS),
        "options": _operation(asks, "events_permission", (), (400, 401)),
    }


def _of_source(source: KnownSource, platform: Platform) -> Iterable[tuple[str, str, dict[str, Any]]]:
    routes = platform.describe or tuple(
        Route("as the platform's own documentation says", method, answers={}) for method in platform.methods
    )
    refusals = tuple(platform.denied_status if status == 401 else status for status in _REFUSALS)  # noqa: PLR2004  # it is its own name
    for number, route in enumerate(routes):
        name = f"{source.name}_{number}"
        operation = _operation(route, name, platform.kinds, refusals)
        operation["tags"] = [source.kind]
        yield f"/webhooks/{source.name}{route.path}", route.method.lower(), operation


def _operation(route: Route, name: str, kinds: tuple[str, ...], refusals: tuple[int, ...]) -> dict[str, Any]:
    told = {name: what for name, what in route.takes.items() if name.lower() in _NOT_IN_PARAMETERS}
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W", "_", name),
        "summary": route.says,
        "responses": _responses(route.answers) | {str(status): _refusal(status) for status in refusals},
    }
    if told:
        operation["description"] = "; ".join(f"{name}: {what}" for name, what in told.items())
    parameters = [_parameter(name, what) for name, what in route.takes.items() if name not in told]
    parameters += [_parameter(name, "", "path") for name in _PLACE.findall(route.path)]
    if parameters:
        operation["parameters"] = parameters
    if route.method in ("POST", "PUT"):
        bodies = route.bodies or {key: {} for key in kinds or ("*/*",)}
        content = {kind: {"schema": dict(schema)} for kind, schema in bodies.items()}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _parameter(name: str, what: str, place: str = "") -> dict[str, Any]:
    place = place or ("query" if name.startswith("?") else "header")
    found = {"name": name.removeprefix("?"), "in": place, "required": place == "path", "schema": {"type": "string"}}
    return found | ({"description": what} if what else {})


def _responses(answers: Mapping[int, str]) -> dict[str, Any]:
    """Return the answers; those of a platform that is not described are all that say well done."""
    if not answers:
        return {"2XX": {"description": "taken"}}
    found: dict[str, Any] = {str(status): {"description": what} for status, what in answers.items()}
    if 202 in answers:  # noqa: PLR2004  # Accepted
        found["202"]["content"] = {JSON: {"schema": {"$ref": "#/components/schemas/Accepted"}}}
    return found


def _refusal(status: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "description": TITLES[status],
        "content": {KIND: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in _WITH_RETRY:
        found["headers"] = {"Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 0}}}
    return found


def _about_itself() -> dict[str, Any]:
    def get(name: str, says: str, kind: str, more: tuple[int, ...] = ()) -> dict[str, Any]:
        responses: dict[str, Any] = {"200": {"description": "so it is", "content": {kind: {}}}}
        responses |= {
            str(status): {"description": "not now", "content": {"text/plain": {}, KIND: {}}} for status in more
        }
        return {"get": {"operationId": name, "summary": says, "responses": responses}}

    return {
        "/": get("home", "what this is, for a person", "text/plain"),
        "/healthz": get("healthz", "whether it is alive", "text/plain"),
        "/readyz": get("readyz", "whether it can store events now, and why not", "text/plain", (503,)),
        "/metrics": get("metrics", "measurements for Prometheus", "text/plain", (404,)),
        "/openapi.json": get("openapi", "this document", KIND_OF_DOCUMENT),
    }


def _schemas() -> dict[str, Any]:
    text = {"type": "string"}
    refused = {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["index", "where", "why"],
            "properties": {"index": {"type": "integer"}, "where": text, "why": text},
        },
    }
    return {
        "Event": _event(),
        "CloudEvent": {
            "type": "object",
            "description": "A CloudEvent whose data is an event; its id, time and type stand in for those that the event lacks.",
            "required": ["specversion", "id", "source", "type"],
            "properties": {
                "specversion": {"const": "1.0"},
                "id": {"type": "string", "minLength": 1},
                "source": {"type": "string", "minLength": 1},
                "type": {"type": "string", "minLength": 1},
                "time": {"type": "string", "format": "date-time"},
                "data": {"type": "object", "description": "an Event"},
                "data_base64": text,
            },
        },
        "Accepted": {
            "type": "object",
            "required": ["accepted", "refused"],
            "properties": {"accepted": {"type": "integer", "minimum": 0}, "refused": refused},
        },
        "Problem": {
            "type": "object",
            "description": "RFC 9457",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string", "pattern": "^urn:huoqun:problem:"},
                "title": text,
                "status": {"type": "integer"},
                "detail": text,
                "where": {"type": "string", "description": "the field, header or byte that is wrong"},
                "refused": refused,
            },
        },
    }


def _event() -> dict[str, Any]:
    """Return the event as a sender writes it. What else it holds is kept in ``extra``."""
    _, components = msgspec.json.schema_components((Event,))
    schema: dict[str, Any] = components["Event"]
    properties = {name: dict(each) for name, each in schema["properties"].items() if name not in _NOT_SENT}
    for name, each in properties.items():
        if name in _NAMES:
            each |= {"maxLength": MAX_ID_LENGTH, "pattern": "^[^\\x00-\\x1f\\x7f]*$"}
            if name in schema["required"]:
                each["minLength"] = 1
        each["description"] = _FIELDS[name]
        each.pop("default", None)
    properties["platform"]["pattern"] = "^[^/\\x00-\\x1f\\x7f]+$"
    properties["ts"] = {
        "description": _FIELDS["ts"],
        "anyOf": [{"type": "integer", "minimum": 0, "maximum": MAX_TS_MS}, {"type": "string", "format": "date-time"}],
    }
    return {
        "type": "object",
        "description": "One thing that happened in one group. Fields that nobody knows are kept.",
        "required": schema["required"],
        "properties": properties,
        "if": {"properties": {"type": {"const": "member_count"}}},
        "else": {"required": ["user_id"], "properties": {"user_id": {"minLength": 1}}},
    }
