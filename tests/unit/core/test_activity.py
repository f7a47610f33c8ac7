"""Rolling activity against a plain recount of the same events."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huoqun.events import Event
from huoqun.results import WINDOW_MINUTES
from streams.core.activity import minute_for, percentiles, shape_of
from streams.core.changes import FILLING, NOWHERE
from streams.core.history import History
from streams.core.state import Minute, Said
from tests.support.core import Machine, encoded
from tests.support.scenes import MINUTE, T0, Scene
from tests.unit.core.strategies import events


@settings(max_examples=80, deadline=None)
@given(events(groups=1, partial=False))
def test_every_row_equals_a_recount_of_its_window(made: list[Event]) -> None:
    view = Machine().run(encoded(made))
    staff = {"staff1"}
    rows = [row for (kind, _), row in view.items() if kind == "Activity"]
    for row in rows:
        end = int(str(row["window_end"]))
        start = end - WINDOW_MINUTES[row["window"]] * MINUTE  # type: ignore[index]  # a window's name
        inside = [e for e in made if start <= e.ts < end]
        said = [e for e in inside if e.type == "message" and not e.is_bot]
        by = Counter(e.user_id for e in said if e.user_id not in staff)
        assert row["messages"] == len(said)
        assert row["staff_messages"] == sum(e.user_id in staff for e in said)
        assert row["speakers"] == len(by)
        if by:
            total = sum(by.values())
            assert row["top5_share"] == pytest.approx(sum(n for _, n in by.most_common(5)) / total)
            entropy = -sum(n / total * math.log(n / total) for n in by.values())
            assert row["effective_speakers"] == pytest.approx(math.exp(entropy))
            key = 0
            while sum(n for _, n in by.most_common(key)) < 0.8 * total - 1e-9:
                key += 1
            assert row["key_people"] == key
        else:
            assert row["top5_share"] is None


def test_a_row_is_made_when_a_minute_closes_and_when_something_leaves_a_window() -> None:
    scene = Scene()
    scene.add(30, "bob", "早")
    scene.silence_until(10 * 60)
    rows = {r["window_end"] - T0: r["messages"] for r in scene.rows("Activity") if r["window"] == "5m"}
    assert rows == {1 * MINUTE: 1, 6 * MINUTE: 0}


def test_reply_rate_and_first_response_times_are_of_the_messages_in_the_window() -> None:
    scene = Scene()
    one = scene.add(0, "bob", "种什么好")
    scene.add(10, "carol", "辣椒", reply_to=one)
    two = scene.add(140, "dave", "谢谢大家")  # more than two minutes later: no reply to the one before
    scene.add(180, "carol", "不客气", reply_to=two)
    scene.add(185, "erin", "同谢", reply_to=two)
    scene.silence_until(250)
    (row,) = [r for r in scene.rows("Activity") if r["window"] == "1h" and r["window_end"] == T0 + 4 * MINUTE]
    assert row["reply_rate"] == pytest.approx(2 / 5)
    assert (row["first_response_p50"], row["first_response_p90"]) == (10.0, 40.0)


def test_members_are_those_known_corrected_by_the_platforms_own_count() -> None:
    scene = Scene()
    scene.join(0, "bob")
    scene.add(1, "", type="member_count", count=40)
    scene.join(61, "carol")
    scene.leave(62, "bob")
    scene.leave(63, "dave")  # never seen: among the forty
    scene.silence_until(130)
    rows = {r["window_end"] - T0: r for r in scene.rows("Activity") if r["window"] == "1h"}
    assert rows[MINUTE]["members"] == 40
    assert rows[2 * MINUTE]["members"] == 39
    assert (rows[2 * MINUTE]["joins"], rows[2 * MINUTE]["leaves"]) == (2, 2)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=60))
def test_the_shape_of_a_distribution_needs_only_how_many_wrote_how_much(counts: list[int]) -> None:
    top5, effective, key_people = shape_of(Counter(counts), sum(counts))
    assert top5 == pytest.approx(sum(sorted(counts)[-5:]) / sum(counts))
    assert effective is not None
    assert 1 - 1e-9 <= effective <= len(counts) + 1e-9
    assert 1 <= key_people <= len(counts)


@given(st.lists(st.integers(0, 1800), min_size=1, max_size=50))
def test_percentiles_are_nearest_rank(values: list[int]) -> None:
    ordered = sorted(values)
    expected = tuple(float(ordered[math.ceil(len(values) * q) - 1]) for q in (0.5, 0.9))
    assert percentiles(Counter(values), len(values)) == expected


def test_whom_the_platform_had_counted_is_not_counted_again_when_they_speak() -> None:
    scene = Scene()
    scene.add(0, "", type="member_count", count=12)
    for n in range(5):
        scene.add(60 + n, f"u{n}", "早")
    scene.join(120, "new")
    scene.leave(180, "lurker")
    scene.add(240, "u0", "早")
    rows = [row for row in scene.rows("Activity") if row["window"] == "24h"]
    assert max(rows, key=lambda row: row["window_end"])["members"] == 12


def test_whom_the_platform_had_counted_before_they_were_seen_are_not_counted_twice() -> None:
    scene = Scene()
    for n in range(3):
        scene.add(n, f"known{n}", "早")
    scene.add(10, "", type="member_count", count=5)
    members = []
    for n in range(4):
        scene.add(60 + n * 120, f"new{n}", "早")
        members.append(scene.view()["GroupSummary", "qq/1"]["members"])
    assert members == [5, 5, 6, 7]


@pytest.mark.parametrize(
    ("minute", "staff", "place"),
    [(9, False, FILLING), (7, False, 5), (5, False, 4), (2, False, 3), (6, False, NOWHERE), (1, False, NOWHERE), (7, True, NOWHERE)],
)  # fmt: skip
def test_a_first_reply_counts_in_the_minute_of_the_message_as_long_as_that_is_kept(
    minute: int, staff: bool, place: int
) -> None:
    said = Said(minute * MINUTE + 59_999, 0, 1, False, not staff)
    h = History()
    h.head.minute = 9
    assert (minute_for(h, said) == FILLING) == (place == FILLING), "none is kept"
    h.first, h.minutes = 3, [Minute(2), Minute(5), Minute(7)]
    assert minute_for(h, said) == place
