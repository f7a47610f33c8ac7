"""Newcomers at risk, case by case: whom it is told of, at which midnight, and with which moment it is over."""

from __future__ import annotations

import json
from itertools import product
from typing import NamedTuple

import pytest

from huoqun.config import Config
from huoqun.results import Alert, alert_id
from streams.core import newcomers
from streams.core.daily import with_day
from streams.core.history import History
from streams.core.referral import CROWD, MOST_WATCHED
from streams.core.settings import resolve
from streams.core.state import Crowd, Person
from streams.core.tables import ALERTS
from tests.support.scenes import DAY

SETTINGS = resolve(Config(), "qq", "1")
TODAY = 20_000
MIDNIGHT = TODAY * DAY


class Case(NamedTuple):
    """What is known of somebody at a midnight."""

    joined_ago: int
    bot: bool = False
    staff: bool = False
    left: bool = False
    greeted: bool = False
    messages: int = 0
    replies: int = 0
    value: int = newcomers.UNKNOWN
    name: str = ""


def group(case: Case) -> tuple[History, Person]:
    """Return a group with somebody as they are in the case, behind somebody who was always there."""
    h = History()
    h.add_person("old")
    member = h.people[h.add_person("new")]
    member.joined_at = MIDNIGHT - case.joined_ago if case.joined_ago >= 0 else 0
    member.is_bot, member.is_staff, member.greeted, member.name = case.bot, case.staff, case.greeted, case.name
    member.left_at = MIDNIGHT - 1 if case.left else 0
    member.messages, member.replies = case.messages, case.replies
    h.commit_step(MIDNIGHT - 1, None)
    return h, member


def alert_of(h: History, member: Person) -> Alert | None:
    found: Alert | None = h.tables[ALERTS].get(alert_id("newcomer_at_risk", "qq", "1", f"new@{member.joined_at}"))
    return found


def wanting(case: Case) -> str:
    """Return what they did not get, in the words of the definition; empty: nothing, or it is not the time."""
    if case.bot or case.staff or case.left or not 3 * DAY <= case.joined_ago < 7 * DAY:
        return ""
    if not case.greeted and not case.replies:
        return "spoke and nobody responded" if case.messages else "has said nothing yet"
    return "saw nothing of value for three days" if not case.greeted and case.messages <= 1 and case.value == 0 else ""


AGO = [-1, 0, 3 * DAY - 1, 3 * DAY, 5 * DAY, 7 * DAY - 1, 7 * DAY, 9 * DAY]
WHO = [(False, False, False), (True, False, False), (False, True, False), (False, False, True), (True, True, True)]
"""A bot, staff, gone."""
CASES = [
    *(Case(ago, *who, greeted) for ago in AGO for who in WHO for greeted in (False, True)),
    *(
        Case(4 * DAY, greeted=greeted, messages=messages, replies=replies, value=value, name="小林")
        for greeted, messages, replies, value in product([False, True], range(4), range(3), [newcomers.UNKNOWN, 0, 1, 2])
    ),
]  # fmt: skip


def test_just_those_are_told_who_joined_three_to_seven_days_ago_and_got_nothing() -> None:
    told = []
    for case in CASES:
        h, member = group(case)
        newcomers.on_day(h, SETTINGS, 1, TODAY, case.value)
        alert, what = alert_of(h, member), wanting(case)
        assert (alert is not None) == bool(what), case
        assert h.people[1].newcomer_flagged == bool(what), case
        assert not h.people[0].newcomer_flagged
        if alert is None:
            continue
        told.append(case)
        assert (alert.state, alert.severity, alert.raised_at, alert.user_id) == ("open", "info", MIDNIGHT, "new")
        assert alert.title.endswith(f"· newcomer {case.name or 'new'} {what}")
        assert [reason.rpartition(" · ")[2] for reason in alert.reasons] == [
            f"joined {case.joined_ago // DAY} d ago",
            f"wrote {case.messages} messages",
            f"{case.replies} of them answered",
        ]
        assert json.loads(alert.evidence) == {
            "joined_at": member.joined_at, "messages": case.messages, "replies": case.replies,
        }  # fmt: skip
    assert 10 < len(told) < len(CASES) // 2


@pytest.mark.parametrize(
    ("days", "seen"),
    [
        ([], newcomers.UNKNOWN),
        ([(TODAY - 4, 5)], 0),
        ([(TODAY - 4, 5), (TODAY - 3, 1)], 1),
        ([(TODAY - 3, 2), (TODAY - 1, 4)], 6),
    ],
    ids=["never any", "none since", "one since", "some since"],
)
def test_what_was_of_value_in_three_days_is_missed_only_where_there_used_to_be_some(
    days: list[tuple[int, int]], seen: int
) -> None:
    values = b""
    for day, messages in days:
        values = with_day(values, day, messages, 0)
    assert newcomers.of_value(values, TODAY) == seen


@pytest.mark.parametrize(
    ("what", "after", "state"),
    [
        ("midnight", 3 * DAY - 1, "open"),
        ("midnight", 3 * DAY, "expired"),
        ("named", 3 * DAY, "resolved"),
        ("named", 3 * DAY + 1, "open"),
        ("greeted", DAY, "resolved"),
        ("left", DAY, "expired"),
        ("nobody left", DAY, "open"),
    ],
)
def test_it_is_over_with_a_word_to_them_or_when_they_leave_or_when_their_first_week_is(
    what: str, after: int, state: str
) -> None:
    h, member = group(Case(4 * DAY))
    newcomers.on_day(h, SETTINGS, 1, TODAY, 0)
    at = MIDNIGHT + after
    if what == "midnight":
        day = at // DAY if state == "open" else TODAY + 3
        newcomers.on_day(h, SETTINGS, 1, day, 0)
        at = day * DAY
    elif what == "named":
        newcomers.on_named(h, SETTINGS, 1, at=at)
        assert h.people[1].greeted is (state == "resolved")
    elif what == "greeted":
        newcomers.greet(h, SETTINGS, h.people[1], at=at)
    else:
        newcomers.on_leave(h, SETTINGS, h.people[1 if what == "left" else 0], at=at)
    alert = alert_of(h, member)
    assert alert is not None
    assert alert.state == state
    assert alert.resolved_at == (at if state == "resolved" else None)
    if state != "open":
        assert alert.updated_at == at
        assert len(alert.reasons) == 4, "and it says why it is over"


def test_the_week_that_is_over_is_told_once_and_a_newcomer_named_in_time_is_none_at_risk() -> None:
    h, _ = group(Case(4 * DAY))
    newcomers.on_named(h, SETTINGS, 1, at=MIDNIGHT - DAY)
    assert h.people[1].greeted
    newcomers.on_day(h, SETTINGS, 1, TODAY, newcomers.UNKNOWN)
    assert not h.tables[ALERTS]
    h, member = group(Case(6 * DAY))
    for day in range(TODAY, TODAY + 4):
        newcomers.on_day(h, SETTINGS, 1, day, newcomers.UNKNOWN)
        assert h.people[1].newcomer_flagged is (day == TODAY)
    alert = alert_of(h, member)
    assert alert is not None
    assert (alert.state, alert.updated_at) == ("expired", MIDNIGHT + DAY)


@pytest.mark.parametrize(
    ("joined", "first", "last", "inside", "told"),
    [
        (CROWD, 0, 0, True, False),
        (CROWD, -1, 1, True, False),
        (CROWD - 1, 0, 0, True, True),
        (CROWD, 1, 2, True, True),
        (CROWD, -2, -1, True, True),
        (CROWD, 0, 0, False, True),
        (MOST_WATCHED, 0, 0, False, True),
        (MOST_WATCHED + 1, 0, 0, False, False),
    ],
)
def test_whom_one_member_brought_in_a_crowd_is_not_told_one_by_one(
    joined: int, first: int, last: int, inside: bool, told: bool
) -> None:
    h, member = group(Case(4 * DAY))
    small = Crowd("old", "", member.joined_at, member.joined_at, (1,))
    crowd = Crowd("old", "e", member.joined_at + first, member.joined_at + last, (1 if inside else 0,))
    crowd.joined = joined
    h.change_life().crowds = (small, crowd)
    newcomers.on_day(h, SETTINGS, 1, TODAY, newcomers.UNKNOWN)
    assert (alert_of(h, member) is not None) is told
