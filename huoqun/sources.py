"""What gateways tell each other, and ``huoqun status``, of their sources: the records of the topic ``huoqun.sources``.

Each gateway process says every few seconds what it knows (:class:`Report`). Reports are absolute: one that is lost or repeated
changes nothing. Now and then one process writes what all of them together amount to (:class:`State`), so that who comes later
need not read everything.
"""

from __future__ import annotations

from typing import Final

import msgspec

from huoqun.events import Coverage, Refused
from huoqun.results import Alert


class Beat(msgspec.Struct, array_like=True, frozen=True):
    """A heartbeat: its number in this process, when it came, and how soon the next was promised (ms)."""

    number: int
    at: int
    interval: int


class Stepped(msgspec.Struct, array_like=True, frozen=True):
    """A step of a group's counter, as the platform told it: its number in this process, and when it came."""

    number: int
    at: int
    group: str
    before: str
    after: str


class Told(msgspec.Struct, omit_defaults=True):
    """One source, as one process sees it. Times are milliseconds since the epoch, 0: never."""

    kind: str
    coverage: Coverage = "full"
    last_event_at: int = 0
    first_sign_at: int = 0
    """When anything authentic came, an event or not, for the first time since the report before …"""
    last_sign_at: int = 0
    """… and for the last time ever."""
    per_minute: float = 0.0
    """Events, over the last few minutes."""
    refused: dict[str, int] = {}
    """Reason -> requests and single events refused within the last hour."""
    skew_ms: int | None = None
    """How far the sender's clock is behind ours, by the times that it signs, else by its events."""
    beats: list[Beat] = []
    steps: list[Stepped] = []
    """The last ones, oldest first."""


class Report(msgspec.Struct, tag_field="record", tag="report", omit_defaults=True):
    """What one gateway process knows of its sources: whatever came since ``started_at`` and until ``at`` is in it."""

    process: str
    started_at: int
    at: int
    ended: bool = False
    """It will say nothing more."""
    reads: bool = True
    """It reads what others say, and may speak for all."""
    sources: dict[str, Told] = {}


class Gap(msgspec.Struct, array_like=True, frozen=True):
    """Something was lost: ``count`` heartbeats, or a step of ``group``."""

    at: int
    kind: str
    group: str = ""
    count: int = 1


class Kept(msgspec.Struct, omit_defaults=True):
    """What all processes together amount to, for one source: all that its machine has to remember."""

    last_sign_at: int = 0
    quiet_ms: int = 0
    units: float = 0.0
    holed: bool = False
    beat_ms: int = 0
    last_beat_at: int = 0
    beats_holed: bool = False
    chains: dict[str, list[str]] = {}
    doubted: list[tuple[Gap, str]] = []
    gaps: list[Gap] = []
    weeks: dict[int, list[tuple[int, int]]] = {}
    alert: Alert | None = None


class Process(msgspec.Struct, array_like=True):
    """A process that is taken to be alive.

    ``since``: how many reports of each other one came since its own last one. ``numbers``: source -> the last heartbeat or step
    of it that was taken up.
    """

    started_at: int
    at: int
    since: dict[str, int]
    numbers: dict[str, int]


class Waiting(msgspec.Struct, array_like=True, frozen=True):
    """What a process told of a time of which others have not spoken yet: a heartbeat, a step, or just a sign of life."""

    at: int
    source: str
    beat: Beat | None = None
    step: Stepped | None = None


class State(msgspec.Struct, tag_field="record", tag="state", omit_defaults=True):
    """What the reports up to ``offset`` amount to, as of ``at``."""

    offset: int
    at: int
    processes: dict[str, Process] = {}
    sources: dict[str, Kept] = {}
    waiting: list[Waiting] = []
    """What lies behind ``at``, in the order in which it was told."""


_Record = Report | State
_encoder: Final = msgspec.json.Encoder()
_decoder: Final[msgspec.json.Decoder[_Record]] = msgspec.json.Decoder(_Record)


def encode(record: Report | State) -> bytes:
    """Return a record's value."""
    return _encoder.encode(record)


def decode(value: bytes | None) -> Report | State | Refused:
    """Read a record's value. Never raises."""
    try:
        return _decoder.decode(value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Refused("", str(error))
