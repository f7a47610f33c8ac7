"""A small language for scripted communities: who is there, how they usually talk, what happened, what an operator expects.

A community is a function with a name that reads as a sentence and a docstring that says what a good operator would say had
happened. It tells its :class:`Community` what happens and what is expected; nothing is run while it does.

Times are local (Shanghai) and read ``"29 20:15"`` or ``"29 20:15:30"``: day 29 of the community, of which day 1 is a Monday.
Durations read ``"40s"``, ``"5m"``, ``"2h"``, ``"3d"``. User ids are the names themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from huoqun.config import Config, Group, QuietHours
from huoqun.events import Event
from tests.golden.scenarios.judge import Alerted, Outcome
from tests.golden.scenarios.talk import GARDEN, Person, Said, background

DAY_ONE = 1_772_380_800_000
"""Monday 2026-03-02, 00:00 in Shanghai (ms)."""
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000
PLATFORM, GROUP = "qq", "1"
BEFORE, AFTER = 8 * MINUTE, 35 * MINUTE
"""So far background talk keeps from what a script tells: a question's fate is then the script's alone."""
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_LINE = re.compile(r"^\+(?P<gap>\d+[smhd])\s+(?:\[(?P<name>\w+)\]\s+)?(?P<who>[^\s:>]+?)(?P<how>[:>])\s?(?P<text>.*)$")
_MENTION = re.compile(r"@([^\s@，。,.!！?？]+)")

Check = Callable[[Outcome], None]


def moment(when: str | int) -> int:
    """Return a moment such as ``"29 20:15"`` in ms."""
    if isinstance(when, int):
        return when
    day, _, clock = when.partition(" ")
    parts = [int(part) for part in clock.split(":")] if clock else [0, 0]
    hours, minutes, seconds = (*parts, 0)[:3]
    return DAY_ONE + (int(day) - 1) * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND


def lasting(how_long: str) -> int:
    """Return a duration such as ``"40s"`` in ms."""
    return int(how_long[:-1]) * _UNITS[how_long[-1]]


def told(at: int) -> str:
    """Return a moment as it is written here."""
    day, rest = divmod(at - DAY_ONE, DAY)
    return f"{day + 1} {rest // HOUR:02}:{rest % HOUR // MINUTE:02}:{rest % MINUTE // SECOND:02}"


@dataclass
class Expected:
    """One expectation: what it says, how it is checked, and why it is not met yet if it isn't."""

    label: str
    says: str
    check: Check
    pending: str = ""


@dataclass
class Community:
    """A group, what happens in it, and what is expected of the product."""

    name: str
    story: str
    luck: int = 0
    """Which of the ways in which the background talk may fall out."""
    events: list[Event] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    later: list[Callable[[], Iterable[Event]]] = field(default_factory=list)
    """Background talk, made only when the community is run."""
    staff: list[str] = field(default_factory=list)
    bots: list[str] = field(default_factory=list)
    coverage: str = "full"
    settings: dict[str, Any] = field(default_factory=dict)
    ends: int = 0
    others_pending: str = ""
    scenes: list[tuple[int, int]] = field(default_factory=list)
    """When scripted things happen: background talk keeps out of their way."""
    _watched: list[Callable[[Alerted], bool]] = field(default_factory=list)
    """Which alerts some expectation speaks of."""

    # -- who is there ---------------------------------------------------------------------------------------------------

    def group(
        self,
        *,
        members: int = 0,
        staff: str = "",
        bots: str = "",
        kind: str = "interest",
        coverage: str = "full",
        quiet: tuple[str, str] | None = None,
        **settings: Any,
    ) -> None:
        """Say how large the group is on day 1 (as the platform counts), who its staff and bots are, and what it is for."""
        self.staff, self.bots, self.coverage = staff.split(), bots.split(), coverage
        self.settings = {"kind": kind, **settings}
        if quiet is not None:
            self.settings["quiet_hours"] = QuietHours(start=quiet[0], end=quiet[1])
        if "ends_on" in settings:
            self.settings["ends_on"] = date.fromisoformat(settings["ends_on"])
        if members:
            self.count("1 00:00:30", members)

    def config(self) -> Config:
        """Return the configuration that knows the group."""
        known = set(Group.__struct_fields__)
        settings = {name: value for name, value in self.settings.items() if name in known}
        group = Group(platform=PLATFORM, group_id=GROUP, staff=self.staff, bots=self.bots, **settings)
        return Config(groups=[group])

    # -- what happens ---------------------------------------------------------------------------------------------------

    def happens(self, at: str | int, kind: str, who: str = "", *, scene: bool = True, **fields: Any) -> str:
        """Add one event and return its id."""
        ts = moment(at)
        name = fields.pop("id", "") or f"s{len(self.events)}"
        self.events.append(self.event(name, ts, kind, who, **fields))
        if scene and kind == "message":
            self.scenes.append((ts, ts))
        return name

    def event(self, name: str, ts: int, kind: str, who: str = "", **fields: Any) -> Event:
        """Return an event of this group."""
        return Event(
            id=name,
            type=kind,  # type: ignore[arg-type]
            ts=ts,
            platform=PLATFORM,
            group_id=GROUP,
            user_id=who,
            user_name=who,
            is_bot=who in self.bots,
            coverage=self.coverage,  # type: ignore[arg-type]
            received_at=ts,
            **fields,
        )

    def says(self, at: str | int, who: str, text: str, **fields: Any) -> str:
        """Add a message; ``@name`` in it mentions."""
        mentions = [name for name in _MENTION.findall(text) if name != "all"]
        return self.happens(at, "message", who, text=text, mentions=mentions, **fields)

    def scene(self, at: str | int, script: str) -> int:
        """Play a scene and return when it was over.

        Each line reads ``+40s who: text`` (so long after the line before), ``+40s who> text`` (a reply to the last line of
        somebody else) or ``+40s [name] who: text`` (an event id of its own, to speak of it later).
        """
        now = begun = moment(at)
        last: list[tuple[str, str]] = []
        for raw in script.strip().splitlines():
            found = _LINE.match(raw.strip())
            if found is None:
                raise ValueError(f"not a line of a scene: {raw.strip()}")
            now += lasting(found["gap"])
            reply = ""
            if found["how"] == ">":
                reply = next(event for event, who in reversed(last) if who != found["who"])
            name = self.says(now, found["who"], found["text"], id=found["name"] or "", reply_to=reply)
            last.append((name, found["who"]))
        self.scenes.append((begun, now))
        return now

    def joins(self, at: str | int, who: str, *, by: str = "") -> None:
        """Let somebody join, invited by ``by``."""
        self.happens(at, "join", who, inviter_id=by)

    def crowd_joins(self, at: str | int, who: Iterable[str], *, every: str = "20s", by: str = "") -> None:
        """Let several people join one after another."""
        for number, name in enumerate(who):
            self.joins(moment(at) + number * lasting(every), name, by=by)

    def leaves(self, at: str | int, *who: str, every: str = "20s", reason: str = "left") -> None:
        """Let people leave one after another, at equal gaps."""
        for number, name in enumerate(who):
            self.happens(moment(at) + number * lasting(every), "leave", name, reason=reason)

    def reacts(self, at: str | int, who: str, to: str, emoji: str = "👍") -> None:
        """Let somebody react to a message."""
        self.happens(at, "reaction", who, reply_to=to, text=emoji)

    def count(self, at: str | int, members: int) -> None:
        """Let the platform tell how many people the group has."""
        self.happens(at, "member_count", count=members)

    def talk(
        self,
        days: tuple[int, int],
        cast: Sequence[Person],
        *,
        a_day: float | Sequence[float] = 10.0,
        about: str = GARDEN,
        mix: dict[str, float] | None = None,
        through: bool = False,
        **how: Any,
    ) -> None:
        """Let people talk as usual from the first to the last of these days, ``a_day`` exchanges of two to six lines each.

        They keep out of the way of scenes, unless they talk ``through`` them.
        """
        batch = len(self.later)

        def made() -> Iterable[Event]:
            said: list[Said] = list(
                background(
                    f"{self.name} {batch} {self.luck or ''}".strip(),
                    cast,
                    *days,
                    talks_a_day=a_day,
                    about=about,
                    mix=mix,
                    day_one=DAY_ONE,
                    **how,
                )
            )
            left: set[int] = set()
            for line in said:
                if line.reply_to in left or (not through and self._in_a_scene(line.at)):
                    left.add(line.number)
                    continue
                yield self.event(
                    f"b{batch}-{line.number}",
                    line.at,
                    "message",
                    line.who,
                    text=line.text,
                    reply_to=f"b{batch}-{line.reply_to}" if line.reply_to >= 0 else "",
                )

        self.later.append(made)

    def _in_a_scene(self, at: int) -> bool:
        return any(first - BEFORE <= at <= last + AFTER for first, last in self.scenes)

    def until(self, at: str | int) -> None:
        """Let time pass until then, if nothing happens so late."""
        self.ends = moment(at)

    # -- what is expected -----------------------------------------------------------------------------------------------

    def expect(
        self,
        kind: str,
        between: tuple[str | int, str | int],
        *,
        about: str | None = None,
        event: str | None = None,
        because: str = "",
        severity: str = "",
        state: str = "",
        resolved_by: str | int | None = None,
        times: int | None = 1,
        pending: str = "",
    ) -> None:
        """Expect an alert, raised within the bounds and not otherwise: ``times`` of them, or any number from 1 for ``None``.

        ``about`` is the person, ``event`` the message it is about; only alerts about them are looked at then. ``because`` is a
        pattern that must be found in the reasons or the evidence.
        """
        first, last = moment(between[0]), moment(between[1])

        def watched(alert: Alerted) -> bool:
            return alert.kind == kind and about in (None, alert.user) and event in (None, alert.event)

        def check(outcome: Outcome) -> None:
            found = [alert for alert in outcome.alerts if watched(alert)]
            seen = "; ".join(f"{told(a.raised_at)} {a.user} {a.reasons} {a.state}" for a in found) or "none"
            if times is None:
                assert found, f"no {kind}"
            else:
                assert len(found) == times, f"{len(found)} of {kind} instead of {times}: {seen}"
            for alert in found:
                assert first <= alert.raised_at <= last, f"{kind} at the wrong time: {seen}"
                why = " ".join((alert.title, *alert.reasons, alert.evidence))
                assert re.search(because, why), (
                    f"{because!r} is not among the reasons of {kind}: {seen} {alert.evidence}"
                )
                assert severity in ("", alert.severity), f"{kind} is {alert.severity}"
                assert state in ("", alert.state), f"{kind} is {alert.state}"
                if resolved_by is not None:
                    assert alert.resolved_at is not None, f"{kind} was not resolved: {seen}"
                    assert alert.resolved_at <= moment(resolved_by), f"{kind} resolved at {told(alert.resolved_at)}"

        self._watched.append(watched)
        whom = f" about {about}" if about else ""
        number = "" if times == 1 else f"{times or 'some'} × "
        why = f" because of {because.partition('|')[0]}" if because else ""
        end = f", {state}" if state else ""
        end += f", resolved by {_when(resolved_by)}" if resolved_by is not None else ""
        says = f"{number}`{kind}`{whom} on {_span(between)}{why}{end}"
        self.expected.append(Expected(kind, says, check, pending))

    def never(self, *kinds: str, about: str | None = None, after: str | int = 0, pending: str = "") -> None:
        """Expect that no alert of these kinds is raised at all, or none about a person, or none ``after`` a first time."""

        def watched(alert: Alerted) -> bool:
            return alert.kind in kinds and about in (None, alert.user)

        def check(outcome: Outcome) -> None:
            raised = [a for a in outcome.alerts if watched(a) and a.raised_at >= moment(after)]
            found = [f"{told(a.raised_at)} {a.title} {a.reasons}" for a in raised]
            assert not found, f"{len(found)} raised: {found[:5]}"

        self._watched.append(watched)
        whom = f" about {about}" if about else ""
        whom += f" after day {_when(after)}" if after else ""
        self.expected.append(Expected(f"no {' '.join(kinds)}", f"no {_kinds(kinds)}{whom}", check, pending))

    def never_says(self, kind: str, what: str, *, why: str, pending: str = "") -> None:
        """Expect that no alert of a kind says in its title or reasons what matches a pattern."""

        def check(outcome: Outcome) -> None:
            for alert in outcome.alerts:
                said = " ".join((alert.title, *alert.reasons))
                assert alert.kind != kind or not re.search(what, said), f"{kind} says {said}"

        self.expected.append(Expected(f"says {kind}", f"`{kind}` says {why}", check, pending))

    def at_most(self, kind: str, times: int, *, pending: str = "") -> None:
        """Expect an alert so many times or fewer: it may be right, and must not come again and again."""

        def check(outcome: Outcome) -> None:
            found = [f"{told(a.raised_at)} {a.reasons} {a.state}" for a in outcome.alerts if a.kind == kind]
            assert len(found) <= times, f"{len(found)} of {kind}: {found}"

        self._watched.append(lambda alert: alert.kind == kind)
        self.expected.append(Expected(f"at most {kind}", f"at most {times} `{kind}`", check, pending))

    def tolerate(self, *kinds: str) -> None:
        """Say that alerts of these kinds are right here too, and beside the point."""
        self._watched.append(lambda alert: alert.kind in kinds)

    def others(self, *, pending: str) -> None:
        """Say why alerts that nobody asked for are raised here all the same: a fault that waits to be mended."""
        self.others_pending = pending

    def finish(self) -> None:
        """Expect that no other alert is raised than those spoken of: false alarms count in every community."""

        def check(outcome: Outcome) -> None:
            found = [
                f"{told(a.raised_at)} {a.kind} {a.user}: {a.reasons}"
                for a in outcome.alerts
                if not any(watched(a) for watched in self._watched)
            ]
            assert not found, f"nobody asked for {len(found)}: {found[:5]}"

        self.expected.append(Expected("nothing else", "nothing else", check, self.others_pending))

    def stage(self, at: str | int, *stages: str, pending: str = "") -> None:
        """Expect the group's stage at a moment."""

        def check(outcome: Outcome) -> None:
            seen = outcome.stage_at(moment(at))
            assert seen in stages, f"{seen} instead of {' or '.join(stages)}; stages: {_path(outcome)}"

        self.expected.append(
            Expected(f"stage {stages[0]}", f"stage {' or '.join(stages)} on day {_when(at)}", check, pending)
        )

    def passes(self, *stages: str, pending: str = "") -> None:
        """Expect just these stages one after another; ``blending|forming`` is either."""

        def check(outcome: Outcome) -> None:
            seen = [stage for _, stage in outcome.stages]
            fits = len(seen) == len(stages) and all(a in b.split("|") for a, b in zip(seen, stages, strict=True))
            assert fits, f"stages: {_path(outcome)}"

        self.expected.append(Expected("stages", f"stages {' → '.join(stages)} and no other", check, pending))

    def never_stage(self, *stages: str, pending: str = "") -> None:
        """Expect that the group is never said to be in any of these stages."""

        def check(outcome: Outcome) -> None:
            assert not {stage for _, stage in outcome.stages} & set(stages), f"stages: {_path(outcome)}"

        self.expected.append(Expected(f"never {stages[0]}", f"never {' or '.join(stages)}", check, pending))

    def activity(self, window: str, at: str | int, *, pending: str = "", **columns: Any) -> None:
        """Expect values of the window's last row until then: a value, or (least, most)."""

        def check(outcome: Outcome) -> None:
            row = outcome.activity_at(window, moment(at))
            _fits(row, columns)

        self.expected.append(
            Expected(
                f"{window} {next(iter(columns))}", f"{window} on day {_when(at)}: {_columns(columns)}", check, pending
            )
        )

    def member(self, who: str, *, pending: str = "", **columns: Any) -> None:
        """Expect values of a member's row at the end: a value, a tuple of two numbers (least, most), or a set of values."""
        self.expected.append(
            Expected(
                f"member {next(iter(columns))}",
                f"{who}: {_columns(columns)}",
                lambda outcome: _fits(outcome.members.get(who), columns),
                pending,
            )
        )

    def asked(self, event: str, *, pending: str = "", **columns: Any) -> None:
        """Expect values of a question's row at the end; ``status=None`` with nothing else: it isn't one."""

        def check(outcome: Outcome) -> None:
            row = outcome.questions.get(event)
            if columns == {"status": None}:
                assert row is None, f"taken for a question: {row}"
            else:
                _fits(row, columns)

        says = (
            f"`{event}` is no question" if columns == {"status": None} else f"question `{event}`: {_columns(columns)}"
        )
        self.expected.append(Expected(f"question {event}", says, check, pending))

    def at_end(self, *, pending: str = "", **columns: Any) -> None:
        """Expect values of the group's own row at the end."""
        self.expected.append(
            Expected(
                f"group {next(iter(columns))}",
                f"at the end {_columns(columns)}",
                lambda outcome: _fits(outcome.group, columns),
                pending,
            )
        )


def _fits(row: dict[str, Any] | None, columns: dict[str, Any]) -> None:
    assert row is not None, "there is no such row"
    for name, wanted in columns.items():
        value = row.get(name)
        seen = {column: row.get(column) for column in columns}
        if isinstance(wanted, tuple):
            assert value is not None, f"{name} is not known: {seen}"
            assert wanted[0] <= value <= wanted[1], f"{name} is {value}, not within {wanted}: {seen}"
        elif isinstance(wanted, frozenset | set):
            assert value in wanted, f"{name} is {value!r}, not one of {sorted(map(str, wanted))}: {seen}"
        else:
            assert value == wanted, f"{name} is {value!r}, not {wanted!r}: {seen}"


def _path(outcome: Outcome) -> str:
    return ", ".join(f"{told(at)} {stage}" for at, stage in outcome.stages)


def _when(at: str | int) -> str:
    return told(at)[:-3] if isinstance(at, int) else at


def _span(between: tuple[str | int, str | int]) -> str:
    first, last = _when(between[0]), _when(between[1])
    day, _, clock = last.partition(" ")
    same = first.partition(" ")[0] == day
    return f"day {first}–{clock}" if same and clock else f"day {first} – {last}"


def _kinds(kinds: tuple[str, ...]) -> str:
    return ", ".join(f"`{kind}`" for kind in kinds)


def _columns(columns: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in columns.items())


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return f"{value[0]}–{value[1]}"
    if isinstance(value, frozenset | set):
        return " or ".join(sorted(map(str, value)))
    return str(value)
