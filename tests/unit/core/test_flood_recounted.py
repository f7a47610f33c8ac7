"""Floods against a plain recount of the same talk: which are told, with which figures, and when they are over."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from typing import Any, NamedTuple

import pytest

from huoqun import codec
from huoqun.config import Config
from huoqun.events import Event, EventType
from streams.core.arrival import Arrival
from streams.core.group import Group
from streams.core.settings import resolve
from streams.core.tables import ALERTS
from streams.weights import answer_model
from tests.support.scenes import DAY, HOUR, MINUTE, T0

TEN = 10 * MINUTE
NOON = 9 * DAY + 12 * HOUR
"""Of the day that is looked at, since :data:`T0`."""


class Told(NamedTuple):
    """What operators are told of a flood."""

    raised: int
    user: str
    over: int
    many: int
    evidence: dict[str, Any]


class Talk:
    """The events of one group, in the order of time, in seconds since :data:`NOON`."""

    def __init__(self, usual: int = 0, bots: int = 0, *, bots_before: int = 1, young: bool = False) -> None:
        self.events: list[Event] = []
        self.usual, self.bots = usual, 0 if young else bots
        before = 12 * HOUR // 1000 + (0 if young else 7 * DAY // 1000)
        self.known = not young
        self.say(-before, "u1", kind="join")
        for n in range(usual):
            self.say(n / 20 - before + 60, f"u{n % 12}")
        for n in range(self.bots):
            self.say(n - bots_before * DAY // 1000, "robot", bot=True)
        for _ in range(1, bots_before):
            self.bots = self.bots * 9 // 10

    def say(
        self,
        at: float,
        user: str,
        *,
        kind: EventType = "message",
        staff: bool = False,
        bot: bool = False,
        text: str = "1",
    ) -> None:
        ts = T0 + NOON + round(at * 1000)
        self.events.append(
            Event(
                id=f"e{len(self.events)}",
                type=kind,
                ts=ts,
                platform="qq",
                group_id="1",
                user_id=user,
                text=text if kind == "message" else "",
                is_staff=staff,
                is_bot=bot,
                received_at=ts,
            )
        )

    def ordered(self) -> list[Event]:
        """Return them in the order of time, and of their ids within a moment."""
        return sorted(self.events, key=lambda event: (event.ts, len(event.id), event.id))


def told(talk: Talk) -> list[Told]:
    """Return what is told of the floods of a talk, once it has been silent for an hour."""
    group = Group(resolve(Config(), "qq", "1"), answer_model(""))
    events = talk.ordered()
    for offset, event in enumerate(events):
        group.insert([Arrival(event, offset, codec.encode(event))], event.ts)
    group.advance(events[-1].ts + HOUR)
    found = []
    for alert in group.h.tables[ALERTS].values():
        if alert.kind == "flood":
            assert alert.state == "resolved"
            many = int(alert.reasons[-1].rpartition(", ")[2].split()[0])
            found.append(Told(alert.raised_at, alert.user_id, alert.resolved_at, many, json.loads(alert.evidence)))
    return sorted(found, key=lambda one: one.raised)


class Recount:
    """The definition in words (docs/alerts.md), counted anew from all events at each message."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.told: list[Told] = []
        self.flood: Told | None = None
        self.alone = ""
        self.limit = 0
        self.said: list[Event] = []
        self.events = talk.ordered()
        self.looks = {e.ts + 2 * HOUR for e in self.events if e.is_staff and len(e.text) > 1}

    def run(self) -> list[Told]:
        at = T0 + NOON - HOUR
        for event in self.events:
            self.until(at, event.ts)
            at = max(at, event.ts)
            self.said.append(event)
            if event.type == "message" and self.flood is None and event.ts >= T0 + NOON - HOUR:
                if event.is_bot:
                    self.bots(event)
                else:
                    self.people(event)
        self.until(at, at + HOUR)
        return self.told

    def until(self, after: int, end: int) -> None:
        """Look at every whole minute, and when a broadcast is over, whether the flood is."""
        times = {
            *range((after // MINUTE + 1) * MINUTE, end + 1, MINUTE),
            *(at for at in self.looks if after < at <= end),
        }
        for at in sorted(times):
            if self.flood is not None and self.left(at) * 4 <= self.limit:
                self.told.append(self.flood._replace(over=at, many=self.many()))
                self.flood = None

    def left(self, at: int) -> int:
        if self.alone == "bots":
            since = (at // TEN - 1) * TEN
            counts = Counter(e.ts // TEN for e in self.said if e.is_bot and e.ts >= since)
            return (
                counts.total()
                if any(e.is_bot and e.ts // TEN == at // TEN for e in self.said)
                else counts[at // TEN - 1]
            )
        by = self.members((at // MINUTE - 2) * MINUTE)
        return by[self.alone] if self.alone else by.total()

    def many(self) -> int:
        later = [e for e in self.said[self.place + 1 :] if e.type == "message"]
        return self.limit + sum(e.is_bot == (self.alone == "bots") for e in later)

    def members(self, since: int) -> Counter[str]:
        """Return who of the members wrote how much since then."""
        return Counter(
            e.user_id for e in self.said if e.ts >= since and e.type == "message" and not e.is_bot and not e.is_staff
        )

    def begin(self, event: Event, alone: str, user: str, limit: int, evidence: dict[str, Any]) -> None:
        self.flood = Told(event.ts, user, 0, 0, evidence)
        self.alone, self.limit, self.place = alone, limit, len(self.said) - 1

    def people(self, event: Event) -> None:
        minute, usual = event.ts // MINUTE * MINUTE, self.talk.usual
        by = self.members(minute - 5 * MINUTE)
        five, user = by.total(), event.user_id
        two = self.members(minute - MINUTE)
        mine, total = two[user], two.total()
        if self.members(minute)[user] >= 5 and mine >= 15 and mine >= 0.6 * total and (five > usual or mine >= 25):
            self.begin(event, user, user, mine, {
                "messages": mine, "minutes": 2, "of": total, "in_5_min": five, "usual_peak_5_min": usual,
            })  # fmt: skip
            return
        people = sum(e.type == "message" and not e.is_bot for e in self.said)
        closed = Counter(
            e.user_id for e in self.said
            if minute - 5 * MINUTE <= e.ts < minute and e.type == "message" and not e.is_bot and not e.is_staff
        )  # fmt: skip
        if five < 30 or people % max(4, len(closed) // 4) or five < 3 * usual:
            return
        joined = {e.user_id for e in self.said if e.type == "join" and e.ts > event.ts - 3 * DAY}
        strangers = [who for who in by if who in joined]
        theirs = sum(by[who] for who in strangers)
        raid = self.talk.known and len(strangers) >= 3 and theirs >= 0.6 * five
        speakers = math.exp(-sum(n / five * math.log(n / five) for n in by.values()))
        if raid or (five >= (60 if usual else 90) and speakers <= 4):
            seen = list(dict.fromkeys(e.user_id for e in self.said))
            first = sorted(by, key=lambda who: (-by[who], seen.index(who)))[:3]
            self.begin(event, "", "", five * 2 // 5, {
                "messages": five, "minutes": 5, "usual_peak_5_min": usual, "speakers": len(by),
                "strangers": len(strangers), "by": first,
            })  # fmt: skip

    def bots(self, event: Event) -> None:
        ten = event.ts // TEN
        counts = Counter(e.ts // TEN for e in self.said if e.is_bot)
        now, hour = counts[ten] + counts[ten - 1], event.ts // MINUTE * MINUTE
        usual = self.talk.bots
        members = sum(
            hour - HOUR <= e.ts < hour and e.type == "message" and not e.is_bot and not e.is_staff for e in self.said
        )
        if now >= 30 and now >= 3 * usual and now >= members:
            within = (event.ts % TEN + (TEN if counts[ten - 1] else 0)) // MINUTE + 1
            self.begin(event, "bots", event.user_id, now, {
                "messages": now, "minutes": within, "usual": usual, "bots": True,
            })  # fmt: skip


def some_talk(seed: int) -> Talk:
    """Return talk about where a flood begins: one who pastes among others, a few who fill the screen, strangers, staff."""
    rng = random.Random(seed)
    talk = Talk(usual=rng.choice([0, 5, 10, 12, 19, 24]))
    sort = rng.choice(["alone", "alone", "few", "raid", "raid", "mixed"])
    strangers = rng.randint(2, 8)
    for n in range(strangers):
        talk.say(-rng.choice([3 * 86_400 - 60, 3 * 86_400, 7_200, 7_200, 60, 30]), f"new{n}", kind="join")
    if rng.random() < 0.4:
        talk.say(
            rng.choice([30, 61, 95, 150]) - 7_200, "boss", staff=True, text="各位好，今晚八点老师在群里讲怎么给番茄打顶"
        )
    cast = {
        "alone": ["u1"] * rng.randint(4, 30) + [f"u{n}" for n in range(2, 12)],
        "few": [f"u{n}" for n in range(rng.randint(2, 6))] + ["u1"] * rng.randint(0, 3),
        "raid": [f"new{n}" for n in range(strangers)] * rng.randint(2, 5) + [f"u{n}" for n in range(4)],
        "mixed": ["u1"] * 6 + [f"new{n}" for n in range(strangers)] * 2 + [f"u{n}" for n in range(3)],
    }[sort]
    at = rng.choice([0.0, 20.0, 45.0])
    for _ in range(rng.randint(40, 150)):
        at += rng.choice([0.4, 1, 2, 3, 3, 5]) if sort != "few" else rng.choice([1, 2, 3])
        if rng.random() < 0.08:
            talk.say(at, "boss", staff=True)
        else:
            talk.say(at, rng.choice(cast))
        if rng.random() < 0.01:
            at += rng.choice([30, 70, 130])
    return talk


def some_bots(seed: int) -> Talk:
    """Return bots that run wild, or nearly, next to members who talk."""
    rng = random.Random(seed)
    talk = Talk(bots=rng.choice([0, 3, 10, 11, 12, 14]), bots_before=rng.randint(1, 3), young=rng.random() < 0.2)
    at = rng.choice([0.0, 300.0, 590.0])
    for n in range(rng.choice([0, 0, 20, 33, 45])):
        talk.say(n * 10 - rng.choice([3_550, 3_610, 600]), f"u{n % 15}")
    for _ in range(rng.randint(28, 60)):
        at += rng.choice([1, 2, 10, 30, 60])
        talk.say(at, rng.choice(["robot", "robot", "other"]), bot=True)
        if rng.random() < 0.03:
            at += rng.choice([400, 700])
    return talk


def said(talk: Talk, *parts: tuple[float, float, int, list[str]]) -> Talk:
    """Let people write in turn: from when, every how many seconds, how many messages."""
    for at, every, count, people in parts:
        for n in range(count):
            talk.say(at + n * every, people[n % len(people)])
    return talk


def joined(at: float, count: int, *, usual: int = 0, young: bool = False) -> Talk:
    talk = Talk(usual=usual, young=young)
    for n in range(count):
        talk.say(at, f"new{n}", kind="join")
    return talk


def called(talk: Talk, over: float) -> Talk:
    """Let staff say something two hours before ``over``: then it is looked at once more."""
    talk.say(over - 7_200, "boss", staff=True, text="各位好，今晚八点老师在群里讲怎么给番茄打顶")
    return talk


def wild(members: int, bots: int) -> Talk:
    talk = said(Talk(), (-1_800, 20, members, [f"u{n}" for n in range(15)]))
    for n in range(bots):
        talk.say(n, "robot", bot=True)
    return talk


NEW = ["new0", "new1", "new2"]
FEW = ["u1", "u2", "u3"]
EDGES: dict[str, tuple[Talk, int]] = {
    "fifteen by one": (said(Talk(), (0, 1, 15, ["u1"])), 1),
    "fourteen": (said(Talk(), (0, 1, 14, ["u1"])), 0),
    "15 of 25": (said(Talk(), (0, 1, 10, FEW[1:]), (12, 1, 15, ["u1"])), 1),
    "15 of 26": (said(Talk(), (0, 1, 11, FEW[1:]), (12, 1, 15, ["u1"])), 0),
    "25 where more is usual": (said(Talk(usual=30), (0, 1, 25, ["u1"])), 1),
    "24 where more is usual": (said(Talk(usual=30), (0, 1, 24, ["u1"])), 0),
    "a quarter is left": (said(Talk(), (0, 1, 13, FEW[1:]), (14, 1, 20, ["u1"]), (70, 9, 5, ["u1"])), 1),
    "more than a quarter is left": (said(Talk(), (0, 1, 13, FEW[1:]), (14, 1, 20, ["u1"]), (70, 9, 6, ["u1"])), 1),
    "others talk on": (said(Talk(), (0, 1, 20, ["u1"]), (60, 8, 40, FEW[1:])), 1),
    "looked at while one pastes": (called(said(Talk(), (0, 1, 20, ["u1"])), 30), 1),
    "looked at while a few fill the screen": (called(said(Talk(usual=5), (0, 0.5, 90, FEW)), 50), 1),
    "sixty by a few": (said(Talk(usual=20), (0, 4, 60, FEW)), 1),
    "59 by a few": (said(Talk(usual=20), (0, 4, 59, FEW)), 0),
    "not thrice as many": (said(Talk(usual=21), (0, 4, 60, FEW)), 0),
    "ninety where nothing is known": (said(Talk(), (0, 3, 92, FEW)), 1),
    "89 where nothing is known": (said(Talk(), (0, 3, 89, FEW)), 0),
    "thirty by strangers": (said(joined(-60, 3), (-400, 1, 2, ["u1"]), (0, 5, 30, NEW)), 1),
    "29 by strangers": (said(joined(-60, 3), (0, 5, 29, NEW)), 0),
    "strangers of this minute": (said(joined(-1, 3), (0, 1.8, 32, NEW)), 1),
    "strangers of this very minute": (said(joined(0, 3), (0.5, 1.8, 32, NEW)), 1),
    "strangers where all are": (said(joined(-60, 3, young=True), (0, 5, 40, NEW)), 0),
    "two strangers": (said(joined(-60, 2), (0, 5, 40, NEW[:2])), 0),
    "joined three days before": (said(joined(155 - 3 * 86_400, 3), (0, 5, 32, NEW)), 0),
    "joined a little later": (said(joined(155.5 - 3 * 86_400, 3), (0, 5, 32, NEW)), 1),
    "a stranger who pastes": (said(joined(-600, 3), (-180, 5, 17, NEW[1:]), (0, 1, 15, ["new0"])), 1),
    "strangers of whom one pastes": (said(joined(-600, 3), (0, 1, 15, ["new1", "new2"]), (15, 1, 21, ["new0", "new0", "new0", "new1"])), 1),
    "as many by bots as by members": (wild(30, 30), 1),
    "fewer by bots than by members": (wild(31, 30), 0),
}  # fmt: skip


@pytest.mark.parametrize(("talk", "floods"), EDGES.values(), ids=EDGES)
def test_a_flood_begins_with_the_message_that_makes_it_one(talk: Talk, floods: int) -> None:
    found = told(talk)
    assert found == Recount(talk).run()
    assert len(found) == floods


@pytest.mark.parametrize("of", range(8))
def test_what_is_told_of_peoples_floods_is_what_a_recount_says(of: int) -> None:
    for seed in range(of * 10, of * 10 + 10):
        talk = some_talk(seed)
        assert told(talk) == Recount(talk).run(), seed


@pytest.mark.parametrize("of", range(4))
def test_what_is_told_of_bots_floods_is_what_a_recount_says(of: int) -> None:
    for seed in range(of * 10, of * 10 + 10):
        talk = some_bots(seed)
        assert told(talk) == Recount(talk).run(), seed


def test_of_the_talk_that_is_recounted_some_is_a_flood_of_each_sort_and_some_is_none() -> None:
    people = [Recount(some_talk(seed)).run() for seed in range(80)]
    bots = [Recount(some_bots(seed)).run() for seed in range(40)]
    sorts = Counter(
        "alone" if one.user else "raid" if one.evidence["strangers"] > 2 else "few" for found in people for one in found
    )
    assert min(sorts[sort] for sort in ("alone", "raid", "few")) >= 4, sorts
    assert sum(not found for found in people) >= 10
    assert 5 <= sum(not found for found in bots) <= 35
