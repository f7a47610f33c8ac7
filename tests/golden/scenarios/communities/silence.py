"""Staff and silence: broadcasts that draw nothing any more, and shouting into the void."""

from __future__ import annotations

from tests.golden.scenarios.language import MINUTE, Community, moment
from tests.golden.scenarios.talk import Person
from tests.golden.scenarios.usual import MIXED, NEIGHBOURS

NEWS = (
    "今日话题：阳台怎么防晒，欢迎晒图",
    "分享一篇施肥的文章，大家看看",
    "周三花市有活动，想去的可以约起来",
    "本周之星评选开始，说说你家的",
    "下午三点有小直播，讲换盆",
    "给大家整理了浇水时间表，在群文件",
    "周末来个以花换花",
)


def _broadcast(c: Community, day: int, clock: str, responses: int, *, text: str = "") -> None:
    """Let the owner post, and so many members respond within twenty minutes."""
    at = moment(f"{day} {clock}")
    event = c.says(at, "群主", text or NEWS[day % len(NEWS)])
    for number in range(responses):
        who = NEIGHBOURS[(day + 3 * number) % len(NEIGHBOURS)].name
        said = ("收到，谢谢", "好的", "这个好", "支持", "我看看", "+1")[(day + number) % 6]
        c.says(at + (2 + 3 * number) * MINUTE, who, said, reply_to=event if number % 2 == 0 else "")


def the_owners_posts_draw_nothing_any_more(c: Community) -> None:
    """For three weeks the owner's daily post drew three to five responses; since day 22 not one, though members go on talking.

    Within a week the operator should hear that it is the posts, with how many they drew before.
    """
    c.group(members=120, staff="群主")
    c.talk((1, 34), NEIGHBOURS, a_day=4)
    for day in range(1, 35):
        _broadcast(c, day, "10:00", 3 + day % 3 if day <= 21 else 0)
    c.tolerate("member_at_risk")
    c.expect("silence_after_broadcast", ("23 10:00", "29 12:00"), because=r"\d")
    c.never("group_fading", "shouting_into_void")


def one_post_is_overlooked(c: Community) -> None:
    """One post of twenty-five drew nothing, the next ones were answered as ever: no news."""
    c.group(members=120, staff="群主")
    c.talk((1, 25), NEIGHBOURS, a_day=4)
    for day in range(1, 26):
        _broadcast(c, day, "10:00", 0 if day == 22 else 3 + day % 3)
    c.tolerate("member_at_risk")
    c.never("silence_after_broadcast", "shouting_into_void")


def posts_late_at_night_are_read_in_the_morning(c: Community) -> None:
    """For a week the owner posted at half past midnight, in the quiet hours; nobody answers at that hour, nor need they."""
    c.group(members=120, staff="群主", quiet=("23:00", "07:30"))
    c.talk((1, 30), NEIGHBOURS, a_day=4)
    for day in range(1, 31):
        if day <= 21:
            _broadcast(c, day, "10:00", 3 + day % 3)
        else:
            c.says(f"{day} 00:30", "群主", NEWS[day % len(NEWS)])
            if day > 22:
                c.says(f"{day} 08:10", NEIGHBOURS[day % 12].name, "昨晚的消息看到了，收到")
    c.tolerate("member_at_risk")
    c.never("silence_after_broadcast", "shouting_into_void")


def a_new_group_whose_owner_posts_and_nobody_answers_yet(c: Community) -> None:
    """Ten days old; the owner's posts have never drawn a response, so none has been lost."""
    c.group(members=40, staff="群主")
    c.talk((1, 10), NEIGHBOURS[:6], a_day=2)
    for day in range(1, 11):
        _broadcast(c, day, "10:00", 0)
    c.tolerate("member_at_risk")
    c.never("silence_after_broadcast", "group_fading")


def the_owner_posts_more_and_more_and_gets_less_and_less(c: Community) -> None:
    """From one post a day to seven, while the members' lines fell to a third: shouting into the void.

    The remedy is the opposite of what the owner does, so one alert must say just this: more from you, less from them.
    """
    c.group(members=120, staff="群主")
    c.talk((1, 21), NEIGHBOURS, a_day=6)
    c.talk((22, 42), NEIGHBOURS[:7], a_day=2)
    for day in range(1, 43):
        _broadcast(c, day, "10:00", 3 if day <= 21 else 0)
        for hour in (8, 12, 14, 16, 18, 20) if day > 21 else ():
            c.says(f"{day} {hour:02}:40", "群主", NEWS[(day + hour) % len(NEWS)] + "，大家多说话呀", scene=False)
    c.tolerate("member_at_risk", "silence_after_broadcast", "group_fading")
    c.expect("shouting_into_void", ("26 00:00", "38 00:00"), because=r"\d")


def the_owner_posts_more_in_a_festival_week_and_all_join_in(c: Community) -> None:
    """Five posts a day for a week instead of one, each with its responses: a festival."""
    c.group(members=120, staff="群主")
    c.talk((1, 30), [*NEIGHBOURS, Person("群主", 0.5, "lead")], a_day=5, mix=MIXED)
    for day in range(1, 31):
        _broadcast(c, day, "10:00", 3 + day % 3)
        for hour in (12, 15, 18, 20) if 22 <= day <= 28 else ():
            _broadcast(c, day, f"{hour}:40", 3 + hour % 3)
    c.tolerate("member_at_risk")
    c.never("silence_after_broadcast", "shouting_into_void", "flood", "group_fading")
