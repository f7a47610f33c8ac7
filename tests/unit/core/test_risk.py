"""What is known of a member on a day: the bounds of the windows, and who has a risk at all."""

from __future__ import annotations

import pytest

from streams.core.daily import NO_DAYS, with_day
from streams.core.history import History
from streams.core.rhythm import HALF_LIFE, spread
from streams.core.risk import days_of, facts_of, risk_of, usual_days
from streams.core.state import Person

TODAY = 20_000
HOUR, DAY = 3_600_000, 86_400_000


def member(*days: tuple[int, int], today: tuple[int, int] = (0, 0), **fields: object) -> Person:
    """A member with so many messages so many days ago, and on a last day that has not been put to the others."""
    person = Person(0, "u")
    for ago, messages in days:
        person.days = with_day(person.days or NO_DAYS, TODAY - ago, messages, 0)
    person.today, person.today_count = (TODAY - today[0], today[1]) if today[1] else (0, 0)
    for name, value in fields.items():
        setattr(person, name, value)
    return person


@pytest.mark.parametrize(
    ("person", "known"),
    [
        (member(), (0, 0, 0)),
        (member((29, 5)), (0, 0, 0)),
        (member((28, 5)), (1, 0, 5)),
        (member((8, 5)), (1, 0, 5)),
        (member((7, 5)), (1, 5, 0)),
        (member((1, 5)), (1, 5, 0)),
        (member((28, 1), (8, 2), (7, 3), (1, 4)), (4, 7, 3)),
        (member((9, 2), today=(1, 3)), (2, 3, 2)),
        (member((9, 2), today=(7, 3)), (2, 3, 2)),
        (member((29, 2), today=(8, 3)), (1, 0, 3)),
        (member(today=(28, 3)), (1, 0, 3)),
        (member(today=(29, 3)), (0, 0, 0)),
        (member((2, 2), today=(0, 3)), (1, 2, 0)),
    ],
)
def test_of_28_days_the_last_seven_stand_apart_and_today_is_not_over(
    person: Person, known: tuple[int, int, int]
) -> None:
    assert days_of(person, TODAY) == known


def test_a_regular_has_lasted_and_wrote_often_enough() -> None:
    def regular(lasted: int, every: float) -> float:
        return usual_days(member(today=(1, 1), first_day=TODAY - lasted, usual=spread(lasted) / every))

    assert regular(200, 2.0) == pytest.approx(14.0)
    assert regular(200, 1.0) == pytest.approx(28.0)
    assert regular(200, 27.0) == 0.0
    assert regular(3, 1.0) == 0.0
    assert [regular(20, 1.0), regular(21, 1.0)] == pytest.approx([0.0, 28.0])
    assert [regular(200, 28 / 4.99), regular(200, 28 / 5.01)] == pytest.approx([0.0, 5.01])


def test_the_facts_are_hours_of_silence_days_and_what_faded_since_the_last_message() -> None:
    h = History()
    h.life.first_ts = (TODAY - 100) * DAY + 5
    person = member(
        (3, 1), (5, 2), today=(3, 1), first_day=TODAY - 50, usual=4.0, last_message_at=(TODAY - 3) * DAY + 10 * HOUR
    )  # fmt: skip
    silent, active, usual, known, observed = facts_of(h.life, person, TODAY)
    assert (silent, known, observed) == (2 * 24 + 14, 50, 100)
    assert active == 3
    assert usual == pytest.approx(4.0 * 0.5 ** (2 / HALF_LIFE))


FACTS = {"first_day": TODAY - 60, "usual": spread(60) / 2, "last_message_at": (TODAY - 1) * DAY, "replies": 1}


def test_staff_bots_those_who_left_and_those_silent_for_four_weeks_have_no_risk() -> None:
    h = History()
    h.life.first_ts = (TODAY - 100) * DAY
    assert risk_of(h, member((1, 3), **FACTS), TODAY) is not None
    for field in ({"is_bot": True}, {"is_staff": True}, {"left_at": 1}, {"first_day": 0}):
        assert risk_of(h, member((1, 3), **{**FACTS, **field}), TODAY) is None
    assert risk_of(h, member((29, 3), **FACTS), TODAY) is None


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (member((1, 1), (10, 21), **FACTS), "1 messages this week, usually 7"),
        (member((1, 4), (10, 21), **FACTS), ""),
        (member((1, 1), (10, 7), **FACTS), "1 messages this week, usually 2"),
        (member((1, 1), (10, 6), **FACTS), ""),
        (member((1, 0), (10, 3), **FACTS), "0 messages this week, usually 1"),
        (member((1, 0), (10, 2), **FACTS), ""),
        (member((1, 9), (10, 9), messages=2, **{**FACTS, "replies": 0}), "never got a reply"),
        (member((1, 9), (10, 9), messages=1, **{**FACTS, "replies": 0}), ""),
        (member((1, 9), (10, 9), messages=2, **FACTS), ""),
    ],
)
def test_less_than_half_of_the_usual_week_and_talk_that_nobody_answers_are_reasons(person: Person, reason: str) -> None:
    h = History()
    h.life.first_ts = (TODAY - 100) * DAY
    found = risk_of(h, person, TODAY)
    assert found is not None
    said = [each.partition(" · ")[2] for each in found[1]]
    assert (reason in said) if reason else not any("this week" in each or "never" in each for each in said)


def test_the_three_strongest_reasons_are_given_the_strongest_first_and_a_plain_fact_where_there_is_none() -> None:
    h = History()
    h.life.first_ts = (TODAY - 100) * DAY
    facts = {**FACTS, "replies": 0, "messages": 9, "last_message_at": (TODAY - 6) * DAY, "usual": spread(60)}
    found = risk_of(h, member((7, 1), (10, 60), today=(6, 1), **facts), TODAY)
    assert found is not None
    said = [each.partition(" · ")[2] for each in found[1]]
    weights = {
        "active on 3 of 28 days, usually 27": 27 / 3,
        "2 messages this week, usually 20": 20 / 3,
        "silent for 6 d, usually every 1.0 d": 6.0,
    }
    assert said == sorted(weights, key=lambda text: -weights[text]), "and not that nobody ever replied: 1.5"
    plain = risk_of(
        h, member(*((n, 1) for n in range(2, 20)), today=(1, 1), **{**FACTS, "usual": spread(60) * 0.7}), TODAY
    )
    assert plain is not None
    assert [each.partition(" · ")[2] for each in plain[1]] == ["active on 19 of 28 days"]
