"""Leave bursts to the very leave and millisecond: when one begins, who belongs to it, what may have driven them, and what is usual."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import msgspec
import pytest

from huoqun.config import Config
from huoqun.events import Event
from huoqun.results import Alert
from streams.core import leaving
from streams.core.arrival import Arrival
from streams.core.history import History
from streams.core.settings import resolve
from streams.core.state import Person
from streams.core.tables import ALERTS, DAY
from streams.core.troubles import Troubles
from tests.support.scenes import HOUR, MINUTE, T0

SETTINGS = resolve(Config(), "qq", "1")


class Room:
    """A group that people leave, and come back to: what is remembered of it, and what is told."""

    def __init__(self, members: int = 100) -> None:
        self.h = History()
        self.h.life.first_ts = T0 - 48 * HOUR
        self.h.head.known = members

    def leave(self, *at: float) -> Room:
        for seconds in at:
            event = self._event("leave", seconds, f"u{seconds}")
            leaving.on_leave(self.h, self.h.change_head(), SETTINGS, event)
        return self

    def come_back(self, at: float, user: str) -> None:
        leaving.on_return(self.h, SETTINGS, self._event("join", at, user))

    def say(self, at: float, text: str, **fields: Any) -> Room:
        leaving.on_staff_message(self.h, self._event("message", at, "boss", text=text, **fields))
        return self

    def alerts(self) -> list[Alert]:
        return list(self.h.tables[ALERTS].values())

    def told(self) -> list[tuple[int, int, int]]:
        """Of each burst: how many left, within how many minutes, and the second in which the first did."""
        found = [msgspec.json.decode(alert.evidence) for alert in self.alerts()]
        return [(each["leaves"], each["minutes"], (each["first"] - T0) // 1000) for each in found]

    @staticmethod
    def _event(kind: Any, at: float, user: str, **fields: Any) -> Arrival:
        ts = T0 + round(at * 1000)
        made = Event(id=f"{kind}{at}", type=kind, ts=ts, platform="qq", group_id="1", user_id=user, received_at=ts)
        return Arrival(msgspec.structs.replace(made, **fields), 0, b"")


@pytest.mark.parametrize(
    ("members", "at", "told"),
    [
        (100, [0, 200, 400], []),
        (100, [0, 200, 400, 599.999], [(4, 10, 0)]),  # four within ten minutes
        (100, [0, 200, 400, 600], []),
        (100, [0, 900, 1_800, 2_700, 3_599.999], [(5, 60, 0)]),  # or five within an hour
        (100, [0, 900, 1_800, 2_700, 3_600], []),
        (100, [0, 3_000, 3_200, 3_300, 3_400], [(4, 7, 3_000)]),  # the first left before it began
        (100, [0, 10, 20, 30, 30 + 1_800], [(5, 31, 0)]),  # who leaves within half an hour of the last belongs to it
        (
            100,
            [0, 10, 20, 30, 30 + 1_800.001],
            [(4, 1, 0), (5, 31, 0)],
        ),  # later it is five within an hour, and told anew
        (100, [0, 0, 0, 0], [(4, 1, 0)]),
        (100, [0, 20, 40, 60], [(4, 1, 0)]),
        (100, [0, 20, 40, 60.001], [(4, 2, 0)]),
        (1_900, [n * 10 for n in range(9)], []),
        (1_900, [n * 10 for n in range(10)], [(10, 2, 0)]),  # of so many members one in two hundred
        (1_900, [n * 300 for n in range(10)], []),
        (1_900, [n * 300 for n in range(11)], [(11, 50, 0)]),
        (9_000, [n * 10 for n in range(29)], []),
        (9_000, [n * 10 for n in range(30)], [(30, 5, 0)]),  # thirty are always enough
    ],
)
def test_a_burst_is_so_many_leaves_in_ten_minutes_or_an_hour_and_those_that_follow_within_half_an_hour(
    members: int, at: list[float], told: list[tuple[int, int, int]]
) -> None:
    assert Room(members).leave(*at).told() == told


def test_who_left_and_when_is_remembered_for_an_hour_and_of_256_at_most() -> None:
    room = Room(100_000)
    times = [n * 7 for n in range(700)]
    for n, at in enumerate(times):
        room.leave(at)
        recent = [each for each in times[: n + 1] if each > at - 3_600][-256:]
        t = room.h.troubles
        assert t.left == tuple(T0 + each * 1000 for each in recent)
        assert t.gone == tuple(f"u{each}" for each in recent)
        assert len(t.burst_from) <= 256
    assert len(room.h.troubles.burst_from) == 256


@pytest.mark.parametrize(
    ("left", "back", "state"), [(4, 1, "open"), (4, 2, "resolved"), (5, 2, "open"), (5, 3, "resolved")]
)
def test_a_burst_was_none_when_half_of_those_who_left_are_back_and_is_not_told_again(
    left: int, back: int, state: str
) -> None:
    room = Room().leave(*range(left))
    room.come_back(60, "somebody else")
    for n in range(back):
        room.come_back(61 + n, f"u{n}")
    (alert,) = room.alerts()
    assert alert.state == state
    assert (room.h.troubles.returns, room.h.troubles.burst_back) == (back + 1, back)
    if state == "resolved":
        assert alert.reasons[-1] == f"{back} 人又回来了 · {back} of them came back"
        room.leave(200)
        assert room.alerts() == [alert], "it goes on, and was none"
        room.leave(*(4_000 + n for n in range(4)))
        assert [each.state for each in room.alerts()] == ["resolved", "open"], "another one"
        assert room.h.troubles.burst_back == 0


@pytest.mark.parametrize(("members", "share"), [(4, ", 100 % of the members"), (3, ""), (7, ", 57 % of the members")])
def test_it_says_which_share_of_the_members_left_where_they_are_known(members: int, share: str) -> None:
    room = Room(members).leave(0, 20, 40, 61)
    (alert,) = room.alerts()
    usual, _ = leaving.usual(room.h.troubles, room.h.life.first_ts, T0 + 61_000, members, 0)
    said = f"4 left within 2 min{share}, usually {24 * usual:.1f} a day"
    assert alert.reasons[0].partition(" · ")[2] == said
    assert alert.title == "4 人接连退群 · 4 people left in a burst"
    assert alert.reasons[0].startswith(
        f"2 分钟内 4 人退群{share.replace(', ', '，占 ').replace(' % of the members', '%')}，平时"
    )
    assert msgspec.json.decode(alert.evidence)["usual_a_day"] == round(24 * usual, 2)


@pytest.mark.parametrize("seed", range(8))
def test_what_is_usual_is_learned_from_each_hour_the_older_the_less_and_of_a_burst_four_leaves(seed: int) -> None:
    """Recounted from the list of leaves: all hours since the group began, but the one at hand."""
    rng = random.Random(seed)
    room, hours, in_burst = Room(), Counter[int](), set[int]()
    at = 0.0
    for _ in range(60):
        at += rng.choice([1, 1, 1, 700, 3_599, 3_600, 9_000, 90_000])
        room.leave(at)
        hours[int(at) // 3_600] += 1
        if room.h.troubles.burst_last == T0 + at * 1000:
            in_burst.add(int(at) // 3_600)
    last, t = max(hours), room.h.troubles
    counted = [(last - 1 - hour, min(hours[hour], 4) if hour in in_burst else hours[hour]) for hour in range(-48, last)]
    weights = [0.5 ** (ago / (14 * 24)) for ago, _ in counted]
    assert t.hours == pytest.approx(sum(weights))
    assert t.total == pytest.approx(sum(w * leaves for w, (_, leaves) in zip(weights, counted, strict=True)))
    assert t.squares == pytest.approx(sum(w * leaves**2 for w, (_, leaves) in zip(weights, counted, strict=True)))
    assert (t.hour, t.hour_leaves) == (T0 // HOUR + last, hours[last])


@pytest.mark.parametrize(
    ("text", "fields", "announces"),
    [
        ("长" * 119, {}, False),
        ("长" * 120, {}, True),
        ("长" * 120, {"reply_to": "e"}, False),
        ("@all 明天停水", {"reply_to": "e"}, True),
        ("群公告：明天停水", {}, True),
        ("明天停水", {}, False),
        ("", {}, False),
    ],
)
def test_an_announcement_is_long_and_no_reply_or_addressed_to_everybody(
    text: str, fields: dict[str, Any], announces: bool
) -> None:
    expected = (T0 + 5_000, "boss", "message5", 1, T0 + 5_000) if announces else None
    assert Room().say(5, text, **fields).h.troubles.announcement == expected


SINCE = T0 - 30 * MINUTE


@pytest.mark.parametrize(("field", "lasts"), [("quarrel_cause", 1), ("flood_cause", 1), ("ad", 0), ("announcement", 0)])
@pytest.mark.parametrize(("at", "is_cause"), [(SINCE, True), (SINCE - 1, False)])
def test_a_cause_is_what_was_going_on_half_an_hour_before_the_first_leave(
    field: str, lasts: int, at: int, is_cause: bool
) -> None:
    """Quarrels and floods go on for a while; advertisements and announcements are made once."""
    h = History()
    setattr(h.troubles, field, (at - lasts * HOUR, "x", "event", 7, at + (1 - lasts) * HOUR))
    h.troubles.burst_first = T0
    reasons, evidence = leaving._before(h, SINCE)
    assert ("event" in evidence.values()) is is_cause
    assert ("no obvious cause" not in reasons[0]) is is_cause


def test_causes_are_named_the_strongest_first_with_who_and_how_long_before() -> None:
    h = History()
    for place, (user, name) in enumerate([("a", "安"), ("b", "")]):
        person = Person(0, user)
        person.name = name
        h.people.append(person)
        h.index[user] = place
    t = h.troubles
    t.burst_first = T0
    t.announcement = (T0 - 59_999, "a", "e1", 1, T0)
    t.ad = (T0 - MINUTE, "b", "e2", 1, T0)
    t.flood_cause = (T0 - 5 * MINUTE, "a", "e3", 40, T0)
    t.quarrel_cause = (T0 - 9 * MINUTE, "stranger", "e4", 6, T0)
    said = [each.partition(" · ")[2] for each in leaving._before(h, SINCE)[0]]
    assert said == [
        "a quarrel (stranger), 6 hostile messages, 9 min before",
        "a flood by 安: 40 messages, 5 min before",
        "advertising by b, 1 min before",
        "an announcement by 安, at the same time",
    ]
    zh = [each.partition(" · ")[0] for each in leaving._before(h, SINCE)[0]]
    assert [each.rpartition("，")[2] for each in zh] == ["9 min 前", "5 min 前", "1 min 前", "同时"]
    assert zh[1] == "刷屏（安）：40 条，5 min 前"
    t.quarrel_people, t.flood_cause = ("a", "b"), (T0 - 5 * MINUTE, "", "e3", 40, T0)
    said = [each.partition(" · ")[2] for each in leaving._before(h, SINCE)[0]]
    assert said[:2] == ["a quarrel (安、b), 6 hostile messages, 9 min before", "a flood: 40 messages, 5 min before"]
    assert leaving._before(h, SINCE)[1] == {
        "quarrel": "e4", "flood": "e3", "flood_messages": 40, "advertising": "e2", "announcement": "e1"
    }  # fmt: skip


@pytest.mark.parametrize(("hour", "day", "busy"), [(30, 144, True), (30, 145, False), (29, 29, False)])
def test_an_hour_is_busy_with_thirty_messages_at_five_times_the_rate_of_the_day(
    hour: int, day: int, busy: bool
) -> None:
    h = History()
    h.windows[1].messages, h.windows[DAY].messages = hour, day
    assert (f"{hour} messages in the hour before, {day} in the day" in leaving._before(h, 0)[0][0]) is busy


@pytest.mark.parametrize(
    ("short", "long", "rate", "improbable"),
    [
        (4, 4, 0.02, True),
        (3, 4, 0.02, False),
        (3, 5, 0.02, True),
        (4, 4, 6.0, False),  # usual: one each ten minutes
        (3, 5, 1.0, False),  # usual for an hour, though it would not be for ten minutes
        (0, 40, 1.0, True),
    ],
)
def test_a_burst_is_improbable_at_the_rate_of_ten_minutes_or_of_an_hour(
    short: int, long: int, rate: float, improbable: bool
) -> None:
    assert leaving._improbable(short, long, 4, rate, 0.5) is improbable


def test_a_burst_whose_last_leave_is_the_first_of_its_hour_counts_as_four_in_that_hour() -> None:
    room = Room().leave(*[3_600] * 6)
    assert (room.h.troubles.hour_leaves, room.h.troubles.total) == (6, 0)
    assert room.leave(7_200).h.troubles.total == 4


def test_a_burst_of_ten_minutes_begins_with_them_and_one_of_an_hour_with_the_hour() -> None:
    t = Troubles(0)
    t.left = tuple(range(10))
    assert leaving._first_of(t, 4, 0.02, 0.5) == 6
    assert leaving._first_of(t, 3, 0.02, 0.5) == 0
    assert leaving._first_of(t, 4, 6.0, 0.5) == 0, "in ten minutes so many are usual"


@pytest.mark.parametrize(("squares", "shape"), [(240, 1.0), (384, 0.4)])
def test_how_uneven_leaves_are_is_seen_by_how_much_more_than_by_chance_hours_differ(squares: int, shape: float) -> None:
    t = Troubles(0)
    t.hours, t.total, t.squares = 24.0, 48.0, float(squares)
    assert leaving.usual(t, 0, 90 * 24 * HOUR, 0, 0)[1] == pytest.approx((shape * 24 + 0.5 * 72) / 96)


def test_an_hour_without_anything_known_is_taken_as_the_group_is_large() -> None:
    assert Troubles(0).hour == -1
    room = Room()
    room.h.life.first_ts = T0 + 5 * HOUR  # told of first by a source with a wrong clock
    room.leave(0)
    assert (room.h.troubles.hour, room.h.troubles.hour_leaves, room.h.troubles.hours) == (T0 // HOUR, 1, 0.0)
