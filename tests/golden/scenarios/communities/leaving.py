"""Leave bursts: what drove people out, and leaves that are no burst."""

from __future__ import annotations

import random

from tests.golden.scenarios.language import DAY, DAY_ONE, HOUR, MINUTE, SECOND, Community, moment
from tests.golden.scenarios.talk import COURSE, STAFF, USUAL, Person, people
from tests.golden.scenarios.usual import lurkers, settled


def an_advertisement_empties_a_neighbourhood_group(c: Community) -> None:
    """A stranger joined, posted a link to quick money, nobody took it away, and nine people left within a quarter of an hour."""
    settled(c, 22)
    c.joins("20 19:58", "财富顾问")
    c.says("20 20:05", "财富顾问", "在家兼职日入500，无需押金，名额有限，加微信 zq88661 详聊 https://t.cn/Ak3x9")
    c.leaves("20 20:12", *lurkers(9), every="55s")
    c.expect("advertising", ("20 20:05", "20 20:06"), about="财富顾问")
    c.expect("leave_burst", ("20 20:14", "20 20:20"), because="广告|advertising", severity="critical")
    c.never_says("leave_burst", r"(?:[1-9]\d|100) ?%", why="no share above a tenth: nine of 121")


def a_flood_of_pasted_messages_drives_people_out(c: Community) -> None:
    """One member pasted seventy lines in six minutes of a quiet evening; from the tenth minute on eight people left."""
    settled(c, 22)
    for number in range(70):
        c.says(moment("20 21:00") + number * 5 * SECOND, "小何", f"第{number + 1}句 转发接龙，看到的都往下传")
    c.leaves("20 21:09", *lurkers(8), every="50s")
    c.expect("flood", ("20 21:00:30", "20 21:05"), about="小何")
    c.expect("leave_burst", ("20 21:10", "20 21:16"), because="刷屏|flood")


def a_quarrel_that_nobody_stops_drives_people_out(c: Community) -> None:
    """Two regulars insulted each other for three minutes while no admin was there; ten minutes later people began to leave."""
    settled(c, 22)
    c.scene(
        "20 21:30",
        """
        +0s   大刘: 你上次卖我的苗都死了
        +20s  阿杰> 你自己不会养怪我？
        +15s  大刘> 你就是个骗子
        +12s  阿杰> 放屁，你脑子有病吧
        +10s  大刘> 滚，垃圾东西
        +9s   阿杰> 你算老几，傻逼
        +14s  大刘> 有种出来说，废物
        +16s  阿杰> 闭嘴吧你，恶心
        """,
    )
    c.leaves("20 21:42", *lurkers(7), every="60s")
    c.expect("quarrel", ("20 21:30:30", "20 21:32:30"), because="大刘|阿杰")
    c.expect("leave_burst", ("20 21:44", "20 21:49"), because="争吵|吵架|quarrel")


def an_announcement_of_a_fee_drives_people_out(c: Community) -> None:
    """The owner announced that the group would cost money; twelve people left within half an hour of it.

    The alert should name the announcement: the operator wrote it and can still take it back.
    """
    settled(c, 22)
    c.says(
        "20 12:00",
        "群主",
        "@all 各位邻居：从下个月起本群改为会员制，每人每年交会费199元，用于团购组织和场地费用。不交费的成员将在月底移出群聊。"
        "请在本周五之前完成交费，收款码见群公告。感谢大家一直以来对本群的支持和理解，有疑问可以私下联系我，群里就不再一一回复了，请见谅。",
    )
    c.leaves("20 12:09", *lurkers(12), every="70s")
    c.expect("leave_burst", ("20 12:10", "20 12:18"), because="公告|announcement")


def people_leave_in_a_burst_and_the_group_saw_no_cause(c: Community) -> None:
    """Eight people left within five minutes after a silent afternoon: something happened elsewhere, and the alert says so."""
    settled(c, 22)
    c.leaves("20 16:40", *lurkers(8), every="35s")
    c.scenes.append((moment("20 16:00"), moment("20 16:50")))
    c.expect("leave_burst", ("20 16:41", "20 16:45"), because="没有明显原因|no obvious cause")
    c.never("advertising", "flood", "quarrel")


def two_bursts_on_one_day_are_two_alerts(c: Community) -> None:
    """Six left at noon, seven more late in the evening, each time after an advertisement: two causes, two alerts."""
    settled(c, 22)
    c.says("20 12:00", "卖货甲", "全场秒杀包邮，扫码下单 https://m.taob.top/x1")
    c.leaves("20 12:05", *lurkers(6), every="40s")
    c.says("20 22:00", "卖货乙", "招代理，月入过万，加v：dl66990")
    c.leaves("20 22:06", *lurkers(7, "游客"), every="40s")
    c.expect("advertising", ("20 12:00", "20 12:01"), about="卖货甲")
    c.expect("advertising", ("20 22:00", "20 22:01"), about="卖货乙")
    c.expect("leave_burst", ("20 12:06", "20 22:11"), because="广告|advertising", times=2)


def a_third_of_a_small_group_leaves_at_once(c: Community) -> None:
    """Five of fourteen colleagues left within four minutes: few in number, and the end of the group."""
    c.group(members=14, staff="组长")
    cast = [Person("组长", 1.0, "lead"), *people("小唐 小宋 小秦 小汉 小魏 小蜀")]
    c.talk((1, 22), cast, a_day=4, mix={**USUAL, STAFF: 1.0})
    c.leaves("20 18:00", *lurkers(5), every="45s")
    c.expect("leave_burst", ("20 18:01", "20 18:04"))


def people_trickle_out_over_a_weekend(c: Community) -> None:
    """Fourteen people left between Friday evening and Sunday night, one every four hours: sad, and no burst."""
    settled(c, 24)
    c.leaves("19 18:00", *lurkers(14), every="4h")
    c.never("leave_burst")


def a_group_of_two_thousand_has_its_usual_coming_and_going(c: Community) -> None:
    """In a public group of two thousand about fifty people a day leave and as many join, most in the evening: nothing new.

    Nearly one in twenty evenings has a minute in which four or five go together: at this rate that is chance. The rate can't be
    known in the first days, so the first day is left open.
    """
    settled(c, 12, members=2_000, a_day=5)
    rng = random.Random(11)
    for day in range(12):
        for number in range(50):
            at = (
                DAY_ONE
                + day * DAY
                + rng.choice((10, 12, 15, 18, 19, 20, 21, 21, 22)) * HOUR
                + rng.randrange(60) * MINUTE
            )
            c.leaves(at, f"过客{day}-{number}")
            c.joins(at + 90 * SECOND, f"来客{day}-{number}")
    c.tolerate("newcomer_at_risk")
    c.never("leave_burst", after="2 00:00")


def everybody_leaves_when_the_course_is_over(c: Community) -> None:
    """The course's last day was on day 20; on day 21 the teacher said goodbye and forty of sixty left within an hour.

    People who leave a group whose purpose is fulfilled aren't driven out: an operator wants to be told that the group has
    reached its end (close it or give it a new purpose), not woken by a critical alert about what was planned.
    """
    c.group(members=60, staff="班主任", kind="learning", ends_on="2026-03-21")
    cast = [Person("班主任", 2.0, "lead"), *people("学员甲 学员乙 学员丙 学员丁 学员戊 学员己 学员庚", likes="ask")]
    c.talk((1, 21), cast, a_day=7, about=COURSE, mix={**USUAL, STAFF: 3.0})
    c.until("22 12:00")
    c.says(
        "21 20:00",
        "班主任",
        "课程到今天就全部结束了，感谢大家三周的陪伴，毕业快乐！之后本群不再更新，大家可以自行退群，江湖再见。",
    )
    c.leaves("21 20:06", *lurkers(40, "学员"), every="75s")
    c.expect(
        "purpose_ended",
        ("20 00:00", "22 12:00"),
    )
    c.never("leave_burst")
    c.tolerate("group_fading", "group_dormant", "false_activity")  # seven of sixty pupils do the talking: true as well


def staff_kicks_thirty_spam_accounts_in_a_purge(c: Community) -> None:
    """Thirty accounts that had never spoken were removed by an admin within three minutes: housekeeping, nobody left."""
    settled(c, 22)
    c.leaves("20 15:00", *lurkers(30, "僵尸号"), every="6s", reason="kicked")
    c.never("leave_burst")
