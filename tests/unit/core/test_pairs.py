"""The graph of replies: by hand, and against a plain recount."""

from __future__ import annotations

import random
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.core.pairs import centralisation, fold, graph_of, ordered
from streams.core.state import Person

STAFF, BOT = 0, 6


def people() -> list[Person]:
    found = [Person(0, f"u{n}") for n in range(7)]
    found[STAFF].is_staff, found[BOT].is_bot = True, True
    return found


def days(*by_day: set[tuple[int, int]]) -> bytes:
    """Who replied to whom on each of some days, the last one last."""
    replies = b""
    for pairs in by_day:
        replies = fold(replies, 1, {ordered(*pair) for pair in pairs})
    return replies


def test_four_who_all_answer_the_teacher_are_a_star() -> None:
    graph = graph_of(days({(1, 0), (2, 0), (3, 0), (4, 0), (0, 1)}), people())
    assert graph.mesh_index == 0.0
    assert graph.centralisation == 1.0
    assert graph.reciprocity == pytest.approx(2 / 5), "0 -> 1 and 1 -> 0, of five"
    assert (graph.pairs, graph.new_pairs) == (0, 0), "staff makes no pair of members"


def test_a_ring_of_members_is_a_mesh_without_a_centre() -> None:
    graph = graph_of(days({(1, 2), (2, 3), (3, 4), (4, 1)}), people())
    assert (graph.mesh_index, graph.centralisation, graph.reciprocity) == (1.0, 0.0, 0.0)


def test_two_alone_have_no_centre_and_bots_are_no_part_of_the_graph() -> None:
    graph = graph_of(days({(1, 2), (2, BOT), (BOT, 3)}), people())
    assert (graph.mesh_index, graph.centralisation) == (1.0, None)
    assert graph_of(b"", people()) == (None, None, None, 0, 0)


def test_a_pair_has_exchanged_replies_once_each_replied_to_the_other_within_28_days() -> None:
    before, quiet = {(1, 2)}, set[tuple[int, int]]()
    old = days(before, *[quiet] * 10, {(2, 1)})
    assert graph_of(old, people())[3:] == (1, 1), "it became one this week"
    later = days(before, {(2, 1)}, *[quiet] * 10)
    assert graph_of(later, people())[3:] == (1, 0), "it was one before"
    assert graph_of(fold(later, 16, ()), people()).pairs == 1
    assert graph_of(fold(later, 17, ()), people()).pairs == 0, "what one of them said is 28 days old"
    assert fold(later, 10_000, ()) == b""


@pytest.mark.parametrize(("later", "met"), [(6, 1.0), (7, None)])
def test_what_was_said_seven_days_ago_is_of_the_week_and_what_was_said_before_is_not(
    later: int, met: float | None
) -> None:
    assert graph_of(fold(days({(1, 2)}), later, ()), people()).mesh_index == met


def test_of_more_pairs_than_are_kept_the_latest_stay() -> None:
    with patch("streams.core.pairs.MOST_PAIRS", 3):
        kept = days({(1, 2), (2, 3)}, {(3, 4), (4, 5)})
        assert kept == fold(fold(b"", 1, [ordered(1, 2)]), 1, [ordered(3, 4), ordered(4, 5)])


@pytest.mark.parametrize(
    ("degrees", "expected"), [([3, 1, 1, 1], 1.0), ([2, 2, 2], 0.0), ([2, 1, 2, 1], 1 / 3), ([1, 1], None)]
)
def test_centralisation_is_the_distance_to_the_largest_degree_over_that_of_a_star(
    degrees: list[int], expected: float | None
) -> None:
    assert centralisation(degrees) == (None if expected is None else pytest.approx(expected))


@given(st.lists(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda p: p[0] != p[1])), max_size=40))
def test_what_is_folded_day_by_day_is_what_a_recount_of_the_days_finds(by_day: list[set[tuple[int, int]]]) -> None:
    def usable(pairs: list[set[tuple[int, int]]]) -> set[tuple[int, int]]:
        return {pair for day in pairs for pair in day if BOT not in pair}

    graph = graph_of(days(*by_day), people())
    week, before, month = usable(by_day[-7:]), usable(by_day[-28:-7]), usable(by_day[-28:])
    either = {frozenset(pair) for pair in week}
    assert graph.mesh_index == (sum(STAFF not in p for p in either) / len(either) if either else None)
    assert graph.reciprocity == (sum((b, a) in week for a, b in week) / len(week) if week else None)
    exchanged = {frozenset(p) for p in month if p[::-1] in month and STAFF not in p}
    known = {frozenset(p) for p in before if p[::-1] in before and STAFF not in p}
    assert (graph.pairs, graph.new_pairs) == (len(exchanged), len(exchanged - known))
    degrees = [sum(n in p for p in either) for n in {n for p in either for n in p}]
    assert graph.centralisation == centralisation(degrees)


def test_ten_thousand_pairs_are_a_hundred_and_twenty_kilobytes() -> None:
    rng = random.Random(1)
    pairs = {ordered(rng.randrange(100_000), rng.randrange(100_000)) for _ in range(10_000)}
    assert len(fold(b"", 1, pairs)) == 12 * len(pairs)
