"""Partial coverage: what can't be seen isn't judged."""

from __future__ import annotations

from tests.golden.scenarios.language import DAY, Community, moment
from tests.golden.scenarios.usual import lurkers


def a_robot_that_sees_only_mentions_falls_silent(c: Community) -> None:
    """A robot sees only what mentions it: twice a day for five weeks, then nothing for three. Nothing follows from that."""
    c.group(members=80, staff="群主", bots="小助手", coverage="mentions")
    for day in range(1, 36):
        for clock, who in (("10:00", "阿梅"), ("20:30", ("老周", "小何", "豆豆")[day % 3])):
            c.says(f"{day} {clock}", who, f"@小助手 查一下今天的天气{day}")
    c.joins("20 12:00", "新来的")
    c.until("56 12:00")
    c.never("group_fading", "group_dormant", "false_activity", "member_at_risk", "newcomer_at_risk")
    c.never_stage("fading", "dormant", "dead")


def a_robot_that_sees_only_mentions_and_a_question_to_it(c: Community) -> None:
    """A member mentions the owner, whom the robot belongs to; who answers mentions nobody, so the answer can't be seen.

    An alarm that nobody answered would be wrong nearly every time. Arguable only where the platform shows replies too.
    """
    c.group(members=80, staff="群主", bots="小助手", coverage="mentions")
    for day in range(1, 12):
        c.says(f"{day} 10:00", "阿梅", "@群主 请问群里谁会修水管？")
    c.never("unanswered")


def only_joins_and_leaves_are_seen(c: Community) -> None:
    """The source tells who comes and goes and no word of what is said: a burst of leaves is real, everything else unknown."""
    c.group(members=200, staff="群主", coverage="membership")
    for day in range(1, 41):
        c.joins(moment(f"{day} 12:00"), f"来客{day}")
    c.leaves(moment("35 20:00"), *lurkers(12), every="25s")
    c.until(moment("40 12:00") + 5 * DAY)
    c.expect("leave_burst", ("35 20:01", "35 20:04"))
    c.never("group_fading", "group_dormant", "newcomer_at_risk", "member_at_risk", "false_activity")
    c.never_stage("fading", "dormant", "dead")
