"""Staff's broadcasts: silence where there used to be responses; shouting into the void."""

from __future__ import annotations

import pytest

from streams.core import broadcasts
from tests.support.scenes import Scene

DAY_S = 86_400
NOTE = "各位好，今晚八点老师在群里讲怎么给番茄打顶，欢迎都来听"


def broadcast(scene: Scene, day: int, *, reactions: int = 0, replies: int = 0, talk: int = 0) -> str:
    at = day * DAY_S + 43_200
    note = scene.add(at, "boss", NOTE, is_staff=True)
    for n in range(reactions):
        scene.add(at + 60 + n, f"m{n}", "👍", type="reaction", reply_to=note)
    for n in range(replies):
        scene.add(at + 300 + n * 30, f"m{n + 10}", "收到", reply_to=note)
    for n in range(talk):
        scene.add(at + 180 + n * 60, f"m{n % 7}", "我要来听")
    return note


def test_three_broadcasts_without_a_response_after_many_with_are_told() -> None:
    scene = Scene()
    for day in range(6):
        broadcast(scene, day, reactions=3, replies=2)
    for day in range(6, 9):
        last = broadcast(scene, day)
    scene.silence_until(8 * DAY_S + 43_200 + 7_300)
    (alert,) = scene.alerts("silence_after_broadcast")
    assert alert["subject_event_id"] == last
    assert "0, 0, 0 responses" in alert["reasons"][0]
    assert "used to draw 5" in alert["reasons"][0]


def test_who_speaks_to_nobody_in_particular_soon_after_it_responds_too() -> None:
    scene = Scene()
    for day in range(9):
        broadcast(scene, day, talk=6)
    scene.silence_until(9 * DAY_S)
    assert not scene.alerts("silence_after_broadcast")
    for day in range(9, 12):
        broadcast(scene, day)
    scene.silence_until(12 * DAY_S)
    assert len(scene.alerts("silence_after_broadcast")) == 1


def test_two_silent_ones_are_not_yet_a_silence() -> None:
    scene = Scene()
    for day in range(6):
        broadcast(scene, day, reactions=5)
    for day in range(6, 8):
        broadcast(scene, day)
    broadcast(scene, 8, reactions=2)
    scene.silence_until(9 * DAY_S)
    assert not scene.alerts("silence_after_broadcast")


def test_where_broadcasts_never_drew_anything_there_is_nothing_to_miss() -> None:
    scene = Scene()
    for day in range(12):
        broadcast(scene, day, reactions=1 if day < 6 else 0)
    scene.silence_until(13 * DAY_S)
    assert not scene.alerts("silence_after_broadcast")


def test_it_is_resolved_when_one_draws_responses_again() -> None:
    scene = Scene()
    for day in range(6):
        broadcast(scene, day, reactions=5)
    for day in range(6, 10):
        broadcast(scene, day)
    broadcast(scene, 10, reactions=4)
    scene.silence_until(11 * DAY_S)
    (alert,) = scene.alerts("silence_after_broadcast")
    assert alert["state"] == "resolved"


def test_what_staff_answers_is_no_broadcast() -> None:
    scene = Scene()
    for day in range(6):
        broadcast(scene, day, reactions=5)
    for day in range(6, 12):
        asked = scene.add(day * DAY_S + 40_000, "m1", "请问怎么给番茄打顶")
        scene.add(
            day * DAY_S + 40_060, "boss", "先看群公告里面写的第三条，再慢慢来就行了", is_staff=True, reply_to=asked
        )
    scene.silence_until(12 * DAY_S)
    assert not scene.alerts("silence_after_broadcast")


def fortnights(scene: Scene, staff: tuple[int, int], members: tuple[int, int]) -> None:
    for day in range(28):
        half = day // 14
        for n in range(staff[half]):
            scene.add(day * DAY_S + 36_000 + n * 1200, "boss", "大家好，今天也要记得浇水呀", is_staff=True)
        for n in range(members[half]):
            scene.add(day * DAY_S + 37_000 + n * 300, f"m{n % 6}", "好的呀")
    scene.events.sort(key=lambda event: event.ts)
    scene.silence_until(28 * DAY_S + 60)


def test_staff_who_posts_more_while_members_respond_less_shouts_into_the_void() -> None:
    scene = Scene()
    fortnights(scene, (2, 6), (10, 4))
    (alert,) = scene.alerts("shouting_into_void")
    assert "posted" in alert["reasons"][0]


def test_staff_who_posts_more_to_members_who_respond_as_ever_does_not() -> None:
    scene = Scene()
    fortnights(scene, (2, 6), (10, 10))
    assert not scene.alerts("shouting_into_void")


def test_staff_who_goes_on_as_ever_while_members_fall_silent_does_not() -> None:
    scene = Scene()
    fortnights(scene, (3, 3), (10, 4))
    assert not scene.alerts("shouting_into_void")


@pytest.mark.parametrize(
    ("drew", "usual"),
    [
        ([5] * 7, 0.0),  # four before the last three are too few
        ([1, 2, 3, 4, 5, 9, 9, 9], 3.0),
        ([5, 4, 3, 2, 1, 9, 9, 9], 3.0),
        ([6, 1, 2, 3, 4, 5, 9, 9, 9], 3.5),
    ],
)
def test_what_broadcasts_used_to_draw_is_the_median_of_all_but_the_last_three(drew: list[int], usual: float) -> None:
    assert broadcasts.drawn_before(bytes(drew)) == usual


@pytest.mark.parametrize("drew", range(6))
def test_half_of_what_they_used_to_draw_ends_the_silence_and_less_does_not(drew: int) -> None:
    scene = Scene()
    for day in range(6):
        broadcast(scene, day, reactions=5)
    for day in range(6, 10):
        broadcast(scene, day)
    broadcast(scene, 10, reactions=drew)
    scene.silence_until(11 * DAY_S)
    (alert,) = scene.alerts("silence_after_broadcast")
    assert alert["state"] == ("resolved" if drew >= 3 else "open")


@pytest.mark.parametrize(
    ("staff", "members", "over"), [(6, 4, False), (6, 9, True), (2, 4, True)], ids=["as it was", "members", "staff"]
)
def test_the_shouting_is_over_when_members_write_again_or_staff_posts_no_more_than_before(
    staff: int, members: int, over: bool
) -> None:
    scene = Scene()
    fortnights(scene, (2, 6), (10, 4))
    for day in range(28, 44):
        for n in range(staff):
            scene.add(day * DAY_S + 36_000 + n * 1200, "boss", "大家好，今天也要记得浇水呀", is_staff=True)
        for n in range(members):
            scene.add(day * DAY_S + 37_000 + n * 300, f"m{n % 6}", "好的呀")
    scene.events.sort(key=lambda event: event.ts)
    scene.silence_until(44 * DAY_S + 60)
    (alert,) = scene.alerts("shouting_into_void")
    assert alert["state"] == ("resolved" if over else "open")


@pytest.mark.parametrize(
    ("before", "median"),
    [([5] * 4, 0.0), ([5] * 5, 5.0), ([1, 9, 2, 8, 4], 4.0), ([1, 9, 2, 8, 4, 5], 4.5), ([9, 0, 0, 0, 0, 0], 0.0)],
)
def test_what_broadcasts_used_to_draw_is_the_median_of_at_least_so_many_before_the_last_ones(
    before: list[int], median: float
) -> None:
    assert (broadcasts.BEFORE, broadcasts.SILENT) == (5, 3)
    assert broadcasts.drawn_before(bytes([*before, 0, 0, 0])) == median
