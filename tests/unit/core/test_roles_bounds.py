"""Layers and plain roles at their bounds: how many a pyramid takes, who counts as key, and since when somebody says nothing."""

from __future__ import annotations

import pytest

from streams.core import kinds, roles
from streams.core.daily import NO_DAYS, with_day
from streams.core.history import History
from streams.core.state import DAY_MS, NEWCOMER_MS, Person

TODAY = 20_000


@pytest.mark.parametrize(
    ("leaders", "core", "ordinary", "shape"),
    [
        (1, 1, 7, ""),  # nine
        (1, 1, 8, "pyramid"),
        (2, 1, 8, "no_middle"),  # fewer than carry it
        (3, 3, 94, "pyramid"),  # three in a hundred
        (3, 3, 95, "no_middle"),
        (0, 3, 20, "no_top"),
    ],
)
def test_ten_members_have_layers_and_a_middle_as_large_as_the_top_and_three_in_a_hundred(
    leaders: int, core: int, ordinary: int, shape: str
) -> None:
    assert roles.shape_of(kinds.of("interest"), leaders, core, ordinary) == shape
    assert roles.shape_of(kinds.of("fan"), leaders, core, ordinary) == ""


@pytest.mark.parametrize(
    ("counts", "key"),
    [
        ([], set()),
        ([0, 0], set()),
        ([1], {0}),
        ([8, 2], {0}),  # eight of ten
        ([7, 3], {0, 1}),
        ([0, 5, 1, 5], {1, 3}),
        ([5, 5, 5, 5, 5], {0, 1, 2, 3}),  # of equals those known longer
    ],
)
def test_key_people_are_the_fewest_who_wrote_four_fifths_of_the_week(counts: list[int], key: set[int]) -> None:
    people = [Person(0, f"u{n}") for n in range(len(counts))]
    for person, count in zip(people, counts, strict=True):
        person.count_7d = count
    assert roles.key_people(people) == key


def role_of(*days: tuple[int, int], today: tuple[int, int] = (0, 0), reacted: int = 99, joined: int = 0) -> str:
    """Return the role of who wrote so often so many days ago, and reacted and joined (ms) so long ago."""
    h, person = History(), Person(0, "u")
    for ago, messages in days:
        person.days = with_day(person.days or NO_DAYS, TODAY - ago, messages, 0)
    person.today, person.today_count = TODAY - today[0], today[1]
    person.reacted, person.joined_at = TODAY - reacted, TODAY * DAY_MS - joined if joined else 0
    h.people.append(person)
    assert roles.on_day(h, TODAY) == (0, 0, 1)
    assert len(h.log) == 1, "so that it can be taken back"
    return roles.ROLES[person.role]


def test_an_onlooker_wrote_less_than_once_a_week_or_only_reacted_in_four_weeks_of_whole_days() -> None:
    assert role_of((28, 4)) == ""
    assert role_of((28, 3)) == "onlooker"
    assert role_of((29, 4)) == "silent"
    assert role_of((20, 3), today=(1, 1)) == ""
    assert role_of((20, 3), today=(0, 1)) == "onlooker", "today is not over"
    assert role_of(today=(28, 4)) == ""
    assert role_of(today=(29, 4)) == "silent"
    assert [role_of(reacted=ago) for ago in (28, 29)] == ["onlooker", "silent"]
    assert [role_of(joined=ago) for ago in (NEWCOMER_MS - 1, NEWCOMER_MS)] == ["", "silent"]
