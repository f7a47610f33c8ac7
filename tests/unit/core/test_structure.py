"""How a group hangs together: small scenes by hand, and everything against a plain recount of all events."""

from __future__ import annotations

import random
from unittest.mock import patch

import pytest

from huoqun.config import Config, Group
from huoqun.events import Event
from streams.core import deeds, kinds, roles
from streams.core.roles import shape_of
from streams.core.state import Person
from tests.support.core import Machine, encoded, shuffled_within
from tests.support.scenes import DAY, T0, Scene
from tests.unit.core.plain_structure import Plain

DAY_S = 86_400
STAFF = "boss"
USERS = [STAFF, "u1", "u2", "u3", "u4", "u5"]
GAPS = [5_000, 40_000, 100_000, 130_000, 900_000, 2_500_000, 20_000_000, 90_000_000]
MENTIONS: list[list[str]] = [[], [], [], [], ["u1"], ["u2", STAFF]]
TEXTS = ["早", "不对，应该是那样", "有人知道番茄叶子发黄怎么回事吗", "浇水太多了", "我也是"]


def talk(seed: int) -> list[Event]:
    """Weeks of a small group's talk, in order of time, by and to a few people."""
    rng = random.Random(seed)
    ts = T0 + 1_000
    made: list[Event] = [
        Event(id="e0", type="message", ts=ts, platform="qq", group_id="1", user_id=STAFF, is_staff=True)
    ]
    for number in range(1, rng.randint(10, 120)):
        ts += rng.choice(GAPS)
        kind = rng.choice(["message"] * 10 + ["reaction", "reaction", "join", "leave"])
        user = rng.choice(USERS if kind in ("message", "reaction") else USERS[1:])
        near = rng.choice(made[-4:]).id
        made.append(
            Event(
                id=f"e{number}",
                type=kind,
                ts=ts,
                platform="qq",
                group_id="1",
                user_id=user,
                is_staff=user == STAFF,
                text=rng.choice(TEXTS) if kind == "message" else "",
                reply_to=near if kind == "reaction" or (kind == "message" and rng.random() < 0.3) else "",
                mentions=[u for u in rng.choice(MENTIONS) if u != user] if kind == "message" else [],
                received_at=ts,
            )
        )
    return made


@pytest.mark.parametrize("seed", range(60))
def test_every_midnights_figures_and_roles_are_those_of_a_plain_recount(seed: int) -> None:
    made = talk(seed)
    plain = Plain(made, {STAFF})
    shuffled = shuffled_within(made, 119_000, seed)
    with patch("streams.core.roles.LEAST_ANSWERS", 1_000):  # who answers is for other tests
        view = Machine(Config(staff=[f"qq/{STAFF}"])).run(encoded(shuffled), batch=7, checkpoint_every=2)
    rows = {r["window_end"]: r for (kind, _), r in view.items() if kind == "Activity" and r["window"] == "7d"}
    for at, expected in plain.rows.items():
        found = {name: rows[at][name] for name in expected}
        assert found == {n: v if v is None else pytest.approx(v) for n, v in expected.items()}, (at - T0) / DAY
    members = {str(r["user_id"]): r for (kind, _), r in view.items() if kind == "Member"}
    assert {u: members[u]["role"] for u in plain.roles} == plain.roles
    assert {u: members[u]["layer"] for u in plain.layers} == plain.layers


def week_row(scene: Scene, day: int) -> dict[str, object]:
    (row,) = [r for r in scene.rows("Activity") if r["window"] == "7d" and r["window_end"] == T0 + day * DAY]
    return row


def test_twenty_who_write_received_one_after_the_other_answer_the_teacher_and_not_each_other() -> None:
    scene = Scene()
    scene.add(0, "teacher", "资料放在群文件了", is_staff=True)
    for n in range(20):
        scene.add(20 + 10 * n, f"p{n}", "收到")
    scene.silence_until(DAY_S + 60)
    row = week_row(scene, 1)
    assert (row["mesh_index"], row["centralisation"], row["reciprocity"]) == (0.0, 1.0, 0.0)


def test_members_who_answer_each_other_by_links_are_pairs_once_both_did() -> None:
    scene = Scene()
    one = scene.add(0, "bob", "早")
    two = scene.add(10, "carol", "早", reply_to=one)
    scene.add(20, "bob", "今天晴", reply_to=two)
    scene.add(30, "dave", "好", reply_to=two)
    scene.silence_until(DAY_S + 60)
    row = week_row(scene, 1)
    assert (row["pairs"], row["new_pairs"], row["mesh_index"]) == (1, 1, 1.0)
    assert row["reciprocity"] == pytest.approx(2 / 3)


def test_no_more_pairs_are_kept_of_a_day_than_of_all_days() -> None:
    scene = Scene()
    for number, (one, other) in enumerate((("bob", "carol"), ("dave", "erin"), ("frank", "grace"))):
        said = scene.add(200 * number, one, "早")
        heard = scene.add(200 * number + 10, other, "早", reply_to=said)
        scene.add(200 * number + 20, one, "今天晴", reply_to=heard)
    scene.silence_until(DAY_S + 60)
    assert week_row(scene, 1)["pairs"] == 3
    with patch("streams.core.structure.MOST_PAIRS", 3):
        assert week_row(scene, 1)["pairs"] == 1


def test_a_message_of_staff_has_value_once_three_different_people_respond_or_react() -> None:
    scene = Scene()
    for day in range(7):
        post = scene.add(day * DAY_S, "teacher", "今天的要点", is_staff=True)
        scene.add(day * DAY_S + 300, "p1", "收到", reply_to=post)
        scene.add(day * DAY_S + 310, "p1", "再问一句", reply_to=post)
        scene.add(day * DAY_S + 900, "p2", type="reaction", reply_to=post)
        if day < 3:
            scene.add(day * DAY_S + 1_700, "p3", type="reaction", reply_to=post)
        else:
            scene.add(day * DAY_S + 1_900, "p3", type="reaction", reply_to=post)  # after more than half an hour
    scene.silence_until(7 * DAY_S + 60)
    assert week_row(scene, 7)["value_cadence"] == pytest.approx(3 / 7)


def test_the_same_faces_and_new_ones_are_told_after_two_weeks_of_watching() -> None:
    scene = Scene()
    for day in range(7):
        scene.add(day * DAY_S + 60, "old", "早")
    for day in range(7, 14):
        scene.add(day * DAY_S + 60, "old", "早")
        scene.add(day * DAY_S + 4_000, "new", "早")
        scene.add(day * DAY_S + 8_000, "boss", "早", is_staff=True)
    scene.silence_until(14 * DAY_S + 60)
    assert week_row(scene, 13)["same_faces"] is None
    row = week_row(scene, 14)
    assert (row["same_faces"], row["new_faces"]) == (0.5, 0.5)


def roles_of(scene: Scene) -> dict[str, tuple[object, object]]:
    return {str(m["user_id"]): (m["role"], m["layer"]) for m in scene.rows("Member")}


def test_each_plays_a_part() -> None:
    """Over three weeks one opens topics, one doubts, one answers; others just talk, look on, or say nothing."""
    scene = Scene()
    scene.join(0, "quiet")
    for day in range(0, 21, 3):
        at = day * DAY_S + 36_000
        topic = scene.add(at, "thinker", "我总结了三点经验")
        for n, who in enumerate(("a", "b", "c")):
            scene.add(at + 200 + n, who, "学到了", reply_to=topic)
        doubt = scene.add(at + 300, "critic", "不对，第二点不是这样", reply_to=topic)
        scene.add(at + 400, "a", "有道理", reply_to=doubt)
        asked = scene.add(at + 5_000, "asker", "请问番茄叶子发黄怎么办？")
        scene.add(at + 5_060, "helper", "少浇水", reply_to=asked)
    scene.add(20 * DAY_S, "looker", type="reaction", reply_to="e1")
    scene.join(20 * DAY_S + 5, "fresh")
    scene.add(20 * DAY_S + 6, "boss", "早", is_staff=True)
    scene.add(20 * DAY_S + 7, "robot", "早", is_bot=True)
    scene.silence_until(29 * DAY_S + 60)
    found = roles_of(scene)
    assert found["thinker"] == ("thinker", "leader")
    assert found["critic"][0] == "critic"
    assert found["helper"] == ("helper", "core")
    assert found["a"][0] == ""
    assert found["looker"] == ("onlooker", "ordinary")
    assert found["quiet"] == ("silent", "ordinary")
    assert found["boss"] == ("onlooker", "leader")
    assert found["robot"] == ("", "")
    assert found["fresh"] == ("silent", "ordinary"), "the first week is over"


def test_somebody_who_joined_this_week_and_said_nothing_has_no_role_yet_and_who_left_none_any_more() -> None:
    scene = Scene()
    scene.join(0, "new")
    scene.add(1, "bob", "早")
    scene.leave(2, "bob")
    scene.silence_until(DAY_S + 60)
    assert roles_of(scene) == {"new": ("", "ordinary"), "bob": ("", "")}


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ((2, 5, 60), "pyramid"),
        ((3, 2, 60), "no_middle"),
        ((2, 5, 300), "no_middle"),
        ((0, 9, 50), "no_top"),
        ((1, 1, 3), ""),
    ],
)
def test_a_pyramid_stands_on_a_core_no_smaller_than_its_top_nor_three_in_a_hundred(
    layers: tuple[int, int, int], shape: str
) -> None:
    assert shape_of(kinds.of("interest"), *layers) == shape
    assert shape_of(kinds.of("commerce"), *layers) == "", "it is not asked where members come to buy"


def test_the_groups_row_counts_its_layers_and_names_the_figures_to_show_first() -> None:
    scene = Scene(Config(groups=[Group(platform="qq", group_id="1", kind="fan")]))
    scene.add(0, "boss", "早", is_staff=True)
    scene.add(5, "bob", "早")
    scene.join(9, "carol")
    scene.silence_until(DAY_S + 60)
    (group,) = scene.rows("GroupSummary")
    assert (group["leaders"], group["core"], group["ordinary"]) == (1, 1, 1)
    assert group["kpis"][0] == "value_cadence"


def test_members_whom_only_the_platform_counted_are_ordinary() -> None:
    scene = Scene()
    scene.add(0, "", type="member_count", count=200)
    scene.add(1, "boss", "早", is_staff=True)
    for n in range(3):
        scene.add(500 + 500 * n, f"u{n}", "早")
    scene.silence_until(DAY_S + 60)
    (group,) = scene.rows("GroupSummary")
    assert (group["leaders"], group["core"], group["ordinary"], group["shape"]) == (1, 3, 196, "no_middle")


def test_the_reply_rate_of_staff_counts_the_first_reply_by_staff_wherever_it_stands() -> None:
    scene = Scene()
    one = scene.add(0, "bob", "种什么好")
    scene.add(10, "carol", "辣椒", reply_to=one)
    scene.add(50, "boss", "都可以", reply_to=one, is_staff=True)
    scene.add(55, "boss", "看你喜欢", reply_to=one, is_staff=True)
    scene.silence_until(130)
    (row,) = [r for r in scene.rows("Activity") if r["window"] == "1h" and r["window_end"] == T0 + 60_000]
    assert (row["reply_rate"], row["first_response_p50"]) == (0.5, 10.0)
    assert (row["staff_reply_rate"], row["staff_first_response_p50"], row["staff_first_response_p90"]) == (
        0.5,
        50.0,
        50.0,
    )


def test_a_reply_of_staff_to_the_groups_very_first_minute_is_gone_from_a_window_with_that_minute() -> None:
    scene = Scene()
    one = scene.add(0, "bob", "种什么好")
    scene.add(70, "boss", "都可以", reply_to=one, is_staff=True)
    scene.add(400, "carol", "辣椒")
    scene.silence_until(430)
    rows = {(row["window"], row["window_end"]): row for row in scene.rows("Activity")}
    assert rows["1h", T0 + 420_000]["staff_first_response_p50"] == 70.0
    assert rows["5m", T0 + 120_000]["staff_first_response_p50"] == 70.0
    assert rows["5m", T0 + 420_000]["staff_first_response_p50"] is None


@pytest.mark.parametrize(("of_all", "role"), [(60, roles.CRITIC), (61, roles.NONE)])
def test_a_critic_has_a_twentieth_of_all_critiques(of_all: int, role: int) -> None:
    assert role_by({deeds.CRITIQUE: 3}, critiques=of_all) == role


@pytest.mark.parametrize(("of_all", "role"), [(20, roles.THINKER), (21, roles.NONE)])
def test_a_thinker_has_a_tenth_of_all_beginnings(of_all: int, role: int) -> None:
    assert role_by({deeds.START: 2}, starts=of_all) == role


@pytest.mark.parametrize(("of_all", "role"), [(150, roles.HELPER), (151, roles.NONE)])
def test_a_helper_has_a_fiftieth_of_all_answers(of_all: int, role: int) -> None:
    assert role_by({deeds.ANSWER: 3}, answers=of_all) == role


@pytest.mark.parametrize(("kind", "many"), [(deeds.START, 1), (deeds.CRITIQUE, 2), (deeds.ANSWER, 2)])
def test_too_few_deeds_make_nobody_anything_whatever_their_share(kind: int, many: int) -> None:
    assert role_by({kind: many}, starts=many, critiques=many, answers=many) == roles.NONE


def test_of_two_parts_the_one_with_the_greater_share_is_played() -> None:
    mine = {deeds.START: 4, deeds.CRITIQUE: 4}
    assert role_by(mine, starts=10, critiques=8) == roles.CRITIC
    assert role_by(mine, starts=10, critiques=10) == roles.THINKER, "of equals the one named first"
    assert role_by({deeds.CRITIQUE: 4, deeds.ANSWER: 4}, critiques=10, answers=8) == roles.HELPER
    assert role_by({deeds.CRITIQUE: 4, deeds.ANSWER: 4}, critiques=10, answers=10) == roles.CRITIC


def role_by(mine: dict[int, int], *, starts: int = 0, critiques: int = 0, answers: int = 0) -> int:
    """The role of who did so much, where all together did so much."""
    person = Person(0, "u")
    for kind, many in mine.items():
        for _ in range(many):
            person.deeds = deeds.with_deed(person.deeds, 20_000, kind, 0)
    return roles._by_deeds(person, 19_990, starts, critiques, answers)
