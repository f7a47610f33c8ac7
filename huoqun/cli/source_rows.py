"""One row a source for ``huoqun status``: what the gateways say of it, beside what the store has of it (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from huoqun.report.words import duration

if TYPE_CHECKING:
    from producers.watch.overview import Seen

STALE_MS: Final = 60_000
"""Older than that, what gateways said of the present is not the present any more."""


class SourceRow(NamedTuple):
    """One source. Times are text, UTC, empty: never. ``None`` is not known: no gateway has spoken lately."""

    source: str
    kind: str
    coverage: str
    events: int
    """In the store."""
    last_received: str
    """When the last event came; ``last_event``: when the latest of them happened."""
    last_event: str
    last_sign: str
    """When the gateways last heard anything authentic, an event or not."""
    per_minute: float | None
    refused: dict[str, int] | None
    """Reason -> how many within the last hour."""
    skew_ms: int | None
    """How far its clock is behind ours."""
    lost_steps: int
    lost_beats: int
    """Both within the last day."""
    silent_since: str
    """Set while its silence is an open alert."""
    age_ms: int | None
    """How long ago the last event came."""
    silent_ms: int
    """How long it has been silent, while that is an alert."""

    @property
    def sort(self) -> str:
        """Return the kind, and what it can see where that is not everything."""
        return f"{self.kind} ({self.coverage})" if self.coverage not in ("", "full") else self.kind or "-"

    @property
    def last(self) -> str:
        """Return how long ago the last event came, in words."""
        return "-" if self.age_ms is None else duration(self.age_ms)

    @property
    def clock(self) -> str:
        """Return the skew in words."""
        if self.skew_ms is None:
            return "-"
        return f"{abs(self.skew_ms) / 1000:.1f} s {'behind' if self.skew_ms >= 0 else 'ahead'}"

    @property
    def lost(self) -> str:
        """Return the gaps in words."""
        found = ((self.lost_steps, "steps"), (self.lost_beats, "beats"))
        return ", ".join(f"{count:,} {what}" for count, what in found if count) or "-"

    @property
    def refusals(self) -> str:
        """Return the refusals in words, the most frequent first."""
        if self.refused is None:
            return "-"
        most = sorted(self.refused.items(), key=lambda entry: (-entry[1], entry[0]))
        return ", ".join(f"{count:,} {reason}" for reason, count in most) or "0"

    @property
    def state(self) -> str:
        """Return how it is."""
        if self.silent_since:
            return f"silent for {duration(self.silent_ms)}"
        if self.per_minute is None:
            return "no gateway reports"
        return "ok" if self.last_sign else "nothing yet"


def rows(seen: Iterable[Seen], stored: Iterable[Mapping[str, Any]], *, now: int, newest_report: int) -> list[SourceRow]:
    """Bring together what gateways say (their latest report came at ``newest_report``, ms) and what is stored, by name."""
    told = {one.name: one for one in seen}
    kept = {str(row["source"]): row for row in stored}
    fresh = now - newest_report <= STALE_MS
    return [
        _row(name, told.get(name), kept.get(name), now=now, fresh=fresh) for name in sorted(told.keys() | kept.keys())
    ]


def _row(name: str, seen: Seen | None, stored: Mapping[str, Any] | None, *, now: int, fresh: bool) -> SourceRow:
    received = 0 if stored is None else _ms(str(stored["last_received"]))
    last = max(received, 0 if seen is None else seen.last_event_at)
    silent = None if seen is None else seen.silent
    since = 0 if seen is None or silent is None else seen.last_sign_at or silent.raised_at
    return SourceRow(
        source=name,
        kind="" if seen is None else seen.kind,
        coverage="" if seen is None else seen.coverage,
        events=0 if stored is None else int(stored["events"]),
        last_received=_time(last),
        last_event="" if stored is None else str(stored["last_event"]),
        last_sign="" if seen is None else _time(seen.last_sign_at),
        per_minute=seen.per_minute if seen is not None and fresh else None,
        refused=dict(seen.refused) if seen is not None and fresh else None,
        skew_ms=seen.skew_ms if seen is not None and fresh else None,
        lost_steps=0 if seen is None else seen.lost_steps,
        lost_beats=0 if seen is None else seen.lost_beats,
        silent_since=_time(since),
        age_ms=now - last if last else None,
        silent_ms=now - since if since else 0,
    )


def _ms(text: str) -> int:
    """Return a time of the store."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def _time(ms: int) -> str:
    """Return a time as the store has it."""
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%d %H:%M:%S}.{ms % 1000:03}" if ms else ""
