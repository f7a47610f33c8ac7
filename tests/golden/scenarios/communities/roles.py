"""Roles and layers: who thinks, who doubts, who helps, who looks on."""

from __future__ import annotations

from tests.golden.scenarios.language import Community
from tests.golden.scenarios.talk import ASK, CHAT, OPINION, STAFF, STARLIKE, Person, people
from tests.golden.scenarios.usual import names


def a_pyramid_that_stands(c: Community) -> None:
    """One who opens the topics, one who doubts, two who help, a dozen who chat, others who look on or never speak.

    Thinkers stand with staff at the top, helpers are the core, the rest is ordinary.
    """
    c.group(members=40, staff="群主")
    for name in ("观众甲", "观众乙", "沉默丙"):
        c.joins("2 10:00", name)
    c.talk(
        (1, 33),
        [
            Person("小林", 2.0, "think"),
            Person("大刘", 2.0, "doubt"),
            Person("阿梅", 2.0, "help"),
            Person("老周", 2.0, "help"),
            *people(" ".join(names("邻居", 12)), weight=0.6, likes="ask"),
        ],
        a_day=8,
        mix={ASK: 3.0, OPINION: 3.0, CHAT: 2.0},
    )
    c.says("29 12:00", "群主", "本周分享放群文件了")
    opened = c.says("30 12:00", "小林", "大家说说今年最好养的是什么，我先说，薄荷")
    c.says("30 12:02", "阿梅", "同意薄荷", reply_to=opened)
    c.reacts("30 12:03", "观众甲", opened)
    hello = c.says("31 12:00", "观众乙", "我一直在看，学到很多")
    c.says("31 12:01", "阿梅", "欢迎常说话", reply_to=hello)
    c.reacts("32 12:00", "观众乙", opened)
    c.tolerate("member_at_risk", "newcomer_at_risk")
    c.member("小林", role="thinker", layer="leader")
    c.member("大刘", role="critic")
    c.member("阿梅", role="helper", layer="core")
    c.member("老周", role="helper", layer="core")
    c.member("观众乙", role="onlooker", layer="ordinary")
    c.member("观众甲", role="onlooker", layer="ordinary")
    c.member("沉默丙", role="silent", layer="ordinary")
    c.member("群主", layer="leader")
    c.at_end(shape="pyramid")


def everybody_waits_for_the_teacher(c: Community) -> None:
    """The teacher speaks, pupils say yes: no thinkers, no critics, no helpers among them."""
    c.group(members=40, staff="王老师", kind="learning")
    pupils = names("学生", 12)
    c.talk((1, 33), [Person("王老师", 3.0, "lead"), *people(" ".join(pupils))], a_day=4, mix=STARLIKE | {STAFF: 9.0})
    c.tolerate("member_at_risk", "false_activity", "silence_after_broadcast")
    c.member("王老师", layer="leader")
    for pupil in pupils[:3]:
        c.member(pupil, role={"", "onlooker", "ordinary", "member"})
