"""The shape of the talk: false activity, same faces, star and mesh."""

from __future__ import annotations

from tests.golden.scenarios.language import Community
from tests.golden.scenarios.talk import CHAT, FANS, HELLO, SHOP, STAFF, STARLIKE, Person, people
from tests.golden.scenarios.usual import MIXED, NEIGHBOURS, names

FIVE = people("话痨甲 话痨乙 话痨丙 话痨丁 话痨戊", weight=8.0)


def five_talkers_fill_the_screen_of_two_hundred(c: Community) -> None:
    """Five people wrote nearly all of it for five weeks while the others of two hundred stayed away: busy, and not alive.

    One alert for as long as it lasts. The figures belong into it: how many wrote how much, of how many members.
    """
    c.group(members=200, staff="群主")
    c.talk((1, 37), [*FIVE, *people("偶尔甲 偶尔乙 偶尔丙", weight=0.4)], a_day=9)
    c.tolerate("member_at_risk")
    c.expect("false_activity", ("8 00:00", "36 23:59"), because="5|4")
    c.activity("7d", "37 23:00", key_people=(3, 5), active_ratio=(0.02, 0.08))
    c.activity("7d", "37 23:00", false_activity=True)


def a_lively_group_in_which_a_quarter_speaks(c: Community) -> None:
    """In a group of a hundred and sixty some forty speak each week, nobody above all others: that is what alive looks like."""
    c.group(members=160, staff="群主")
    c.talk((1, 37), people(" ".join(names("邻居", 44))), a_day=12)
    c.tolerate("member_at_risk")
    c.never("false_activity")
    c.activity("7d", "37 23:00", key_people=(12, 44), active_ratio=(0.15, 0.4), top5_share=(0.1, 0.5))
    c.activity("7d", "37 23:00", false_activity=False)


def five_of_twelve_colleagues_do_the_talking(c: Community) -> None:
    """A group of twelve has five talkers: that is nearly half of it, and normal."""
    c.group(members=12, staff="组长")
    c.talk((1, 37), [*FIVE, *people("同事甲 同事乙", weight=0.5)], a_day=6)
    c.tolerate("member_at_risk")
    c.never("false_activity")
    c.activity("7d", "37 23:00", active_ratio=(0.4, 0.7))


def a_quiet_group_of_a_hundred_has_few_talkers(c: Community) -> None:
    """A reading group of a hundred used to write forty lines a day and now writes eight, by four people.

    Few talkers, but it doesn't look busy either: this is fading, and the operator wants to hear just that.
    """
    c.group(members=100, staff="群主")
    c.talk((1, 35), [*NEIGHBOURS, *people(" ".join(names("书友", 12)))], a_day=11)
    c.talk((36, 56), people("阿梅 老周 小林 大刘"), a_day=2)
    c.tolerate("member_at_risk")
    c.never("false_activity")
    c.expect("group_fading", ("38 00:00", "46 00:00"))


def staff_alone_posts_all_day_in_a_shop_group(c: Community) -> None:
    """Three shop assistants post offers all day to three hundred buyers, who order in private: no talk, so no false talk either."""
    c.group(members=300, staff="店长 小二 客服", kind="commerce")
    leads = people("店长 小二 客服", likes="lead join")
    c.talk((1, 37), leads, a_day=8, about=SHOP, mix={HELLO: 1.0, CHAT: 1.0})
    c.talk((1, 37), [*people("买家甲 买家乙 买家丙 买家丁"), *leads], a_day=1, about=SHOP, mix=STARLIKE)
    c.tolerate("member_at_risk", "silence_after_broadcast", "shouting_into_void")
    c.never("false_activity", "group_fading", "group_dormant")


def a_lively_group_shrinks_to_five_who_talk_more_than_ever(c: Community) -> None:
    """Twenty neighbours talked; from the sixth week on only five were left, who wrote as much as all had before.

    The counter of messages shows nothing. The operator wants to know within ten days; and that it is over when others return.
    """
    c.group(members=180, staff="群主")
    c.talk((1, 35), people(" ".join(names("邻居", 30))), a_day=9)
    c.talk((36, 55), FIVE, a_day=11)
    c.talk((56, 80), people(" ".join(names("邻居", 30))), a_day=11)
    c.tolerate("member_at_risk")
    c.expect("false_activity", ("37 00:00", "46 12:00"), because="5|4", resolved_by="70 00:00")
    c.activity("7d", "50 23:00", false_activity=True)
    c.activity("7d", "75 23:00", false_activity=False)


def the_same_people_every_week(c: Community) -> None:
    """A settled circle: whoever speaks this week spoke last week too."""
    c.group(members=60, staff="群主")
    c.talk((1, 30), people(" ".join(names("老友", 9))), a_day=10)
    c.tolerate("member_at_risk")
    c.never("false_activity")
    c.activity("7d", "30 23:00", same_faces=(0.85, 1.0))


def a_fan_group_with_new_faces_every_week(c: Community) -> None:
    """Each week others come in with the show and leave the talk again: reach, and no circle."""
    c.group(members=600, staff="管理员", kind="fan")
    for week in range(4):
        fans = people(" ".join(names(f"粉丝{week}号", 20)))
        c.talk((1 + 7 * week, 7 + 7 * week), [*fans, *people("铁粉甲 铁粉乙", weight=2.0)], a_day=9, about=FANS)
    c.tolerate("member_at_risk")
    c.never("false_activity", "group_fading")
    c.activity("7d", "29 12:00", same_faces=(0.0, 0.3))  # as of the midnight (UTC) that ended the week


def everything_goes_through_the_teacher(c: Community) -> None:
    """Thirty pupils answer the teacher and never each other: an audience, a star."""
    c.group(members=40, staff="王老师", kind="learning")
    c.talk((1, 20), [Person("王老师", 3.0, "lead"), *people(" ".join(names("学生", 15)))], a_day=8, mix={STAFF: 1.0})
    c.tolerate("member_at_risk")
    c.activity("7d", "20 23:00", mesh_index=(0.0, 0.15))


def neighbours_answer_each_other(c: Community) -> None:
    """Nearly all replies go from member to member, staff takes part now and then: a community, a mesh."""
    c.group(members=90, staff="群主")
    c.talk((1, 20), [*NEIGHBOURS, Person("群主", 1.0, "lead")], a_day=9, mix=MIXED)
    c.tolerate("member_at_risk")
    c.activity("7d", "20 23:00", mesh_index=(0.7, 1.0))
