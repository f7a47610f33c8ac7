"""The canonical event: what comes in, whatever platform it came from."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args

import msgspec

from huoqun.faults import NOT_ALLOWED, without_values

EventType = Literal["message", "join", "leave", "reaction", "edit", "delete", "rename", "conversion", "member_count"]
EVENT_TYPES: Final[tuple[str, ...]] = get_args(EventType)

LeaveReason = Literal["left", "kicked", "banned", "unknown"]
Coverage = Literal["full", "mentions", "membership"]

MAX_TEXT_BYTES: Final = 64 * 1024
"""Longer texts are cut here, and marked with ``extra.text_cut`` (UTF-8 bytes)."""

MAX_ID_LENGTH: Final = 512
"""Longest id or name, in characters: room for every platform, and a bound for state and keys."""

MAX_MENTIONS: Final = 100
"""Mentions beyond this many are dropped from the event: an @all, not a conversation."""

MAX_FUTURE_MS: Final = 60 * 60 * 1000
"""An event this far ahead of the gateway's clock has a wrong clock: it must not move anyone's watermark."""

MAX_TS_MS: Final = 4_102_444_800_000
"""2100-01-01: nothing later is a time of this century's chats."""


_ALLOWED: Final = {"type": get_args(EventType), "reason": get_args(LeaveReason), "coverage": get_args(Coverage)}


class Event(msgspec.Struct, omit_defaults=True, kw_only=True, gc=False):
    """One thing that happened in one group. Times are milliseconds since the epoch, UTC.

    Fields mean what the contract says; an empty string, ``None`` or an empty list is "the platform does not tell".
    ``gc=False`` is safe: an event is a tree, never part of a reference cycle.
    """

    id: str
    type: EventType
    ts: int
    platform: str
    group_id: str
    user_id: str = ""
    user_name: str = ""
    group_name: str = ""
    text: str = ""
    reply_to: str = ""
    thread_id: str = ""
    mentions: list[str] = msgspec.field(default_factory=list)
    is_bot: bool = False
    is_staff: bool = False
    inviter_id: str = ""
    reason: LeaveReason | None = None
    amount: float | None = None
    currency: str = ""
    campaign: str = ""
    count: int | None = None
    """Members in the group, for ``member_count``."""
    coverage: Coverage = "full"
    received_at: int = 0
    source: str = ""
    v: int = 1
    extra: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def group(self) -> str:
        """The Kafka key and the name of the group everywhere: ``platform/group_id``."""
        return f"{self.platform}/{self.group_id}"


class Refused(msgspec.Struct, frozen=True):
    """Why something that should have been an event is none: the place in the input, and the mend."""

    where: str
    why: str


_FIELDS: Final = frozenset(Event.__struct_fields__)
_SET_BY_GATEWAY: Final = frozenset({"received_at", "source", "v", "extra"})
_REQUIRED: Final = ("id", "type", "ts", "platform", "group_id")
_NAMES: Final = (
    "id",
    "platform",
    "group_id",
    "user_id",
    "user_name",
    "group_name",
    "reply_to",
    "thread_id",
    "inviter_id",
    "currency",
    "campaign",
)
_KEY_BREAKERS: Final = frozenset(chr(c) for c in range(32)) | {"\x7f"}


def read_event(raw: Any, *, received_at: int, source: str, coverage: Coverage = "full") -> Event | Refused:
    """Read one canonical event from decoded JSON.

    ``received_at`` is the gateway's clock (ms). Unknown fields are kept in ``extra``. Never raises: what is wrong comes
    back as :class:`Refused` with the field's name.
    """
    if not isinstance(raw, dict):
        return Refused("", f"an event is a JSON object, this is {_kind(raw)}")
    raw = _with_aliases(raw)
    # A tuple: looking a list or an object up in a set raises.
    missing = next((name for name in _REQUIRED if raw.get(name) in (None, "")), None)
    if missing is not None:
        return Refused(missing, "required")
    known, extra = _sorted_out(raw)
    known.setdefault("coverage", coverage)
    refused = _time(known, received_at) or _names(known)
    if refused is not None:
        return refused
    _trim(known, extra)
    try:
        event = msgspec.convert(known, Event, strict=True)
    except msgspec.ValidationError as error:
        return _refused_from(error)
    event.received_at, event.source, event.extra = received_at, source, extra
    return event


def _sorted_out(raw: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields that an event has, and the rest, which is kept in ``extra``."""
    known: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in raw.items():
        if name not in _FIELDS:
            extra[name] = value
        elif name == "extra" and isinstance(value, dict):
            extra.update(value)
        elif name not in _SET_BY_GATEWAY and value is not None:
            known[name] = value
    return known, extra


def _time(known: dict[str, Any], received_at: int) -> Refused | None:
    when = read_time(known["ts"])
    if isinstance(when, str):
        return Refused("ts", when)
    if when > received_at + MAX_FUTURE_MS:
        return Refused("ts", "more than an hour ahead of this server's clock; check the sender's clock and unit (ms)")
    known["ts"] = when
    return None


def _names(known: dict[str, Any]) -> Refused | None:
    for name in _NAMES:
        value = known.get(name, "")
        if isinstance(value, int) and not isinstance(value, bool):
            value = known[name] = str(value)  # many platforms number their users and groups
        if not isinstance(value, str):
            continue  # the schema says so with the place
        if len(value) > MAX_ID_LENGTH:
            return Refused(name, f"longer than {MAX_ID_LENGTH} characters")
        if not _KEY_BREAKERS.isdisjoint(value):
            return Refused(name, "holds a control character")
    if "/" in str(known["platform"]):
        return Refused("platform", "must not contain '/': it would break the key platform/group_id")
    if not known.get("user_id") and known["type"] != "member_count":
        return Refused("user_id", "required (only member_count goes without)")
    return None


def _trim(known: dict[str, Any], extra: dict[str, Any]) -> None:
    mentions = known.get("mentions")
    if isinstance(mentions, list):
        known["mentions"] = [str(m) if isinstance(m, int) else m for m in mentions[:MAX_MENTIONS]]
    text = known.get("text")
    if isinstance(text, str):
        known["text"], cut = cut_text(text)
        if cut:
            extra["text_cut"] = True


def read_time(value: Any) -> int | str:
    """Return ``value`` (RFC 3339 text or integer ms) as ms since the epoch, or a sentence saying what is wrong."""
    if isinstance(value, bool) or not isinstance(value, int | str | float):
        return f"must be RFC 3339 text or integer milliseconds, this is {_kind(value)}"
    if isinstance(value, str):
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            return "is not an RFC 3339 time such as 2026-11-21T08:30:00Z"
        if parsed.tzinfo is None:
            return "has no time zone; end it with Z or an offset such as +08:00"
        since = parsed - datetime(1970, 1, 1, tzinfo=UTC)
        value = (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
    elif isinstance(value, float) and (not math.isfinite(value) or value != int(value)):
        return "must be a whole number of milliseconds"
    at = int(value)
    if not 0 <= at <= MAX_TS_MS:
        return "lies outside 1970 to 2100; the unit is milliseconds since the epoch"
    return at


def cut_text(text: str) -> tuple[str, bool]:
    """Return ``text`` within :data:`MAX_TEXT_BYTES` and storable as UTF-8, and whether anything was cut."""
    data = text.encode("utf-8", "replace")  # lone surrogates are legal JSON and illegal UTF-8
    if len(data) <= MAX_TEXT_BYTES:
        return data.decode("utf-8"), False
    return data[:MAX_TEXT_BYTES].decode("utf-8", "ignore"), True


def _with_aliases(raw: dict[str, Any]) -> dict[str, Any]:
    """Take the field names of the annotated chat archives for ours (see the contract: ``event_id``, ``file``, ``nick``).

    ``(group_id, file)`` is the group there: sessions of one channel lie years apart.
    """
    if "event_id" not in raw or "id" in raw:
        return raw
    raw = dict(raw)
    raw["id"] = raw.pop("event_id")
    if raw.get("file"):
        raw["group_id"] = f"{raw.get('group_id', '')}/{raw['file']}"
    if "mention_ids" in raw:
        raw["mention_names"] = raw.get("mentions")
        raw["mentions"] = raw.pop("mention_ids")
    if "nick" in raw:
        raw["user_name"] = raw.pop("nick")
    if raw.get("type") == "rename" and raw.get("new_nick"):
        raw["user_name"] = raw.pop("new_nick")
    if raw.get("type") == "leave" and raw.get("reason") not in (*get_args(LeaveReason), None):
        raw["leave_message"] = raw.pop("reason")
    return raw


def _refused_from(error: msgspec.ValidationError) -> Refused:
    text, _, path = without_values(error).partition(" - at ")
    where = path.strip("`").removeprefix("$.") if path else ""
    if text == NOT_ALLOWED and where in _ALLOWED:
        text += f": {', '.join(_ALLOWED[where])}"
    return Refused(where, text)


def _kind(value: Any) -> str:
    names = {
        dict: "an object",
        list: "an array",
        str: "text",
        int: "a number",
        float: "a number",
        bool: "a boolean",
        type(None): "null",
    }
    return names.get(type(value), type(value).__name__)
