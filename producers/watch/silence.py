"""When a source's silence is an alarm, and what was lost on the way (pure): one source, seen by all gateways together.

Times come in order. Time during which no gateway ran does not count: nobody could have delivered anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from huoqun.results import Alert, Severity, alert_id
from huoqun.sources import Gap, Kept
from producers.watch.rhythm import HOUR_MS, MINUTE_MS, Rhythm

LEAST_MS: Final = 10 * MINUTE_MS
"""No rhythm is so fast that less than this would be told."""
PAUSES: Final = 5.0
"""So many usual pauses in a row are none."""
LEAST_HOURS: Final = 24
"""Seen in fewer hours of the week, a source has no rhythm: what was imported once need not come again."""
BEATS: Final = 3
"""So many heartbeats have to be missing."""
LEAST_BEATS_MS: Final = 10_000

DAY_MS: Final = 24 * HOUR_MS
DOUBT_MS: Final = MINUTE_MS
"""So long a step that seems lost may still come: platforms repeat, and deliveries overtake each other."""
_MOST_GAPS: Final = 100
_MOST_GROUPS: Final = 500
_MOST_STEPS: Final = 4
_FORGET_BEATS: Final = 10
"""A source that goes on without so many heartbeats has been told to send none."""

_encoder: Final = msgspec.json.Encoder(order="deterministic")


class Rule(NamedTuple):
    """How long a source may be silent: ``limit_ms`` by configuration (0: for ever), ``None``: by its own rhythm."""

    kind: str
    limit_ms: int | None = None


class Why(NamedTuple):
    """Why a silence is told."""

    severity: Severity
    reason: str
    usual_ms: int


class Silence:
    """One source. :meth:`pass_time`, :meth:`lives`, :meth:`beats` and :meth:`steps` are called in the order of time."""

    def __init__(self, name: str, rule: Rule, kept: Kept | None = None) -> None:
        self.name = name
        self.rule = rule
        self.kept = Kept() if kept is None else kept
        self.rhythm = Rhythm(self.kept.weeks)
        self.kept.weeks = self.rhythm.weeks
        self.lost_beats = 0
        """Since this object was made, as :attr:`lost_steps`: for metrics."""
        self.lost_steps = 0

    @property
    def alert(self) -> Alert | None:
        """The alert as it stands; ``None`` if there never was one."""
        return self.kept.alert

    def gaps(self, at: int) -> Sequence[Gap]:
        """Return what was lost within the last day."""
        return [gap for gap in self.kept.gaps if gap.at > at - DAY_MS]

    def pass_time(self, start: int, end: int) -> None:
        """Let time pass during which something could have come."""
        self.kept.quiet_ms += end - start
        self.kept.units += self.rhythm.pauses(start, end)

    def hole(self) -> None:
        """Note that there was a time in which nothing could have come: what lies around it is no pause."""
        self.kept.holed = self.kept.beats_holed = True

    def lives(self, at: int) -> None:
        """Note a sign of life."""
        kept = self.kept
        if kept.last_sign_at and not kept.holed and at > kept.last_sign_at:
            self.rhythm.learn(kept.last_sign_at, at)
        if kept.alert is not None and kept.alert.state == "open":
            silent = span(at - kept.last_sign_at)
            said = f"，静默了 {silent} · delivers again, after {silent}" if kept.last_sign_at else " · delivers"
            self._resolve(kept.alert, at, f"又有送达{said}")
        kept.last_sign_at = max(kept.last_sign_at, at)
        kept.quiet_ms, kept.units, kept.holed = 0, 0.0, False

    def beats(self, at: int, interval: int) -> None:
        """Note a heartbeat that promises the next within ``interval`` ms."""
        kept = self.kept
        if kept.beat_ms and not kept.beats_holed:
            missing = round((at - kept.last_beat_at) / kept.beat_ms) - 1
            if missing > 0:
                self.lost_beats += missing
                self._gap(Gap(at, "beat", count=missing))
        kept.beat_ms, kept.last_beat_at, kept.beats_holed = interval, at, False
        self.lives(at)

    def steps(self, at: int, group: str, before: str, after: str) -> None:
        """Note that a group's counter went from ``before`` to ``after``."""
        chains = self.kept.chains
        seen = chains.pop(group, None)
        chains[group] = seen or []
        if len(chains) > _MOST_GROUPS:
            del chains[next(iter(chains))]
        if seen and before not in seen and after not in seen:
            self.kept.doubted.append((Gap(at, "step", group), before))
        self.kept.doubted = [each for each in self.kept.doubted if (each[0].group, each[1]) != (group, after)]
        if after not in chains[group]:
            chains[group] = [*chains[group], after][-_MOST_STEPS:]

    def lose_track(self) -> None:
        """Note that some heartbeats and steps did not reach us: what comes next proves nothing."""
        self.kept.chains = {}
        self.kept.beats_holed = True

    def judge(self, at: int) -> None:
        """Look at what is known at a time: raise the alert if the silence has become one."""
        kept = self.kept
        if kept.last_sign_at - kept.last_beat_at > max(_FORGET_BEATS * kept.beat_ms, LEAST_MS):
            kept.beat_ms = 0
        sure = [gap for gap, _ in self.kept.doubted if gap.at <= at - DOUBT_MS]
        if sure:
            self.kept.doubted = [each for each in self.kept.doubted if each[0].at > at - DOUBT_MS]
            for gap in sure:
                self.lost_steps += 1
                self._gap(gap)
        alert = self.kept.alert
        if alert is not None and alert.state == "open":
            if self.rule.limit_ms == 0:
                self._resolve(alert, at, "不再看管 · not watched any more")
            return
        why = self._why()
        if why is not None:
            self._raise(at, why)

    def _why(self) -> Why | None:
        if self.rule.limit_ms is not None:
            return self._past_limit(self.rule.limit_ms)
        if not self.kept.last_sign_at:
            return None
        return self._without_beats() if self.kept.beat_ms else self._out_of_rhythm()

    def _past_limit(self, limit: int) -> Why | None:
        if not limit or self.kept.quiet_ms < limit:
            return None
        said = span(limit)
        return Why("critical", f"超过为它设定的 {said} · longer than the {said} that are set for it", limit)

    def _without_beats(self) -> Why | None:
        every = self.kept.beat_ms
        if self.kept.quiet_ms < max(BEATS * every, LEAST_BEATS_MS):
            return None
        said = f"{every / 1000:g} s"
        return Why("critical", f"每 {said} 的心跳已停 · its heartbeat, every {said}, has stopped", every)

    def _out_of_rhythm(self) -> Why | None:
        kept = self.kept
        if kept.quiet_ms < LEAST_MS or kept.units < PAUSES or self.rhythm.known_hours < LEAST_HOURS:
            return None
        usual = round(kept.quiet_ms / kept.units)
        said = span(usual)
        return Why("warning", f"平时这个时段最多停 {said} · at such times its pauses are usually {said} at most", usual)

    def _raise(self, at: int, why: Why) -> None:
        kept = self.kept
        before, silent = kept.alert, span(kept.quiet_ms)
        last = kept.last_sign_at
        kept.alert = Alert(
            platform=self.rule.kind if before is None else before.platform,
            group_id="",
            version=self._version(at),
            alert_id=alert_id("source_silent", "", "", self.name),
            kind="source_silent",
            severity=why.severity,
            raised_at=at,
            updated_at=at,
            state="open",
            title=f"数据源 {self.name} 已静默 {silent} · source {self.name} has been silent for {silent}",
            reasons=[why.reason],
            evidence=_encoder.encode(
                {"source": self.name, "last_sign_at": last, "silent_ms": kept.quiet_ms, "usual_ms": why.usual_ms}
            ).decode(),
        )

    def _resolve(self, alert: Alert, at: int, said: str) -> None:
        self.kept.alert = msgspec.structs.replace(
            alert,
            version=self._version(at),
            state="resolved",
            updated_at=at,
            resolved_at=at,
            reasons=[*alert.reasons, said],
        )

    def _version(self, at: int) -> int:
        return at if self.kept.alert is None else max(at, self.kept.alert.version + 1)

    def _gap(self, gap: Gap) -> None:
        self.kept.gaps = [*self.gaps(gap.at), gap][-_MOST_GAPS:]


def span(ms: int) -> str:
    """Return a length of time as operators read it: ``45 s``, ``12 min``, ``2 h 5 min``, ``3 d``."""
    if ms < 2 * MINUTE_MS:
        return f"{max(0, ms) // 1000} s"
    minutes = ms // MINUTE_MS
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    if hours < 48:  # noqa: PLR2004  # two days
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} d"
