"""Stages: forming, blending, acting together, fading, dormant, dead; with hysteresis, and for a reason."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from huoqun.config import Config, Group
from huoqun.control import Tick
from huoqun.events import Event
from huoqun.results import GroupSummary
from streams.core import stages as of
from streams.core.decline import decline_in
from streams.core.history import History
from streams.core.record import FIELDS, MESSAGES, NO_RECORD, RECORD_DAYS, column, days_in, with_record
from tests.support.core import Machine, encoded
from tests.support.scenes import DAY, T0, Scene

DAY_S = 86_400


def talk(scene: Scene, days: range, a_day: int | Sequence[int], *, people: int = 6, staff: int = 0) -> None:
    """So many messages each day, or on each weekday, each a reply to the one before it; of every ten so many by staff."""
    for day in days:
        many = a_day if isinstance(a_day, int) else a_day[day % 7]
        for n in range(many):
            by_staff = n % 10 < staff
            who = "boss" if by_staff else f"u{n % people}"
            scene.add(day * DAY_S + 36_000 + n * 90, who, "今天的苗不错", is_staff=by_staff)


def stages(scene: Scene, days: Sequence[int], config: Config | None = None) -> list[str]:
    """The stage after each of these days."""
    found = []
    for day in days:
        until = Scene(config or scene.config)
        until.events = [event for event in scene.events if event.ts < T0 + day * DAY]
        until.silence_until(day * DAY_S + 60)
        (group,) = until.rows("GroupSummary")
        found.append(group["stage"])
    return found


def test_a_week_at_nearly_nothing_is_fading_and_says_by_how_much_and_who_is_worth_moving() -> None:
    scene = Scene()
    talk(scene, range(35), 12)
    talk(scene, range(35, 43), 1, people=1)
    scene.silence_until(43 * DAY_S + 60)
    (alert,) = scene.alerts("group_fading")
    assert alert["state"] == "open"
    assert T0 + 39 * DAY <= alert["raised_at"] <= T0 + 42 * DAY
    assert "usually 84" in alert["reasons"][0]
    assert "usual days is missing" in alert["reasons"][1]
    assert "worth moving to a living group: u0" in alert["reasons"][2]
    assert '"worth_moving":["u0"' in alert["evidence"]


def test_one_week_at_half_is_no_fading() -> None:
    scene = Scene()
    talk(scene, range(35), 12)
    talk(scene, range(35, 42), 5)
    talk(scene, range(42, 60), 12)
    scene.silence_until(60 * DAY_S)
    assert not scene.alerts("group_fading")


def test_three_weeks_of_slow_decline_are() -> None:
    scene = Scene()
    talk(scene, range(42), 20, people=8)
    for week, (many, people) in enumerate(((14, 7), (9, 5), (6, 4))):
        talk(scene, range(42 + 7 * week, 49 + 7 * week), many, people=people)
    scene.silence_until(63 * DAY_S + 60)
    (alert,) = scene.alerts("group_fading")
    assert alert["raised_at"] <= T0 + 58 * DAY


def test_one_talker_who_leaves_a_group_that_talks_on_is_no_decline() -> None:
    scene = Scene()
    for day in range(70):
        talk(scene, range(day, day + 1), 8, people=8)
        for n in range(30 if day < 42 else 0):
            scene.add(day * DAY_S + 50_000 + n * 90, "talker", "还有")
    scene.silence_until(70 * DAY_S)
    assert not scene.alerts("group_fading")


def test_weekends_off_are_a_rhythm() -> None:
    scene = Scene()
    talk(scene, range(70), (12, 12, 12, 12, 12, 0, 0))
    scene.silence_until(70 * DAY_S)
    assert not scene.alerts("group_fading")
    assert not scene.alerts("group_dormant")


@pytest.mark.parametrize("seed", range(4))
def test_a_group_that_wavers_as_chance_has_it_never_changes_its_stage_back_and_forth(seed: int) -> None:
    scene, rng = Scene(), random.Random(seed)
    for day in range(120):
        many = max(0, round(rng.gauss(14, 5)))
        talk(scene, range(day, day + 1), many, people=7)
    scene.silence_until(120 * DAY_S)
    assert not scene.alerts("group_fading")


def test_it_recovers_only_near_the_usual_and_the_alert_is_resolved_then() -> None:
    scene = Scene()
    talk(scene, range(35), 12)
    talk(scene, range(35, 44), 1, people=1)
    talk(scene, range(44, 54), 7)
    scene.silence_until(54 * DAY_S + 60)
    assert [alert["state"] for alert in scene.alerts("group_fading")] == ["open"], "six tenths are not enough"
    scene.until = None
    talk(scene, range(54, 62), 12)
    scene.silence_until(62 * DAY_S + 60)
    (alert,) = scene.alerts("group_fading")
    assert alert["state"] == "resolved"
    assert "recovered" in alert["reasons"][-1]


def test_a_smaller_group_that_has_settled_is_no_more_fading_after_eight_weeks() -> None:
    scene = Scene()
    talk(scene, range(35), 20, people=8)
    talk(scene, range(35, 105), 6, people=4)
    assert stages(scene, [60, 105]) == ["fading", "blending"]


def test_silence_is_dormant_after_a_week_and_dead_after_four() -> None:
    scene = Scene()
    talk(scene, range(35), 12)
    assert stages(scene, [41, 43, 60, 64]) == ["fading", "dormant", "dormant", "dead"]


def silence_after(last: int, events: Sequence[Event]) -> dict[str, int]:
    """After how many silent days each stage came, where the last word was said on the day ``last``."""
    machine, found = Machine(), dict[str, int]()
    log = encoded([*events, *(Tick(T0 + day * DAY) for day in range(last + 1, last + 70))])
    machine.feed(log, 0, len(events))
    for place in range(len(events), len(log)):
        machine.feed(log, place, place + 1)
        machine.checkpoint()
        stage = [row.stage for row in machine.results if isinstance(row, GroupSummary)][-1]
        found.setdefault(stage, place - len(events))
    return found


@pytest.mark.parametrize(
    ("every", "days", "dormant", "dead"),
    [(1, 13, 8, 28), (1, 14, 7, 28), (2, 40, 10, 28), (3, 42, 16, 31), (7, 56, 28, 47)],
)
def test_the_rarer_a_group_talks_the_longer_it_is_only_silent(every: int, days: int, dormant: int, dead: int) -> None:
    """With a share p of days with talk it is dormant when (1 - p) ** k is improbable, dead after twice that, within bounds."""
    scene = Scene()
    talk_on = range(0, days, every)
    for day in talk_on:
        talk(scene, range(day, day + 1), 6)
    after = silence_after(talk_on[-1], scene.events)
    assert (after["dormant"], after["dead"]) == (dormant, dead)


def test_where_no_member_ever_said_a_word_two_weeks_and_a_half_are_dormant() -> None:
    scene = Scene()
    scene.join(10, "bob")
    assert silence_after(0, scene.events) == {"forming": 0, "dormant": 18, "dead": 36}


CLUB = [(10, 5), *[(0, 0)] * 9] * 4
"""Messages and speakers by day, the earliest first: ten on every tenth day."""


@pytest.mark.parametrize(
    ("before", "week", "alive"),
    [
        ([], [(2, 1), (1, 1)], True),
        ([], [(2, 1), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (1, 1)], True),
        ([], [(2, 1), *[(0, 0)] * 6, (3, 1)], False),  # the first is eight days ago, and so in the next two
        ([], [(1, 1), (1, 1), *[(0, 0)] * 5, (1, 1)], False),
        ([], [(9, 5), *[(0, 0)] * 6, (5, 2)], False),
        ([], [(1, 1), (1, 1)], False),
        ([], [(9, 5)], False),
        (CLUB, [(5, 3)], True),  # as in a club: half of what it says when it meets, and three who do
        ([(1, 1)], [(3, 3)], True),  # one word, the day before this week, was all that it ever said
        (CLUB, [(4, 3)], False),
        (CLUB, [(5, 2)], False),
        (CLUB, [(0, 0), (5, 3), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (0, 0)], True),
    ],
)
def test_a_silent_group_is_alive_again_on_two_days_of_a_week_or_where_it_meets_as_ever(
    before: list[tuple[int, int]], week: list[tuple[int, int]], alive: bool
) -> None:
    h = History()
    h.life.stage = "dormant"
    for messages, speakers in [*before, *[(0, 0)] * (7 - len(week)), *week]:
        h.record = with_record(h.record, 0, [messages, speakers, 0, 0, 0, 0])
    stage, why = of._revived(h)
    assert (stage, why != "") == (("blending", True) if alive else ("dormant", False))


@pytest.mark.parametrize(
    ("days", "weeks", "stage"),
    [
        (1, [0, 0, 0, 70], "blending"),  # seven tenths of the usual hundred: it has recovered
        (55, [60, 60, 60, 60], "fading"),
        (56, [60, 60, 60, 60], "blending"),  # eight weeks as it is
        (56, [60, 40, 60, 60], "blending"),
        (56, [60, 39, 60, 60], "fading"),  # not as it is: less than two thirds of its best week
        (56, [10, 10, 10, 10], "blending"),
        (56, [9, 9, 9, 9], "fading"),
        (56, [60, 60, 60, 69], "blending"),
    ],
)
def test_a_fading_group_has_recovered_near_its_usual_or_after_eight_steady_weeks(
    days: int, weeks: list[int], stage: str
) -> None:
    h = History()
    for week in weeks:
        for day in range(7):
            h.record = with_record(h.record, 0, [week // 7 + (day < week % 7), 5, 0, 0, 0, 0])
    life = h.life
    life.stage, life.usual_week, life.stage_since = "fading", 100.0, DAY
    assert of._fading_on(h, life, decline_in(h.record, 99, 0.5), DAY + days * DAY)[0] == stage


def test_a_group_that_talks_every_other_week_is_not_dormant_in_between() -> None:
    scene = Scene()
    for meeting in range(8):
        talk(scene, range(14 * meeting, 14 * meeting + 1), 30)
    assert set(stages(scene, range(60, 112, 4))) <= {"blending", "forming", "acting_together"}


def test_one_word_does_not_revive_and_two_days_of_talk_do() -> None:
    scene = Scene()
    talk(scene, range(35), 12)
    talk(scene, range(47, 48), 1)
    assert stages(scene, [50]) == ["dormant"]
    talk(scene, range(50, 60), 12)
    assert stages(scene, [52, 60]) == ["blending", "blending"]
    scene.silence_until(60 * DAY_S)
    assert [alert["state"] for alert in scene.alerts("group_dormant")] == ["resolved"]


def test_talk_that_goes_through_staff_is_forming_and_talk_between_members_blends() -> None:
    scene = Scene()
    talk(scene, range(30), 10, staff=5)
    talk(scene, range(30, 60), 10, staff=1)
    assert stages(scene, [20, 30, 60]) == ["forming", "forming", "blending"]


def test_without_staff_members_act_together_and_staff_that_takes_over_ends_it() -> None:
    scene = Scene()
    scene.add(10, "boss", "欢迎各位", is_staff=True)
    talk(scene, range(80), 10)
    talk(scene, range(80, 120), 10, staff=4)
    assert stages(scene, [40, 79, 119]) == ["blending", "acting_together", "blending"]


@pytest.mark.parametrize(("people", "stage"), [(int(of.BLENDING_SPEAKERS), "blending"), (1, "forming")])
def test_a_group_blends_where_just_enough_people_speak_on_a_day(people: int, stage: str) -> None:
    scene = Scene()
    talk(scene, range(60), 10, people=people)
    assert stages(scene, [60]) == [stage]


@pytest.mark.parametrize(("people", "stage"), [(3, "acting_together"), (2, "blending")])
def test_a_group_acts_together_where_just_enough_people_speak_on_a_day(people: int, stage: str) -> None:
    assert of.ACTING_SPEAKERS == 3
    scene = Scene()
    scene.add(10, "boss", "欢迎各位", is_staff=True)
    talk(scene, range(80), 10, people=people)
    assert stages(scene, [79]) == [stage]


def test_where_no_staff_is_known_nobody_can_say_that_it_goes_without() -> None:
    scene = Scene()
    talk(scene, range(80), 10)
    assert stages(scene, [79]) == ["blending"]


def test_every_stage_says_why_with_figures() -> None:
    scene = Scene()
    talk(scene, range(35), 12)
    scene.silence_until(35 * DAY_S)
    (group,) = scene.rows("GroupSummary")
    assert group["stage"] == "blending"
    assert "of replies were between members" in group["reasons"][0]


def ended_on(day: date) -> Config:
    return Config(groups=[Group(platform="qq", group_id="1", kind="learning", ends_on=day)])


def test_a_course_that_is_over_may_fade_and_nobody_is_told() -> None:
    scene = Scene(ended_on(date(2023, 12, 20)))
    talk(scene, range(35), 12)
    talk(scene, range(35, 50), 1)
    scene.silence_until(70 * DAY_S)
    assert not scene.alerts("group_fading")
    assert not scene.alerts("group_dormant")


def test_staff_bots_and_those_who_left_are_not_worth_moving() -> None:
    scene = Scene()
    talk(scene, range(35), 14, people=7, staff=1)
    for day in range(35):
        scene.add(day * DAY_S + 70_000, "robot", "天气", is_bot=True)
    scene.leave(35 * DAY_S, "u3")
    scene.silence_until(44 * DAY_S)
    (alert,) = scene.alerts("group_dormant")
    named = alert["evidence"].partition('"worth_moving":')[2]
    assert named.count("u") <= 5 + named.count("usual_week")
    assert "u3" not in named
    assert "boss" not in named
    assert "robot" not in named


def record_of(days: Sequence[int]) -> bytes:
    record = NO_RECORD
    for messages in days:
        numbers = [0] * FIELDS
        numbers[MESSAGES] = messages
        record = with_record(record, 0, numbers)
    return record


def test_a_record_keeps_eight_weeks_latest_first_and_fills_gaps_with_silent_days() -> None:
    record = record_of(range(1, 70))
    assert days_in(record) == RECORD_DAYS
    assert column(record, MESSAGES)[:3] == [69, 68, 67]
    numbers: list[Any] = [7] * FIELDS
    assert column(with_record(record, 3, numbers), MESSAGES)[:5] == [7, 0, 0, 0, 69]
    assert column(with_record(record, 10_000, numbers), MESSAGES)[:2] == [7, 0]
    assert max(column(with_record(record, 0, [10**9] * FIELDS), MESSAGES)) == 65_535


def test_what_is_missing_is_counted_in_days_on_which_the_group_usually_talks() -> None:
    daily = [20] * 35
    assert decline_in(record_of(daily), 99, 0.5).missing == 0
    assert decline_in(record_of([*daily, *[0] * 4]), 99, 0.5).missing == pytest.approx(4 * 0.85)
    assert decline_in(record_of([*daily, *[10] * 10]), 99, 0.5).missing == pytest.approx(10 * 0.35)
    saturdays = [0, 0, 0, 0, 0, 40, 0] * 6
    assert decline_in(record_of([*saturdays, *[0] * 7]), 99, 0.5).missing == pytest.approx(0.85)


def test_a_good_day_takes_away_what_a_weak_one_added_and_what_was_before_a_revival_does_not_count() -> None:
    daily = [20] * 35
    assert decline_in(record_of([*daily, 0, 40, 20]), 99, 0.5).missing == 0
    assert decline_in(record_of([*daily, 0, 0, 0, 20]), 1, 0.5).missing == 0


def test_without_a_past_nothing_is_missing() -> None:
    assert decline_in(record_of([20] * 20), 99, 0.5).usual == 0
    assert decline_in(NO_RECORD, 99, 0.5).missing == 0
