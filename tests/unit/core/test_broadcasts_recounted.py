"""Broadcasts against a plain recount of the same talk: which messages are one, whom each draws, and when silence is told."""

from __future__ import annotations

import json
import math
import random
from fractions import Fraction
from statistics import median
from typing import NamedTuple

import pytest

from huoqun.config import Config, Group, QuietHours
from huoqun.events import Event, EventType
from huoqun.results import Alert, alert_id
from streams.core import broadcasts
from streams.core.arrival import Arrival
from streams.core.history import History
from streams.core.settings import resolve
from streams.core.state import NEVER
from streams.core.tables import ALERTS
from tests.support.scenes import HOUR, MINUTE, T0

SETTINGS = resolve(Config(), "qq", "1")
NIGHTS = Config(
    groups=[Group(platform="qq", group_id="1", quiet_hours=QuietHours(start="23:00", end="07:00"), time_zone="UTC")]
)


class Said(NamedTuple):
    """A message, or a reaction."""

    id: str
    ts: int
    user: str
    staff: bool
    length: int
    reply_to: str
    named: list[str]
    reaction: bool


class Note:
    """A broadcast, and who responded."""

    def __init__(self, said: Said) -> None:
        self.said = said
        self.responded: list[str] = []


class Told(NamedTuple):
    """What operators are told of a silence."""

    subject: str
    raised: int
    over: int | None
    last: Said
    drew: list[int]
    usual: float


class Recount:
    """The definition in words (docs/alerts.md), counted anew from lists."""

    def __init__(self) -> None:
        self.open: list[Note] = []
        self.drew: list[int] = []
        self.told: list[Told] = []
        self.silent = False
        self.member_spoke = 0

    def on(self, said: Said) -> None:
        self.until(said.ts)
        if said.staff:
            self.staff(said)
            return
        for note in self.open:
            if said.reply_to == note.said.id or (not said.reaction and note.said.user in said.named):
                self.responds(note, said.user)
                break
        else:
            at_large = not said.reaction and not said.reply_to and not said.named
            if at_large and self.open and said.ts - self.open[-1].said.ts <= 30 * MINUTE:
                self.responds(self.open[-1], said.user)
        if not said.reaction:
            self.member_spoke = said.ts

    def staff(self, said: Said) -> None:
        belongs = self.open and said.ts - self.open[-1].said.ts <= 10 * MINUTE
        joins_a_talk = said.ts - self.member_spoke < 3 * MINUTE and said.length < 40
        if belongs or said.length < 12 or said.reply_to or said.named or joins_a_talk:
            return
        if len(self.open) == 4:
            self.drew.append(len(self.open.pop(0).responded))
        self.open.append(Note(said))

    def responds(self, note: Note, user: str) -> None:
        if user not in note.responded and len(note.responded) < 20:
            note.responded.append(user)

    def until(self, ts: int) -> None:
        while self.open and self.open[0].said.ts + 2 * HOUR <= ts:
            note = self.open.pop(0)
            self.drew.append(len(note.responded))
            self.judge(note, note.said.ts + 2 * HOUR)

    def judge(self, note: Note, at: int) -> None:
        self.drew = self.drew[-12:]
        *before, _, _, _ = [0, 0, 0, *self.drew] if len(self.drew) < 3 else self.drew
        usual = self.told[-1].usual if self.silent else median(before) if len(before) >= 5 else 0.0
        if self.silent and 2 * self.drew[-1] >= usual:
            self.told[-1] = self.told[-1]._replace(over=at)
            self.silent, self.drew = False, self.drew[-1:]
            return
        fifth = Fraction(usual) / 5
        if usual >= 3 and sum(self.drew[-3:]) <= 3 * fifth and max(self.drew[-3:]) <= math.ceil(fifth):
            if self.silent:
                self.told[-1] = self.told[-1]._replace(last=note.said, drew=self.drew[-3:])
            else:
                self.told.append(Told(note.said.id, at, None, note.said, self.drew[-3:], usual))
            self.silent = True


GAPS = [
    0,
    1,
    3 * MINUTE - 1,
    3 * MINUTE,
    10 * MINUTE,
    10 * MINUTE + 1,
    30 * MINUTE,
    30 * MINUTE + 1,
    2 * HOUR - 1,
    2 * HOUR,
]
SOON = [0, 1, 1000, 1000, 60_000]
TURNS = ["lively", "silent", "lively", "silent", "one by one", "silent", "lively", "either", "silent", "either"]
CROWDS = {"lively": [4, 4, 6, 6, 7, 50], "silent": [0, 0, 0, 0, 0, 1], "either": [0, 1, 2, 3, 5], "one by one": [0, 1]}


def talk(seed: int) -> list[Said]:
    """Broadcasts of two, in turns of lively and silent times, with whatever comes exactly at a bound."""
    rng = random.Random(seed)
    made: list[Said] = []
    ts = T0

    def say(
        after: int, user: str, length: int = 3, *, reply_to: str = "", named: str = "", reaction: bool = False
    ) -> str:
        nonlocal ts
        ts += after
        staff = user.startswith("boss")
        made.append(Said(f"e{len(made)}", ts, user, staff, length, reply_to, [named] if named else [], reaction))
        return made[-1].id

    times = [time for time in TURNS for _ in range(rng.randrange(3, 9))]
    notes = [""]
    for time in times:
        length = rng.choice([11, 12, 39, 40, 40, 40, 40])
        odd = rng.randrange(12)
        reply_to, named = notes[-1] if odd == 0 else "", "u3" if odd == 1 else ""
        notes.append(
            say(
                11 * MINUTE if time == "one by one" else rng.choice([5 * HOUR] * 40 + GAPS),
                rng.choice(["boss", "boss2"]),
                length,
                reply_to=reply_to,
                named=named,
            )
        )
        for n in range(rng.choice(CROWDS[time])):
            user, sort = f"u{n if rng.randrange(5) else 0}", rng.randrange(8)
            soon = rng.choice(SOON) if rng.randrange(9) else rng.choice(GAPS)
            if sort < 3:
                say(soon, user, reply_to=rng.choice(notes[-3:]), reaction=sort == 0)
            elif sort < 5:
                say(soon, user, named=rng.choice(["boss", "boss2", "u9"]))
            else:
                say(soon, user)
        if rng.randrange(3) == 0:
            say(rng.choice(GAPS), "boss", 40)
    return made


def message(name: str, ts: int, user: str, length: int, reply_to: str = "", kind: EventType = "message") -> Event:
    return Event(
        id=name, type=kind, ts=ts, platform="qq", group_id="1", user_id=user, text="字" * length, reply_to=reply_to,
        received_at=ts,
    )  # fmt: skip


def told(talk: list[Said]) -> tuple[History, Recount]:
    """Return what is known after a talk; at each step the open broadcasts are those of the recount."""
    h, recount = History(), Recount()
    h.add_person("boss")
    h.people[0].name = "园长"
    for said in talk:
        while broadcasts.due(h.troubles) <= said.ts:
            due = broadcasts.due(h.troubles)
            assert h.head.due_troubles <= due, "nobody would come to see that it is over"
            broadcasts.on_time(h, SETTINGS, due)
            h.change_head().due_troubles = broadcasts.due(h.troubles)
            h.commit_step(due, None)
        kind: EventType = "reaction" if said.reaction else "message"
        event = Arrival(message(said.id, said.ts, said.user, said.length, said.reply_to, kind), 0, b"")
        if said.staff:
            broadcasts.on_staff_message(h, SETTINGS, event, said.named)
        elif h.troubles.calls and said.reaction:
            broadcasts.on_reaction(h, event)
        elif h.troubles.calls:
            broadcasts.on_message(h, event, said.named)
        if not said.staff and not said.reaction:
            h.change_head().last_member_message = said.ts
        h.commit_step(said.ts, event)
        recount.on(said)
        assert [(call[1], list(call[3])) for call in h.troubles.calls] == [
            (note.said.id, note.responded) for note in recount.open
        ]
        assert list(h.troubles.drawn) == recount.drew[-12:]
    return h, recount


@pytest.mark.parametrize("seed", range(40))
def test_broadcasts_draw_and_fall_silent_just_as_a_plain_recount_says(seed: int) -> None:
    h, recount = told(talk(seed))
    assert len(h.steps) > 100, "or nothing was looked at"
    alerts: dict[str, Alert] = dict(h.tables[ALERTS])
    for one in recount.told:
        alert = alerts.pop(alert_id("silence_after_broadcast", "qq", "1", one.subject))
        assert (alert.raised_at, alert.resolved_at, alert.state == "resolved") == (
            one.raised,
            one.over,
            one.over is not None,
        )
        assert (alert.subject_event_id, alert.user_id) == (one.last.id, one.last.user)
        assert json.loads(alert.evidence) == {"drew": one.drew, "usual": one.usual, "within_minutes": 120}
        assert f"drew {', '.join(map(str, one.drew))} responses" in alert.reasons[0]
        assert alert.title.startswith("园长 的" if one.last.user == "boss" else "boss2 的")
    assert not alerts
    assert (h.troubles.silence != "") is recount.silent
    h.take_back(T0 - 1, "")
    assert not h.troubles.calls, "all of it can be taken back"
    assert h.head.due_troubles == NEVER


@pytest.mark.parametrize(
    ("minute", "opens"), [(0, False), (419, False), (420, True), (1378, True), (1379, True), (1380, False)]
)
def test_at_night_nobody_need_respond(minute: int, opens: bool) -> None:
    h = History()
    event = Arrival(message("e1", T0 + minute * MINUTE, "boss", 40), 0, b"")
    broadcasts.on_staff_message(h, resolve(NIGHTS, "qq", "1"), event, [])
    assert bool(h.troubles.calls) is opens
