"""What a source cannot see is not judged: nothing is said of what may have been said."""

from __future__ import annotations

from huoqun.results import Activity
from streams.core import kinds
from tests.support.scenes import MINUTE, T0, Scene

DAY_S = 86_400


def chatting(scene: Scene, coverage: str, days: range) -> None:
    for day in days:
        for n in range(10):
            scene.add(day * DAY_S + 36_000 + n * 60, f"u{n % 4}", "早", coverage=coverage)


def test_with_mentions_only_a_question_to_staff_is_alarmed_and_another_is_counted_without_a_deadline() -> None:
    scene = Scene()
    scene.add(0, "boss", "大家好", is_staff=True, coverage="mentions")
    asked = scene.add(10, "bob", "请问怎么浇水？", coverage="mentions")
    told = scene.add(20, "carol", "老师在吗？", mentions=["boss"], coverage="mentions")
    scene.silence_until(3_600)
    question = scene.question(asked)
    assert question is not None
    assert question["due_at"] is None
    assert [a["subject_event_id"] for a in scene.alerts("unanswered")] == [told]


def test_a_question_to_staff_is_not_alarmed_where_no_message_of_staff_was_ever_seen() -> None:
    scene = Scene()
    scene.join(0, "boss", is_staff=True, coverage="mentions")
    told = scene.add(20, "carol", "老师在吗？", mentions=["boss"], coverage="mentions")
    scene.silence_until(3_600)
    question = scene.question(told)
    assert question is not None
    assert (question["kind"], question["due_at"]) == ("mention", None)
    assert scene.alerts("unanswered") == []


def test_with_membership_only_nobody_is_called_silent_and_no_group_dead() -> None:
    scene = Scene()
    for n in range(30):
        scene.join(n, f"u{n}", coverage="membership")
    scene.silence_until(40 * DAY_S)
    assert scene.rows("Alert") == []
    assert scene.rows("MemberRisk") == []
    (group,) = scene.rows("GroupSummary")
    assert (group["stage"], group["alive"], group["health"]) == ("", True, None)
    assert group["members"] == 30


def test_a_burst_of_leaves_is_told_with_membership_only() -> None:
    scene = Scene()
    for n in range(30):
        scene.join(n, f"u{n}", coverage="membership")
    for n in range(9):
        scene.leave(20 * DAY_S + n, f"u{n}", coverage="membership")
    assert len(scene.alerts("leave_burst")) == 1


def test_ratios_over_what_was_seen_in_part_are_left_out_of_activity() -> None:
    scene = Scene()
    scene.join(0, "bob", coverage="mentions")
    scene.add(5, "bob", "早", coverage="mentions")
    scene.silence_until(61)
    (row,) = [r for r in scene.rows("Activity") if r["window"] == "1h" and r["window_end"] == T0 + MINUTE]
    assert (row["messages"], row["joins"]) == (1, 1)
    assert [row[name] for name in ("active_ratio", "reply_rate", "top5_share", "effective_speakers")] == [None] * 4


def test_a_robot_beside_an_archive_changes_nothing() -> None:
    plain, both = Scene(), Scene()
    for scene in (plain, both):
        chatting(scene, "full", range(40))
    for day in range(40):
        both.add(day * DAY_S + 40_000, "u0", "早", coverage="mentions")
        plain.add(day * DAY_S + 40_000, "u0", "早")
    assert sorted(r["risk"] for r in both.rows("MemberRisk")) == sorted(r["risk"] for r in plain.rows("MemberRisk"))


def test_what_would_lie_expires_when_an_import_ends_and_a_robot_goes_on() -> None:
    scene = Scene()
    chatting(scene, "full", range(35))
    asked = scene.add(35 * DAY_S, "u9", "请问怎么浇水？")
    scene.add(35 * DAY_S + 90_000, "u0", "@机器人 早", coverage="mentions")
    scene.silence_until(37 * DAY_S)
    (before,) = scene.alerts("unanswered")
    assert before["subject_event_id"] == asked
    assert before["state"] == "open", "what was seen in full the day before still holds"
    scene.until = None
    scene.add(38 * DAY_S, "u0", "@机器人 早", coverage="mentions")
    scene.silence_until(80 * DAY_S)
    (after,) = scene.alerts("unanswered")
    assert after["state"] == "expired"
    assert "only a part of the messages is seen now" in after["reasons"][-1]
    assert scene.alerts("group_fading") == scene.alerts("group_dormant") == []
    assert {m["risk"] for m in scene.rows("Member")} == {None}


def test_where_only_a_part_is_seen_from_now_on_nobody_keeps_a_part_or_a_layer() -> None:
    scene = Scene()
    chatting(scene, "full", range(9))
    scene.join(9 * DAY_S, "quiet", coverage="full")
    scene.silence_until(10 * DAY_S)
    before = {m["user_id"]: (m["role"], m["layer"]) for m in scene.rows("Member")}
    assert before["u0"] == ("thinker", "leader")
    assert before["u1"] == ("", "core")
    assert before["quiet"] == ("", "ordinary")
    scene.until = None
    scene.add(11 * DAY_S, "u0", "@机器人 早", coverage="mentions")
    scene.silence_until(12 * DAY_S)
    assert {(m["role"], m["layer"]) for m in scene.rows("Member")} == {("", "")}


def test_every_kind_of_group_names_figures_that_there_are() -> None:
    known = {*Activity.__struct_fields__, "conversions", "net_growth"}
    assert all(set(kind.kpis) <= known for kind in kinds.KINDS.values())


def test_every_kind_of_group_has_its_thresholds() -> None:
    assert set(kinds.KINDS) == {"commerce", "interest", "fan", "learning"}
    assert kinds.of("interest").active_ratio == 0.1
    assert kinds.of("commerce").active_ratio == 0.0, "members come to buy: silence between offers is no false activity"


def test_where_only_mentions_are_seen_from_now_on_the_alert_of_a_question_to_staff_stays_and_another_expires() -> None:
    scene = Scene()
    scene.add(0, "boss", "大家好", is_staff=True)
    plain = scene.add(10, "bob", "请问怎么浇水？")
    told = scene.add(20, "carol", "老师在吗？", mentions=["boss"])
    scene.add(3 * DAY_S, "dave", "@机器人 早", coverage="mentions")
    states = {a["subject_event_id"]: a["state"] for a in scene.alerts("unanswered")}
    assert states == {plain: "expired", told: "open"}
