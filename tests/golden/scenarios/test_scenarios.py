"""Scripted communities, judged: every expectation of every community is a test of its own, and every row is as recorded.

One file, as a community is played once for all of its tests.
"""

from __future__ import annotations

import pytest

from tests.golden.scenarios.judge import play_disordered
from tests.golden.scenarios.recorded import checksums, recorded
from tests.golden.scenarios.run import community, end_of, events_of, outcome, scripts
from tests.golden.scenarios.table import README, table
from tests.support.core import shuffled_within
from tests.support.long import some

NAMES = list(scripts())
LATENESS = 119_000
"""Within the bound (ms) in which events may come out of order."""

UNLUCKY: dict[str, str] = {}
"""Communities that come out otherwise where the usual talk falls out otherwise, and why."""


def _expectations() -> list[object]:
    found = []
    for name in NAMES:
        for place, expected in enumerate(community(name).expected):
            marks = [pytest.mark.xfail(strict=True, reason=expected.pending)] if expected.pending else []
            found.append(pytest.param(name, place, id=f"{name}-{place} {expected.label}", marks=marks))
    return found


@pytest.mark.parametrize(("name", "place"), _expectations())
def test_it_is_as_a_good_operator_expects(name: str, place: int) -> None:
    community(name).expected[place].check(outcome(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_row_and_what_is_saved_is_as_recorded(name: str) -> None:
    assert checksums(outcome(name)) == recorded().get(name), "meant? see tests/golden/scenarios/recorded.py"


def test_nothing_is_recorded_of_a_community_that_is_no_more() -> None:
    assert list(recorded()) == NAMES


@pytest.mark.parametrize("name", some(NAMES, 2))
def test_another_order_of_arrival_and_two_crashes_give_the_same(name: str) -> None:
    told = community(name)
    events = events_of(told)
    disordered = shuffled_within(events, LATENESS, len(events))
    assert play_disordered(told.config(), disordered, end_of(told, events)) == outcome(name).view


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.xfail(strict=True, reason=UNLUCKY[name])] if name in UNLUCKY else [])
        for name in some(NAMES, 2, first=1)
    ],
)
def test_it_is_so_however_the_usual_talk_falls_out(name: str) -> None:
    for expected in community(name, 1).expected:
        if not expected.pending:
            expected.check(outcome(name, 1))


def test_every_community_says_what_happened_and_what_is_expected() -> None:
    assert len(NAMES) >= 10
    for name in NAMES:
        told = community(name)
        assert told.story, f"{name} has no docstring"
        assert len(told.expected) >= 2, f"{name} expects nothing"


def test_the_table_of_communities_is_up_to_date() -> None:
    assert README.read_text("utf-8") == table(), "run python -m tests.golden.scenarios.table"
