"""A group's figures against a plain recount of the same events, in whatever order they come."""

from __future__ import annotations

import math
import random
from collections import Counter
from typing import Any, NamedTuple

import pytest

from huoqun import codec
from huoqun.config import Config
from huoqun.config import Group as Known
from huoqun.events import Event, EventType
from huoqun.results import WINDOW_MINUTES, Activity
from streams.core.arrival import Arrival
from streams.core.daily import pairs
from streams.core.group import Group
from streams.core.history import History
from streams.core.record import MESH, MESSAGES, REPLIES, SPEAKERS, STAFF, column
from streams.core.settings import resolve
from streams.core.state import NEVER, Person
from streams.core.tables import ACTIVITY, WEEK
from streams.core.tables import HOUR as HOURLY
from streams.weights import answer_model
from tests.support.scenes import DAY, HOUR, MINUTE, T0
from tests.unit.core.test_saved_is_all import plain

SETTINGS = resolve(Config(groups=[Known(platform="qq", group_id="1", staff=["host"], bots=["robot"])]), "qq", "1")
STAFF_IDS, BOTS = {"host", "aide"}, {"robot", "helper"}
USERS = ["u0", "u1", "u2", "u3", "host", "aide", "robot", "helper"]
SOMEBODY = [*USERS[:4] * 4, *USERS]
GAPS = [0, 1, 900, 20_000, 59_000, 2 * MINUTE, 2 * MINUTE + 1, 6 * MINUTE, 30 * MINUTE, 30 * MINUTE + 1, 5 * HOUR]
KINDS: list[EventType] = [
    *["message"] * 20,
    *["join"] * 4,
    *["leave"] * 4,
    *["member_count"] * 2,
    "reaction",
    "conversion",
    "rename",
]  # type: ignore[list-item]  # as above
COUNTS = [None, -1, 0, 3, 6, 9, 12, 1_000_000_000, 1_000_000_001]
TEXTS = ["好", "好", "好", "好", "有人知道番茄叶子发黄怎么回事吗"]


class Reply(NamedTuple):
    """A message's first reply, or its first by staff."""

    to: Event
    by: Event

    @property
    def seconds(self) -> int:
        return (self.by.ts - self.to.ts) // 1000


def events(seed: int, count: int = 130) -> list[Event]:
    """Three days or so of talk, whose gaps come exactly at what decides whether something is a reply."""
    rng = random.Random(seed)
    made: list[Event] = []
    ts = T0 + 20 * HOUR
    for number in range(count):
        ts += rng.choice(GAPS)
        kind, user = rng.choice(KINDS), rng.choice(SOMEBODY)
        message = kind == "message"
        reply = rng.choice(made[-6:]).id if made and (kind == "reaction" or (message and rng.randrange(3) == 0)) else ""
        made.append(
            Event(
                id=f"e{number}", type=kind, ts=ts, platform="qq", group_id="1", received_at=ts,
                user_id="" if kind == "member_count" else user, text=rng.choice(TEXTS) if message else "", reply_to=reply,
                mentions=rng.sample([*USERS, "nobody"], rng.randrange(1, 4)) if message and rng.randrange(4) == 0 else [],
                is_bot=user == "helper", is_staff=user == "aide", group_name=rng.choice(["", "菜园", "花园"]),
                user_name=rng.choice(["", "", "阿甲", "阿乙"]), count=rng.choice(COUNTS) if kind == "member_count" else None,
            )
        )  # fmt: skip
    return made


class Recount:
    """What the definitions say, from lists of all events."""

    def __init__(self, made: list[Event]) -> None:
        self.made = made
        self.said = [e for e in made if e.type == "message" and e.user_id not in BOTS]
        self.by_members = [e for e in self.said if e.user_id not in STAFF_IDS]
        self.first: list[Reply] = []
        self.by_staff: list[Reply] = []
        for place, event in enumerate(self.said):
            for target in self.targets(event, self.said[:place]):
                if all(reply.to is not target for reply in self.first):
                    self.first.append(Reply(target, event))
                if event.user_id in STAFF_IDS and all(reply.to is not target for reply in self.by_staff):
                    self.by_staff.append(Reply(target, event))
        self.joins: list[int] = []
        self.leaves: list[int] = []
        self.members: list[tuple[int, int]] = []
        self.joined_at: Counter[str] = Counter()
        self.left_at: Counter[str] = Counter()
        self.no_newcomers: set[str] = set()
        self.users = list(dict.fromkeys(event.user_id for event in made if event.user_id))
        self.to: dict[str, str] = {}
        self.addressed = 0.5
        self.count_people()
        self.count_addressed()
        self.minutes = sorted({ts // MINUTE for ts in [*(e.ts for e in self.said), *self.joins, *self.leaves]})

    def count_addressed(self) -> None:
        """Count whom each message addresses: of those whom it names the first, or else the author of what it replies to."""
        for place, event in enumerate(self.said):
            named = sorted({user for user in event.mentions if user != event.user_id})
            linked = [one.user_id for one in self.targets(event, self.said[:place]) if one.id == event.reply_to]
            known = {one.user_id for one in self.made[: self.made.index(event)]}
            self.to[event.id] = next((user for user in [*named, *linked] if user in known), "")
            self.addressed += (bool(named or event.reply_to) - self.addressed) / 50

    @staticmethod
    def targets(event: Event, before: list[Event]) -> list[Event]:
        """Return what a message replies to: what it is linked to, the last of whom it names, or else the one before."""
        named = {user for user in event.mentions if user != event.user_id}
        found = [(one, 30 * MINUTE) for one in before if one.id == event.reply_to]
        for user in named:
            found += [(one, 30 * MINUTE) for one in [one for one in before if one.user_id == user][-1:]]
        if not named and not event.reply_to:
            found += [(one, 2 * MINUTE) for one in before[-1:]]
        return [one for one, within in found if event.ts - one.ts <= within and one.user_id != event.user_id]

    def count_people(self) -> None:
        there, ever, extra = set[str](), set[str](), 0
        for event in self.made:
            user, new = event.user_id, event.user_id not in ever
            if event.type == "member_count":
                if event.count is not None and 0 <= event.count <= 1_000_000_000:
                    extra = event.count - len(there - BOTS)
            elif event.type == "leave":
                if new or user in there:
                    extra -= new and extra > 0
                    self.leaves.append(event.ts)
                    self.left_at[user] = event.ts
                there.discard(user)
            else:
                if event.type == "message" and user not in BOTS:
                    in_time = {one for one in event.mentions if 0 < event.ts - self.joined_at[one] + 1 <= 7 * DAY + 1}
                    self.no_newcomers |= in_time - {user}
                if event.type == "join" and self.left_at[user]:
                    self.no_newcomers.add(user)
                if event.type == "join" and user not in there:
                    self.joined_at[user] = event.ts
                    self.joins += [event.ts] * (user not in BOTS)
                elif user not in BOTS and user not in there:
                    extra -= new and extra > 0
                self.left_at[user] = 0
                there.add(user)
            ever |= {user} - {""}
            self.members.append((event.ts, max(0, len(there - BOTS) + extra)))

    def rows(self, until: int) -> dict[tuple[str, int], dict[str, Any]]:
        """Return each window's figures at every moment when one changes, and the week's at midnight."""
        keys = {
            (window, end * MINUTE)
            for window, size in WINDOW_MINUTES.items()
            for minute in self.minutes
            for end in (minute + 1, minute + size + 1)
        }
        keys |= {("7d", at) for at in range((self.made[0].ts // DAY + 1) * DAY, until + 1, DAY)}
        return {(window, end): self.row(WINDOW_MINUTES[window], end) for window, end in keys if end <= until}

    def row(self, size: int, end: int) -> dict[str, Any]:
        def inside(ts: int) -> bool:
            return end - size * MINUTE <= ts < end

        by = Counter(e.user_id for e in self.by_members if inside(e.ts))
        total, counts = sum(by.values()), sorted(by.values(), reverse=True)
        members = [count for ts, count in self.members if ts < end][-1]
        row: dict[str, Any] = {
            "messages": sum(inside(e.ts) for e in self.said),
            "staff_messages": sum(inside(e.ts) for e in self.said) - total,
            "speakers": len(by),
            "members": members,
            "joins": sum(map(inside, self.joins)),
            "leaves": sum(map(inside, self.leaves)),
            "active_ratio": min(1.0, len(by) / members) if members else None,
            "top5_share": sum(counts[:5]) / total if total else None,
            "effective_speakers": math.exp(-sum(n / total * math.log(n / total) for n in counts)) if total else None,
            "key_people": next(k for k in range(9) if 5 * sum(counts[:k]) >= 4 * total),
        }
        for which, replies in (("", self.first), ("staff_", self.by_staff)):
            of_these = [r for r in replies if r.by.ts < end and inside(r.to.ts) and r.to.user_id not in STAFF_IDS]
            times = sorted(r.seconds for r in of_these)
            row[f"{which}reply_rate"] = len(times) / total if total else None
            for share in (50, 90):
                nearest = times[-(-len(times) * share // 100) - 1] if times else None
                row[f"{which}first_response_p{share}"] = nearest
        return row

    def days(self, messages: list[Event]) -> list[tuple[int, int]]:
        return sorted(Counter(e.ts // DAY for e in messages).items())


def compare(group: Group, recount: Recount, until: int) -> None:
    h = group.h
    expected = recount.rows(until)
    rows: dict[tuple[str, int], Activity] = h.tables[ACTIVITY]
    assert sorted(rows) == sorted(expected)
    for key, row in rows.items():
        assert {name: getattr(row, name) for name in expected[key]} == pytest.approx(expected[key]), key
    assert [person.user for person in h.people] == recount.users
    assert h.index == {user: place for place, user in enumerate(recount.users)}
    today = until // DAY
    for person in h.people:
        said = [e for e in recount.said if e.user_id == person.user]
        days = recount.days(said)
        assert (person.messages, person.replies) == (len(said), sum(r.to.user_id == person.user for r in recount.first))
        assert (person.joined_at, person.left_at) == (recount.joined_at[person.user], recount.left_at[person.user])
        wrote = [e.ts for e in recount.made if e.type == "message" and e.user_id == person.user]
        called = [e.user_name for e in recount.made if e.user_name and e.user_id == person.user]
        assert (person.last_message_at, person.name) == ((wrote or [0])[-1], (called or [""])[-1])
        assert person.greeted is (person.user in recount.no_newcomers)
        assert (person.is_bot, person.is_staff) == (person.user in BOTS, person.user in STAFF_IDS)
        assert [*_pairs(person.days), *[(person.today, person.today_count)] * bool(days)] == days
        assert person.first_day == (days[0][0] if days else 0)
        assert person.usual == pytest.approx(sum(0.5 ** ((days[-1][0] - day) / 120) for day, _ in days))
    assert _pairs(h.life.days) == recount.days(recount.by_members)
    first = recount.made[0].ts // DAY
    for field, messages in (
        (MESSAGES, recount.by_members),
        (STAFF, [e for e in recount.said if e not in recount.by_members]),
        (REPLIES, [r.by for r in recount.first]),
        (MESH, [r.by for r in recount.first if {r.by.user_id, r.to.user_id}.isdisjoint(STAFF_IDS)]),
    ):
        by_day = dict(recount.days(messages))
        assert column(h.record, field) == [by_day.get(day, 0) for day in range(today - 1, first - 1, -1)], field
    speakers = Counter(day for day, _ in {(e.ts // DAY, e.user_id) for e in recount.by_members})
    assert column(h.record, SPEAKERS) == [speakers[day] for day in range(today - 1, first - 1, -1)]
    assert h.life.first_ts == recount.made[0].ts
    assert h.life.name == [e.group_name for e in recount.made if e.group_name][-1]
    assert (h.head.messages, h.head.last_ts) == (len(recount.said), recount.made[-1].ts)
    assert h.head.addressed == pytest.approx(recount.addressed)
    assert h.life.conversions == sum(e.type == "conversion" for e in recount.made)
    assert list(h.said) == [e.id for e in recount.said]
    for place, event in enumerate(recount.said):
        said = h.said[event.id]
        assert (said.place, said.ts, h.people[said.person].user) == (place + 1, event.ts, event.user_id)
        assert (h.people[said.to].user if said.to >= 0 else "") == recount.to[event.id]
        assert said.answered == any(reply.to is event for reply in recount.first)
        assert said.staff_answered == any(reply.to is event for reply in recount.by_staff)
        assert said.counts == (event.user_id not in STAFF_IDS)


def _pairs(days: bytes) -> list[tuple[int, int]]:
    numbers = pairs(days)
    return list(zip(numbers[::2], numbers[1::2], strict=True))


@pytest.mark.parametrize("late", [False, True], ids=["in order", "some come late"])
@pytest.mark.parametrize("seed", range(4))
def test_every_figure_is_that_of_a_plain_recount(seed: int, late: bool) -> None:
    made = events(seed)
    group = Group(SETTINGS, answer_model(""))
    arrivals = [Arrival(event, offset, codec.encode(event)) for offset, event in enumerate(made)]
    held = {9, 40, 41, 90, 120} if late else set[int]()
    for place, arrival in enumerate(arrivals):
        if place not in held:
            group.insert([arrival], arrival.ts)
            assert group.h.head.last_ts == arrival.ts
    group.insert([arrivals[place] for place in sorted(held, key=lambda place: -place % 7)], made[-1].ts)
    until = (made[-1].ts // DAY + 9) * DAY
    group.advance(until)
    compare(group, Recount(made), until)


@pytest.mark.parametrize("seed", range(4, 6))
def test_all_that_came_is_taken_back_and_what_comes_then_is_counted_as_ever(seed: int) -> None:
    made = events(seed)
    group = Group(SETTINGS, answer_model(""))
    arrivals = [Arrival(event, offset, codec.encode(event)) for offset, event in enumerate(made)]
    until = (made[-1].ts // DAY + 9) * DAY
    group.insert(arrivals, until)
    h = group.h
    h.changed_people.clear()
    back = h.take_back(T0, "")
    assert [step.arrival() for step in back] == arrivals
    assert plain(h) == plain(History())
    assert not any(h.tables), "no row of any table is left"
    assert h.changed_people >= {event.user_id for event in made} - {""}, "and the rows of them all are told to be gone"
    group.insert(arrivals, until)
    compare(group, Recount(made), until)


@pytest.mark.parametrize("until", [30, 77, 110, 129])
def test_what_has_settled_is_as_if_nothing_else_had_come_yet(until: int) -> None:
    made = events(6)
    arrivals = [Arrival(event, offset, codec.encode(event)) for offset, event in enumerate(made)]
    before = made[until].ts + (8 * DAY if until == len(made) - 1 else 0)
    whole, part = Group(SETTINGS, answer_model("")), Group(SETTINGS, answer_model(""))
    whole.insert(arrivals, made[-1].ts + 9 * DAY)
    part.insert([arrival for arrival in arrivals if arrival.ts < before], before - 1)
    h, other = whole.h, part.h
    assert [step.id for step in h.settle(before, 1 << 30)] == [event.id for event in made if event.ts < before]
    all_of_it = plain(h)
    assert h.settled_now() == other.now
    h.rewind()
    for what in ("head", "life", "troubles", "record", "risks"):
        assert plain(getattr(h, what)) == plain(getattr(other, what)), what
    assert [settled(person) for person in h.people] == [settled(person) for person in other.people]
    assert [window.oldest for window in h.windows] == [window.oldest for window in other.windows]
    h.forward()
    assert plain(h) == all_of_it
    assert h.settled_minutes == other.first + len(other.minutes)
    assert h.gone_minutes == other.windows[WEEK].oldest
    packed = [place < h.windows[HOURLY].oldest for place in range(h.first, h.first + len(h.minutes))]
    assert [isinstance(minute, bytes) for minute in h.minutes] == packed
    recount = Recount(made)
    assert set(h.unsaved_said) == {event.id for event in recount.said if event.ts < before}
    assert {h.people[place].user for place in h.unsaved_people} >= {event.user_id for event in made[:until]} - {""}
    assert h.unsaved_minutes == set(range(h.settled_minutes))
    saved = h.settled_minutes
    for unsaved in (h.unsaved_said, h.unsaved_people, h.unsaved_minutes):
        unsaved.clear()
    h.settle(NEVER, 0)
    drew = [reply.to for reply in recount.first + recount.by_staff if reply.by.ts >= before]
    said = [event for event in recount.said if event.ts >= before]
    assert set(h.unsaved_said) >= {event.id for event in said + drew}
    assert {h.people[place].user for place in h.unsaved_people} >= {event.user_id for event in said + drew}
    counted = {recount.minutes.index(event.ts // MINUTE) for event in drew if event.user_id not in STAFF_IDS}
    assert h.unsaved_minutes == {*range(saved, len(recount.minutes)), *counted}


def settled(person: Person) -> Any:
    """Return what is saved of a member: how much they wrote within a window follows from the minutes."""
    name, fields = plain(person)
    return name, [(field, value) for field, value in fields if not field.startswith("count_")]


@pytest.mark.parametrize(("after", "midnights"), [(0, 28), (1, 29)], ids=["at midnight", "just after"])
def test_days_are_counted_until_four_weeks_have_passed_in_silence_and_silent_days_are_known_to_have_been(
    after: int, midnights: int
) -> None:
    def spoke(number: int, ts: int) -> Arrival:
        event = Event(
            id=f"e{number}", type="message", ts=ts, platform="qq", group_id="1", user_id="u0", text="好",
            coverage="mentions", received_at=ts,
        )  # fmt: skip
        return Arrival(event, number, codec.encode(event))

    day = T0 // DAY
    group = Group(SETTINGS, answer_model(""))
    group.insert([spoke(0, T0 + after)], 0)
    h = group.h
    for n in range(1, midnights + 1):
        assert h.head.due_days == T0 + n * DAY
        group.advance(T0 + n * DAY)
        assert _pairs(h.life.days) == ([(day, 1)] if n <= 28 else [])
    assert h.head.due_days == NEVER
    group.insert([spoke(1, T0 + 40 * DAY + HOUR)], T0 + 41 * DAY)
    assert h.head.due_days == T0 + 42 * DAY
    assert column(h.record, MESSAGES) == [1, *[0] * 39, 1]
    assert _pairs(h.life.days) == [(day + 40, 1)]
    (person,) = h.people
    assert (_pairs(person.days), person.today) == ([], day + 40), "a month ago is forgotten"
    group.insert([spoke(2, T0 + 42 * DAY + HOUR)], 0)
    (person,) = h.people
    assert _pairs(person.days) == [(day + 40, 1)]
