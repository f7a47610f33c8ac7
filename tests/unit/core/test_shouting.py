"""Shouting into the void, week by week: whatever staff and members write, it is told where a plain reading of the rule says so."""

from __future__ import annotations

from itertools import product
from statistics import median

import pytest

from huoqun.config import Config
from huoqun.results import Alert, alert_id
from streams.core import broadcasts
from streams.core.history import History
from streams.core.record import FIELDS, MESSAGES, NO_RECORD, STAFF, with_record
from streams.core.settings import resolve
from streams.core.state import DAY_MS
from streams.core.tables import ALERTS

TODAY = 20_000
SETTINGS = resolve(Config(), "qq", "1")
Weeks = list[tuple[int, int]]
"""What staff and members wrote in each week, the first week first."""


def after(weeks: Weeks, day: int, *, short: int = 0, open_since: int = 0) -> Alert | None:
    """Return the alert once all weeks are over: all is written on one day of each; the first week is some days short."""
    h, record = History(), NO_RECORD
    for at in range(7 * len(weeks)):
        numbers = [0] * FIELDS
        if at % 7 == day:
            numbers[STAFF], numbers[MESSAGES] = weeks[at // 7]
        if at >= short:
            record = with_record(record, 0, numbers)
    h.set_record(record)
    if open_since:
        key = alert_id("shouting_into_void", "qq", "1", "")
        raised = Alert(
            platform="qq", group_id="1", alert_id=key, kind="shouting_into_void", severity="warning", state="open",
            raised_at=open_since, updated_at=open_since, title="", reasons=["raised"],
        )  # fmt: skip
        h.put(ALERTS, raised.alert_id, raised)
    broadcasts.on_day(h, SETTINGS, TODAY)
    found: list[Alert] = list(h.tables[ALERTS].values())
    return found[0] if found else None


def shouts(weeks: Weeks) -> bool:
    *before, one, other = weeks
    staff, members = (2 * median(week[place] for week in before) for place in (0, 1))
    return (
        one[0] + other[0] >= max(14, 1.5 * staff)
        and staff > 0
        and members >= 20
        and one[1] + other[1] <= 0.7 * members
        and all(2 * week[0] >= 1.5 * staff and 2 * week[1] <= 0.7 * members for week in (one, other))
    )


BEFORE = [
    [(1, 10)],
    [(4, 9)],
    [(5, 10), (4, 11)],
    [(1, 20), (9, 9), (6, 10)],
    [(0, 20)],
    [(0, 20), (1, 20)],
    [(0, 30), (5, 10), (5, 10), (9, 10)],
]
STAFF_NOW = [(7, 7), (6, 7), (7, 6), (8, 6), (6, 8), (9, 9), (10, 5), (5, 10)]
MEMBERS_NOW = [(7, 7), (7, 8), (8, 7), (8, 6), (6, 8), (0, 0), (14, 14)]
SITUATIONS: list[Weeks] = [
    [*before, *zip(staff, members, strict=True)]
    for before, staff, members in product(BEFORE, STAFF_NOW, MEMBERS_NOW)
]  # fmt: skip


@pytest.mark.parametrize("day", [0, 3, 6], ids=["on the first day", "in between", "on the last day"])
def test_it_is_told_just_where_staff_posts_more_and_members_less_than_in_usual_weeks(day: int) -> None:
    told = []
    for weeks in SITUATIONS:
        alert = after(weeks, day)
        assert (alert is not None) == shouts(weeks), weeks
        if alert is not None:
            told.append(weeks)
            *before, one, other = weeks
            staff, members = (2 * median(week[place] for week in before) for place in (0, 1))
            assert (alert.state, alert.raised_at, alert.user_id) == ("open", TODAY * DAY_MS, "")
            assert alert.evidence == (
                f'{{"members":{one[1] + other[1]},"members_before":{members:.1f},'
                f'"staff":{one[0] + other[0]},"staff_before":{staff:.1f}}}'
            )
            assert f"posted {one[0] + other[0]} in two weeks, {staff:.0f} before" in alert.reasons[0]
            assert f"members wrote {one[1] + other[1]}, {members:.0f} before" in alert.reasons[1]
    assert 10 < len(told) < len(SITUATIONS) // 2


@pytest.mark.parametrize(("short", "told"), [(0, True), (1, False), (7, False)])
def test_three_whole_weeks_must_be_known_and_no_more(short: int, told: bool) -> None:
    assert (after([(1, 10), (7, 7), (7, 7)], 6, short=short) is not None) is told


def test_days_before_the_first_whole_week_say_nothing() -> None:
    usual, shouting = (4, 10), (7, 7)
    loud = [(9, 0), usual, shouting, shouting]
    assert after(loud, 6, short=6) is not None
    assert after(loud, 6) is None, "a week more in which staff posted as much"


def test_it_is_over_just_where_members_write_almost_as_before_or_staff_posts_no_more_than_before() -> None:
    ended = []
    for weeks in SITUATIONS:
        *before, one, other = weeks
        staff, members = (2 * median(week[place] for week in before) for place in (0, 1))
        over = one[1] + other[1] >= 0.85 * members or one[0] + other[0] <= staff
        alert = after(weeks, 6, open_since=5)
        assert alert is not None
        assert alert.state == ("resolved" if over else "open"), weeks
        assert alert.raised_at == 5, "it is not raised again"
        if over:
            ended.append(weeks)
            assert alert.resolved_at == TODAY * DAY_MS
            assert f"staff {one[0] + other[0]}, members {one[1] + other[1]} in two weeks" in alert.reasons[1]
        else:
            assert alert.reasons == ["raised"]
    assert 10 < len(ended) < len(SITUATIONS)


@pytest.mark.parametrize(("members", "over"), [((8, 8), False), ((8, 9), True), ((17, 0), True), ((0, 16), False)])
def test_it_is_over_with_the_message_that_makes_it_enough(members: tuple[int, int], over: bool) -> None:
    alert = after([(1, 10), (7, members[0]), (7, members[1])], 6, open_since=5)
    assert alert is not None
    assert (alert.state == "resolved") is over


@pytest.mark.parametrize(("staff", "over"), [((7, 7), True), ((7, 8), False), ((8, 6), True)])
def test_it_is_over_when_staff_posts_just_as_much_as_before(staff: tuple[int, int], over: bool) -> None:
    alert = after([(7, 10), (staff[0], 1), (staff[1], 1)], 6, open_since=5)
    assert alert is not None
    assert (alert.state == "resolved") is over
