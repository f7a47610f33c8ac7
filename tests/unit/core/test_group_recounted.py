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
from streams.core.record import MESH, MESSAGES, REPLIES, SPEAKERS, STAFF, column
from streams.core.settings import resolve
from streams.core.state import NEVER
from streams.core.tables import ACTIVITY
from streams.weights import answer_model
from tests.support.scenes import DAY, HOUR, MINUTE, T0

SETTINGS = resolve(Config(groups=[Known(platform="qq", group_id="1", staff=["host"], bots=["robot"])]), "qq", "1")
STAFF_IDS, BOTS = {"host", "aide"}, {"robot", "helper"}
USERS = ["u0", "u1", "u2", "u3", "host", "aide", "robot", "helper"]
SOMEBODY = [*USERS[:4] * 4, *USERS]
GAPS = [0, 1, 900, 20_000, 59_000, 2 * MINUTE, 2 * MINUTE + 1, 6 * MINUTE, 30 * MINUTE, 30 * MINUTE + 1, 5 * HOUR]
KINDS: list[EventType] = [*["message"] * 20, "join", "join", "leave", "leave", "member_count", "reaction", "rename"]  # type: ignore[list-item]  # as above


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
        reply = rng.choice(made[-6:]).id if made and (kind == "reaction" or (message and rng.randrange(4) == 0)) else ""
        made.append(
            Event(
                id=f"e{number}", type=kind, ts=ts, platform="qq", group_id="1", received_at=ts,
                user_id="" if kind == "member_count" else user, text="好" if message else "", reply_to=reply,
                mentions=rng.sample([*USERS, "nobody"], rng.randrange(1, 4)) if message and rng.randrange(4) == 0 else [],
                is_bot=user == "helper", is_staff=user == "aide", group_name=rng.choice(["", "菜园", "花园"]),
                count=rng.randrange(-1, 12) if kind == "member_count" else None,
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
        self.count_people()

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
                if event.count is not None and event.count >= 0:
                    extra = event.count - len(there - BOTS)
            elif event.type == "leave":
                if new or user in there:
                    extra -= new and extra > 0
                    self.leaves.append(event.ts)
                    self.left_at[user] = event.ts
                there.discard(user)
            else:
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
        minutes = {e.ts // MINUTE for e in self.said} | {ts // MINUTE for ts in self.joins + self.leaves}
        keys = {
            (window, end * MINUTE)
            for window, size in WINDOW_MINUTES.items()
            for minute in minutes
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
    assert {p.user for p in h.people} == {e.user_id for e in recount.made} - {""}
    today = until // DAY
    for person in h.people:
        said = [e for e in recount.said if e.user_id == person.user]
        days = recount.days(said)
        assert (person.messages, person.replies) == (len(said), sum(r.to.user_id == person.user for r in recount.first))
        assert (person.joined_at, person.left_at) == (recount.joined_at[person.user], recount.left_at[person.user])
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


def _pairs(days: bytes) -> list[tuple[int, int]]:
    numbers = pairs(days)
    return list(zip(numbers[::2], numbers[1::2], strict=True))


@pytest.mark.parametrize("late", [False, True], ids=["in order", "some come late"])
@pytest.mark.parametrize("seed", range(3))
def test_every_figure_is_that_of_a_plain_recount(seed: int, late: bool) -> None:
    made = events(seed)
    group = Group(SETTINGS, answer_model(""))
    arrivals = [Arrival(event, offset, codec.encode(event)) for offset, event in enumerate(made)]
    held = {9, 40, 41, 90, 120} if late else set[int]()
    for place, arrival in enumerate(arrivals):
        if place not in held:
            group.insert([arrival], arrival.ts)
    group.insert([arrivals[place] for place in sorted(held, key=lambda place: -place % 7)], made[-1].ts)
    until = (made[-1].ts // DAY + 9) * DAY
    group.advance(until)
    compare(group, Recount(made), until)


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
