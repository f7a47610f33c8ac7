"""Invited crowds to the very person and millisecond: who belongs to one, when it is judged, and by what it is let off."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import msgspec
import pytest

from huoqun.config import Config
from huoqun.events import Event
from huoqun.results import Alert, alert_id
from streams.core import coverage, referral
from streams.core.arrival import Arrival
from streams.core.history import History
from streams.core.settings import resolve
from streams.core.state import Crowd, Person
from streams.core.tables import ALERTS
from tests.support.scenes import DAY, HOUR

SETTINGS = resolve(Config(), "qq", "1")
COMMERCE = msgspec.structs.replace(SETTINGS, kind="commerce")
MIDNIGHT = 20_000 * DAY


def person_in(h: History, user: str, joined: int = 0, spoke: int = 0, **fields: Any) -> int:
    """Return the place of a person who joined and spoke last at these times (ms)."""
    person = Person(0, user)
    person.joined_at, person.last_message_at = joined, spoke
    for name, value in fields.items():
        setattr(person, name, value)
    h.people.append(person)
    h.index[user] = len(h.people) - 1
    return len(h.people) - 1


def invited(h: History, at: int, user: str, by: str, **fields: Any) -> None:
    """Somebody joins at ``at`` (ms), maybe again."""
    place = h.index[user] if user in h.index else person_in(h, user)
    h.people[place].joined_at = at
    for name, value in fields.items():
        setattr(h.people[place], name, value)
    event = Event(id=f"{user}@{at}", type="join", ts=at, platform="qq", group_id="1", user_id=user, inviter_id=by)
    referral.on_join(h, Arrival(event, 0, b""), place)


@pytest.mark.parametrize("seed", range(12))
def test_a_crowd_is_ten_within_a_day_and_all_that_come_within_a_day_of_its_first(seed: int) -> None:
    """Recounted from the list of joins: before they are ten, the last day's; nobody twice, 100 watched, all counted."""
    rng = random.Random(seed)
    h, at = History(), MIDNIGHT
    came: dict[str, list[tuple[int, str]]] = defaultdict(list)
    crowds: dict[tuple[str, str], list[tuple[int, str]]] = {}
    now: dict[str, tuple[str, str]] = {}
    for _ in range(rng.choice([40, 300])):
        at += rng.choice(
            [1, HOUR, HOUR, 2 * HOUR, 3 * HOUR, 12 * HOUR, DAY - 1, DAY] if seed % 2 else [1, 60_000, HOUR]
        )
        by = rng.choice(["ann", "bob"])
        user = f"{by}'s {rng.randrange(200)}"
        invited(h, at, user, by)
        if by in now and at - crowds[now[by]][0][0] < DAY:
            crowds[now[by]].append((at, user))
        else:
            came[by] = [each for each in came[by] if each[0] > at - DAY and each[1] != user]
            came[by].append((at, user))
            if len(came[by]) == referral.CROWD:
                now[by] = (by, f"{user}@{at}")
                crowds[now[by]] = came.pop(by)
    found = {(crowd.inviter, crowd.event): crowd for crowd in h.life.crowds if crowd.event}
    assert set(found) == set(list(crowds)[-len(found) :])
    assert len(found) == min(len(crowds), len(found)), "the smallest give way"
    for key, crowd in found.items():
        people = crowds[key]
        assert (crowd.first_ts, crowd.last_ts) == (people[0][0], people[-1][0])
        assert not crowd.raised
        once = list(dict.fromkeys(user for _, user in people))
        if len(once) <= referral.MOST_WATCHED:
            assert crowd.joined == len(once)
            assert {h.people[place].user for place in crowd.places} == set(once)
        else:
            assert len(crowd.places) == referral.MOST_WATCHED


@pytest.mark.parametrize(("by", "bot"), [("", False), ("u", False), ("ann", True)])
def test_whoever_comes_by_themselves_or_is_a_bot_belongs_to_no_crowd(by: str, bot: bool) -> None:
    h = History()
    invited(h, MIDNIGHT, "u", by, is_bot=bot)
    assert h.life.crowds == ()


def crowd_of(inviter: str, joined: int, last: int = MIDNIGHT) -> Crowd:
    made = Crowd(inviter, "e" if joined >= referral.CROWD else "", last, last, ())
    made.joined = joined
    return made


def test_of_too_many_crowds_the_smallest_gives_way_and_of_equals_the_oldest_but_never_the_one_at_hand() -> None:
    for smallest, also in ((0, 3), (1, 3), (7, 15), (15, 15)):
        h = History()
        h.life.crowds = tuple(crowd_of(f"i{n}", 11 if n in {smallest, also} else 12) for n in range(16))
        invited(h, MIDNIGHT, "u", "new")
        assert [crowd.inviter for crowd in h.life.crowds] == [*(f"i{n}" for n in range(16) if n != smallest), "new"]
    h = History()
    h.life.crowds = tuple(crowd_of(f"i{n}", 12) for n in range(15))
    invited(h, MIDNIGHT, "u", "newer")
    assert len(h.life.crowds) == 16, "so many may be"


@pytest.mark.parametrize(("since", "joined"), [(DAY - 1, [11]), (DAY, [10, 1])])
def test_who_is_brought_a_day_after_the_first_of_a_crowd_begins_another(since: int, joined: list[int]) -> None:
    h = History()
    h.life.crowds = (crowd_of("ann", 10, MIDNIGHT - since),)
    invited(h, MIDNIGHT, "u", "ann")
    assert [crowd.joined for crowd in h.life.crowds] == joined


@pytest.mark.parametrize(("apart", "joined"), [(DAY - 1, 2), (DAY, 1)])
def test_two_whom_somebody_brings_a_day_apart_did_not_come_together(apart: int, joined: int) -> None:
    h = History()
    invited(h, MIDNIGHT, "u", "ann")
    invited(h, MIDNIGHT + apart, "v", "ann")
    assert [crowd.joined for crowd in h.life.crowds] == [joined]


def test_of_a_large_crowd_a_hundred_are_watched_and_all_are_counted() -> None:
    h = History()
    for n in range(103):
        invited(h, MIDNIGHT + n, f"u{n}", "ann")
    (crowd,) = h.life.crowds
    assert (crowd.joined, crowd.places) == (103, tuple(range(100)))


def test_at_midnight_what_is_over_goes_and_the_others_stay() -> None:
    h = History()
    over, young = crowd_of("ann", 10, MIDNIGHT - 3 * DAY), crowd_of("bob", 10, MIDNIGHT - DAY)
    h.life.crowds = (young, over, young)
    referral.on_day(h, SETTINGS, MIDNIGHT // DAY)
    assert list(h.life.crowds) == [young, young]


@pytest.mark.parametrize(("joined", "ago", "kept"), [(9, DAY - 1, True), (9, DAY, False), (10, DAY, True)])
def test_a_few_who_came_a_day_ago_are_forgotten_with_the_next_who_joins_and_a_crowd_is_not(
    joined: int, ago: int, kept: bool
) -> None:
    h = History()
    h.life.crowds = (crowd_of("ann", joined, MIDNIGHT - ago),)
    invited(h, MIDNIGHT, "u", "bob")
    assert [crowd.inviter for crowd in h.life.crowds] == (["ann", "bob"] if kept else ["bob"])


@pytest.mark.parametrize(
    ("joined", "ago", "kept"),
    [(9, DAY - 1, True), (9, DAY, False), (10, 3 * DAY - 1, True), (10, 3 * DAY, False)],
)
def test_at_midnight_a_few_are_forgotten_after_a_day_and_a_crowd_is_judged_after_three(
    joined: int, ago: int, kept: bool
) -> None:
    """Of this one nobody is known any more, so it is over as soon as it is looked at."""
    h = History()
    before = h.life.crowds = (crowd_of("ann", joined, MIDNIGHT - ago),)
    referral.on_day(h, SETTINGS, MIDNIGHT // DAY)
    assert h.life.crowds == (before if kept else ())


FIRST, LAST = MIDNIGHT - 5 * DAY, MIDNIGHT - 4 * DAY - HOUR


def silent_crowd(h: History, people: int = 20, spoke: int = 0) -> Crowd:
    """A crowd that came between these times, and of whom some spoke, in a group in which others do."""
    h.life.first_ts, h.life.coverage = FIRST - 90 * DAY, coverage.FULL
    h.head.last_member_message = FIRST
    places = []
    for n in range(people):
        joined = FIRST + (LAST - FIRST) * n // (people - 1)
        places.append(person_in(h, f"c{n}", joined, joined if n < spoke else joined - 1))
    crowd = Crowd("ann", "e9", FIRST, LAST, tuple(places))
    person_in(h, "ann")
    return crowd


def judged(h: History, crowd: Crowd, at: int = MIDNIGHT, settings: Any = SETTINGS) -> str:
    """Return what becomes of a crowd: ``told``, ``watched`` on, or ``over``."""
    kept = referral._judge(h, settings, crowd, at)
    assert all(alert.kind == "invited_crowd" for alert in h.tables[ALERTS].values())
    if kept is None:
        return "over"
    assert (kept.inviter, kept.event, kept.first_ts, kept.last_ts, kept.places, kept.joined) == (
        crowd.inviter, crowd.event, crowd.first_ts, crowd.last_ts, crowd.places, crowd.joined
    )  # fmt: skip
    return "told" if kept.raised and not crowd.raised else "watched"


@pytest.mark.parametrize(
    ("people", "spoke", "comes"),
    [
        (20, 0, "told"),
        (20, 2, "told"),  # one in ten
        (20, 3, "watched"),
        (20, 4, "over"),  # one in five
        (10, 0, "told"),
        (10, 1, "watched"),  # by chance, maybe: one of ten, where three would be usual
        (30, 3, "told"),
    ],
)
def test_a_crowd_is_silent_when_one_in_ten_has_spoken_and_is_none_when_one_in_five_has(
    people: int, spoke: int, comes: str
) -> None:
    h = History()
    assert judged(h, silent_crowd(h, people, spoke)) == comes


def test_who_of_a_crowd_came_again_since_is_not_of_it_any_more_and_nine_are_no_crowd() -> None:
    for again in (FIRST - 1, LAST + 1, FIRST, LAST):
        h = History()
        crowd = silent_crowd(h, 10)
        h.people[4].joined_at = again
        h.people[4].last_message_at = 0
        assert judged(h, crowd) == ("told" if FIRST <= again <= LAST else "over")


@pytest.mark.parametrize(("kind", "others", "spoke", "comes"), [
    (SETTINGS, 0, 0, "told"),
    (COMMERCE, 0, 0, "watched"),  # where people come to buy, ten who say nothing are no news
    (SETTINGS, 5, 1, "watched"),  # a quarter is usual: by chance nobody of ten speaks once in eighteen
    (SETTINGS, 5, 2, "told"),
    (COMMERCE, 5, 2, "watched"),
    (COMMERCE, 5, 3, "told"),
    (SETTINGS, 40, 10, "watched"),
])  # fmt: skip
def test_a_crowd_is_told_where_its_silence_is_improbable_beside_the_other_newcomers(
    kind: Any, others: int, spoke: int, comes: str
) -> None:
    h = History()
    crowd = silent_crowd(h, 10)
    for n in range(others):
        person_in(h, f"o{n}", MIDNIGHT - 20 * DAY, MIDNIGHT - 19 * DAY if n < spoke else 0)
    assert judged(h, crowd, settings=kind) == comes
    if comes == "told":
        (alert,) = h.tables[ALERTS].values()
        found = msgspec.json.decode(alert.evidence)
        assert (found["other_newcomers"], found["other_newcomers_spoke"]) == (others, spoke)


@pytest.mark.parametrize(
    ("joined", "fields", "counts"),
    [
        (MIDNIGHT - 28 * DAY, {}, True),
        (MIDNIGHT - 28 * DAY - 1, {}, False),
        (MIDNIGHT - 3 * DAY - 1, {}, True),
        (MIDNIGHT - 3 * DAY, {}, False),  # had less time than the crowd
        (MIDNIGHT - 9 * DAY, {"is_bot": True}, False),
        (MIDNIGHT - 9 * DAY, {"is_staff": True}, False),
    ],
)
def test_other_newcomers_are_the_members_who_came_in_four_weeks_and_had_three_days(
    joined: int, fields: dict[str, Any], counts: bool
) -> None:
    h = History()
    crowd = silent_crowd(h)
    person_in(h, "o", joined, joined, **fields)
    person_in(h, "silent", MIDNIGHT - 9 * DAY, MIDNIGHT - 10 * DAY)
    person_in(h, "always there", 0, MIDNIGHT)
    assert referral._other_newcomers(h, crowd, MIDNIGHT) == (1 + counts, int(counts))


@pytest.mark.parametrize(
    ("what", "comes"),
    [
        ({}, "told"),
        ({"coverage": coverage.MENTIONS}, "watched"),
        ({"last_member_message": FIRST - 1}, "watched"),  # nobody was seen talking since they came
        ({"last_member_message": FIRST}, "told"),
        ({"staff": FIRST - 30 * DAY + 1}, "watched"),  # staff fill a new group
        ({"staff": FIRST - 30 * DAY}, "told"),
        ({"raised": True}, "watched"),
    ],
)
def test_what_a_crowd_is_let_off_by(what: dict[str, int], comes: str) -> None:
    h = History()
    crowd = silent_crowd(h)
    h.life.coverage = what.get("coverage", coverage.FULL)
    h.head.last_member_message = what.get("last_member_message", FIRST)
    if "last_member_message" in what:
        for person in h.people:
            person.last_message_at = FIRST - 1
    if "staff" in what:
        h.people[h.index["ann"]].is_staff, h.life.first_ts = True, what["staff"]
    crowd.raised = "raised" in what
    assert judged(h, crowd) == comes
    if comes == "watched" and "last_member_message" in what:
        h.people[h.index["ann"]].last_message_at = FIRST
        assert judged(h, crowd) == "told", "staff and bots talk, too"


def test_who_invites_may_be_unknown() -> None:
    h = History()
    crowd = silent_crowd(h)
    stranger = Crowd("stranger", crowd.event, crowd.first_ts, crowd.last_ts, crowd.places)
    h.life.first_ts = FIRST
    assert judged(h, stranger) == "told"
    (alert,) = h.tables[ALERTS].values()
    assert alert.title.partition(" · ")[2] == "stranger brought 20 people, and nearly all are silent"


def test_an_alert_about_a_crowd_says_who_came_when_and_how_many_spoke_left_and_compare() -> None:
    h = History()
    crowd = silent_crowd(h, 20, 1)
    crowd.joined = 21
    h.people[h.index["ann"]].name = "安"
    h.people[3].left_at = h.people[7].left_at = LAST
    person_in(h, "o", MIDNIGHT - 9 * DAY, MIDNIGHT)
    person_in(h, "p", MIDNIGHT - 9 * DAY)
    assert judged(h, crowd) == "told"
    (alert,) = h.tables[ALERTS].values()
    assert isinstance(alert, Alert)
    assert (alert.user_id, alert.subject_event_id, alert.raised_at) == ("ann", "e9", MIDNIGHT)
    assert alert.alert_id == alert_id("invited_crowd", "qq", "1", "ann@e9")
    assert alert.title.partition(" · ")[2] == "安 brought 21 people, and nearly all are silent"
    assert [each.partition(" · ")[2] for each in alert.reasons] == [
        "21 joined within 23 h",
        "1 of 20 have spoken after 4 d",
        "2 have left",
        "of 2 other newcomers 50% have",
    ]
    assert msgspec.json.decode(alert.evidence) == {
        "joined": 21, "first_joined_at": FIRST, "last_joined_at": LAST, "watched": 20, "spoke": 1, "left": 2,
        "other_newcomers": 2, "other_newcomers_spoke": 1,
    }  # fmt: skip


def test_without_leavers_and_other_newcomers_nothing_is_said_of_them() -> None:
    h = History()
    crowd = silent_crowd(h, 20)
    short = Crowd(crowd.inviter, crowd.event, FIRST, LAST, crowd.places)
    assert judged(h, short) == "told"
    (alert,) = h.tables[ALERTS].values()
    assert len(alert.reasons) == 2


@pytest.mark.parametrize(
    ("age", "spoke", "state"),
    [(14 * DAY - 1, 0, "open"), (14 * DAY, 0, "expired"), (14 * DAY, 4, "resolved"), (5 * DAY, 4, "resolved")],
)
def test_what_was_told_of_a_crowd_is_over_when_they_speak_or_after_two_weeks(age: int, spoke: int, state: str) -> None:
    h = History()
    crowd = referral._judge(h, SETTINGS, silent_crowd(h, 20), MIDNIGHT)
    assert crowd is not None
    for place in crowd.places[:spoke]:
        h.people[place].last_message_at = h.people[place].joined_at
    assert judged(h, crowd, LAST + age) == ("watched" if state == "open" else "over")
    (alert,) = h.tables[ALERTS].values()
    assert alert.state == state
    assert alert.updated_at == (MIDNIGHT if state == "open" else LAST + age)
    if state == "resolved":
        assert alert.reasons[-1].endswith("4 have spoken")
