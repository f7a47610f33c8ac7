"""At which figure exactly a group's stage changes: each condition one step before it and at it, or against a plain recount."""

from __future__ import annotations

import random
from collections import Counter

import msgspec
import pytest

from huoqun.config import Config
from streams.core import stages
from streams.core.daily import NO_DAYS, with_day
from streams.core.decline import Decline
from streams.core.history import History
from streams.core.record import NO_RECORD, with_record
from streams.core.settings import GroupSettings, resolve
from streams.core.state import Person
from tests.support.scenes import DAY

TODAY = 20_000
SETTINGS = resolve(Config(), "qq", "1")


@pytest.mark.parametrize("seed", range(30))
def test_worth_moving_are_five_at_most_who_wrote_most_in_the_last_week_of_talk_and_then_in_its_last_month(
    seed: int,
) -> None:
    """Each member is a list of the days on which they wrote, by how long before the last word that was."""
    rng = random.Random(seed)
    h = History()
    h.head.last_member_message = last = TODAY * DAY + 7_000 if seed else 0
    ranked = []
    for place in range(rng.randint(0, 12)):
        person = Person(0, f"u{place}")
        ago = sorted(rng.sample([0, 1, 6, 7, 8, 13, 14, 20, 27, 28, 29], rng.randint(1, 5)), reverse=True)
        wrote = {TODAY - each: rng.randint(1, 2) for each in ago} if seed else {}
        for day, count in list(wrote.items())[:-1]:
            person.days = with_day(person.days or NO_DAYS, day, count, 0)
        if wrote:
            person.today, person.today_count = list(wrote.items())[-1]
            person.last_message_at = person.today * DAY + rng.choice([6_999, 7_000, 7_001]) * (ago[-1] > 0)
        person.messages = sum(wrote.values())
        person.is_staff, person.is_bot, person.left_at = (rng.random() < 0.1 for _ in range(3))
        h.people.append(person)
        if person.is_staff or person.is_bot or person.left_at or not wrote or last - person.last_message_at >= 14 * DAY:
            continue
        week = sum(count for day, count in wrote.items() if TODAY - day < 7)
        month = sum(count for day, count in wrote.items() if TODAY - day < 28)
        ranked.append(((week, month, person.last_message_at, -place), person.user))
    expected = [user for _, user in sorted(ranked, reverse=True)[:5]]
    assert [person.user for person in stages.worth_moving(h, (TODAY + 3) * DAY)] == expected


def test_a_decline_is_looked_at_as_of_the_midnight_though_somebody_wrote_since() -> None:
    h = History()
    h.head.last_member_message = (TODAY + 9) * DAY
    person = Person(0, "u")
    person.messages, person.last_message_at, person.today, person.today_count = 1, (TODAY - 13) * DAY, TODAY - 13, 1
    h.people.append(person)
    assert stages.worth_moving(h, TODAY * DAY) == [person]


@pytest.mark.parametrize(
    ("changed", "fades"),
    [
        ({}, True),
        ({"usual": 19.9}, False),  # a usual week has twenty messages at least
        ({"missing": 3.9}, False),  # the talk of four usual days
        ({"missing": 3.9, "variation": 0.0}, False),  # no fewer where all weeks are alike
        ({"missing": 5.9, "variation": 0.4}, False),  # two days more where they differ by a quarter more than usual
        ({"missing": 6.1, "variation": 0.4}, True),
        ({"week": 13, "lowest": 20}, False),  # 15 in 100 above the half that is fading
        ({"lowest": 12}, False),  # there was such a week before
        ({"speakers": 3.0}, False),  # three of four still talk
        ({"speakers": 2.9}, True),
    ],
)
def test_a_group_fades_when_all_of_its_signs_are_there(changed: dict[str, float], fades: bool) -> None:
    decline = Decline()
    decline.usual, decline.missing, decline.variation = 20.0, 4.0, 0.15
    decline.week, decline.lowest, decline.speakers, decline.usual_speakers = 12, 13, 2.0, 4.0
    for name, value in changed.items():
        setattr(decline, name, value)
    assert stages._fades(decline, 0.5) is fades


def record_of(days: list[list[int]]) -> bytes:
    """Messages, speakers, messages by staff, replies between members, and all replies, by day, the earliest first."""
    record = NO_RECORD
    for day in days:
        record = with_record(record, 0, [*day, 0])
    return record


@pytest.mark.parametrize("seed", range(20))
def test_dormant_is_silence_that_comes_once_in_a_thousand_at_the_groups_own_rhythm_and_dead_twice_as_long(
    seed: int,
) -> None:
    rng = random.Random(seed)
    talked = [rng.random() < rng.choice([0.05, 0.3, 0.6, 1.0]) for _ in range(rng.choice([0, 1, 13, 14, 15, 40]))]
    least = rng.choice([7, 14])
    for silent in range(60):
        h = History()
        h.record = record_of([[int(each), 1, 0, 0, 0] for each in talked + [False] * silent][-56:])
        before = talked[-(56 - silent) :] if silent < 56 else []
        share = (sum(before) + 0.5) / (len(before) + 0.5)
        after = next((k for k in range(1, 28) if (1 - share) ** k <= 1e-3), 28) if sum(before) < len(before) else 0
        after = max(after, least + (len(before) < 14))
        assert stages._dormant_after(h, least, silent) == after
        for stage in ("blending", "dead"):
            h.life.stage = stage
            dead = stage == "dead" or silent >= 56 or silent >= max(28, 2 * after)
            assert stages._silent(h, h.life, least, silent)[0] == ("dead" if dead else "dormant")


def looks(stage: str, days: list[list[int]], *, age: int = 60, since: int = 60, staff: bool = False) -> str:
    h = History()
    h.life.stage, h.life.stage_since = stage, (TODAY - since) * DAY
    h.record = record_of(days)
    settings: GroupSettings = msgspec.structs.replace(SETTINGS, staff=frozenset({"boss"} if staff else ()))
    return stages._looks(h, settings, h.life, age, TODAY)[0]


def spread_over(days: int, talking: int, totals: list[int]) -> list[list[int]]:
    """So many days that have these totals, all of it on the first ``talking`` of them."""
    made = [[0] * 5 for _ in range(days)]
    for field, total in enumerate(totals):
        for n in range(total):
            made[n % talking][field] += 1
    return made


OLD = [[90, 90, 900, 0, 9]]
"""A day long ago that says the contrary of all."""


@pytest.mark.parametrize(
    ("totals", "days", "age", "stage"),
    [
        ([66, 20, 34, 5, 10], 14, 14, "blending"),
        ([66, 20, 34, 5, 10], 14, 13, "forming"),  # watched for less than two weeks
        ([66, 20, 34, 5, 10], 13, 14, "forming"),  # of which all is known
        ([65, 20, 35, 5, 10], 14, 14, "forming"),  # staff writes 35 of 100
        ([66, 20, 34, 4, 10], 14, 14, "forming"),  # less than half of the replies go from member to member
        ([66, 19, 34, 5, 10], 14, 14, "forming"),  # fewer than two speak on a day with talk
        ([66, 20, 34, 0, 0], 14, 14, "forming"),  # nobody replies
        ([0, 20, 0, 5, 10], 14, 14, "forming"),  # nobody talks
    ],
)
def test_a_forming_group_looks_like_blending_by_its_last_two_weeks(
    totals: list[int], days: int, age: int, stage: str
) -> None:
    recent = spread_over(days, 10, totals)
    assert looks("forming", recent, age=age) == stage
    if days == 14:
        assert looks("forming", [*OLD, *recent], age=age) == stage


@pytest.mark.parametrize(
    ("totals", "since", "stage"),
    [
        ([96, 30, 4, 51, 60], 28, "acting_together"),
        ([96, 30, 4, 51, 60], 27, "blending"),  # it blends for four weeks first
        ([95, 30, 5, 51, 60], 28, "blending"),  # staff writes one in twenty
        ([96, 30, 4, 50, 60], 28, "blending"),  # fewer than 85 in 100 replies are between members
        ([96, 30, 4, 40, 47], 28, "acting_together"),
        ([96, 30, 4, 39, 39], 28, "blending"),  # too few to say
        ([96, 29, 4, 51, 60], 28, "blending"),  # fewer than three speak on a day with talk
    ],
)
def test_a_blending_group_looks_like_acting_together_by_its_last_four_weeks(
    totals: list[int], since: int, stage: str
) -> None:
    recent = spread_over(28, 10, totals)
    assert looks("blending", recent, since=since) == stage
    assert looks("blending", [*OLD, *recent], since=since) == stage


def test_only_where_staff_is_known_of_does_a_group_go_without_it() -> None:
    recent = spread_over(28, 10, [96, 30, 0, 51, 60])
    assert looks("blending", recent) == "blending"
    assert looks("blending", recent, staff=True) == "acting_together"
    assert looks("blending", [[0, 0, 1, 0, 0], *recent]) == "acting_together", "staff wrote once, five weeks ago"


@pytest.mark.parametrize(
    ("totals", "stage"),
    [
        ([85, 10, 15, 5, 10], "acting_together"),  # staff writes three times as much as where a group acts
        ([84, 10, 16, 5, 10], "blending"),
        ([85, 10, 15, 4, 10], "blending"),  # less than half of the replies are between members
        ([85, 10, 15, 0, 0], "blending"),
        ([0, 0, 0, 0, 0], "blending"),
    ],
)
def test_a_group_acts_together_until_staff_takes_over_or_members_answer_each_other_no_more(
    totals: list[int], stage: str
) -> None:
    recent = spread_over(28, 10, totals)
    assert looks("acting_together", recent) == stage
    assert looks("acting_together", [*OLD, *recent]) == stage


BLENDS, ACTS = (record_of(spread_over(28, 10, totals)) for totals in ([90, 30, 9, 30, 60], [96, 30, 4, 51, 60]))


@pytest.mark.parametrize(
    ("days", "entered"),
    [
        ("bbaaaaaaab", None),
        ("baaaaaaaa", 8),
        ("aaaabaaaaaaaa", 12),  # one day that looks otherwise, and the week begins again
        ("aaaaaaaa", 7),
    ],
)
def test_a_group_enters_the_next_stage_when_it_has_looked_like_it_for_a_week(days: str, entered: int | None) -> None:
    h = History()
    h.life.stage = "blending"
    found = []
    for day, looks_like in enumerate(days):
        h.record = ACTS if looks_like == "a" else BLENDS
        found.append(stages._grown(h, SETTINGS, h.life, 99, TODAY + day))
        if looks_like == "b":
            assert (h.life.candidate, h.life.candidate_since) == ("", 0)
    first = [stage for stage, _ in found].index("acting_together") if entered is not None else None
    assert first == entered
    assert Counter(why != "" for _, why in found)[True] == (entered is not None)


def test_a_stage_is_explained_with_the_figures_of_its_weeks() -> None:
    h = History()
    h.life.stage = "blending"
    h.record = ACTS
    _, why = stages._looks(h, SETTINGS, h.life, 99, TODAY)
    assert why.partition(" · ")[2] == (
        "in 28 d staff wrote 4 %, 85 % of replies were between members, 3.0 spoke on a day with talk"
    )
