"""Floods: messages far above what the members stay for, and evenings that are always like that."""

from __future__ import annotations

from tests.golden.scenarios.language import DAY, MINUTE, SECOND, Community, moment
from tests.golden.scenarios.talk import CHAT, FANS, HELLO, Person, people
from tests.golden.scenarios.usual import NEIGHBOURS, names, settled


def one_person_pastes_sixty_messages(c: Community) -> None:
    """A member pasted sixty lines of a chain letter in five minutes into a group that writes twenty-five a day.

    Staff should hear of it while it goes on, with who it is; one alert, not one a minute.
    """
    settled(c, 22)
    for number in range(60):
        c.says(
            moment("20 15:00") + number * 5 * SECOND,
            "建国",
            f"{number + 1}、转给你爱的人，好运会在第{number + 1}天到来",
        )
    c.expect("flood", ("20 15:00:30", "20 15:04"), about="建国")


def a_bot_relays_another_room(c: Community) -> None:
    """Somebody bridged a busy room into the group: a bot wrote three hundred lines in an hour.

    Bots aren't people, and their lines drive people out all the same.
    """
    settled(c, 22, bots="桥接机器人")
    for number in range(300):
        c.says(moment("20 15:00") + number * 12 * SECOND, "桥接机器人", f"[隔壁群] 用户{number % 7}: 第{number}条消息")
    c.expect("flood", ("20 15:02", "20 15:30"), about="桥接机器人")


def three_members_throw_stickers_all_evening(c: Community) -> None:
    """Three members wrote single signs for a quarter of an hour, one every two seconds: nobody else can read the group."""
    settled(c, 22)
    for number in range(330):
        who = ("大刘", "阿杰", "豆豆")[number % 3]
        c.says(moment("20 21:00") + number * 2_700, who, "哈" * (1 + number % 5))
    c.expect("flood", ("20 21:01", "20 21:10"))


def a_live_evening_in_a_group_that_lives_for_them(c: Community) -> None:
    """Each Friday evening fifty fans comment on the show, four hundred lines in an hour: their usual, and why they are here."""
    c.group(members=800, staff="管理员", kind="fan")
    fans = names("歌迷", 50)
    c.talk((1, 29), people(" ".join(fans[:14])), a_day=7, about=FANS)
    for week in range(4):
        begins = moment(f"{5 + 7 * week} 20:00")
        for number in range(400):
            who = fans[(number * 17 + number // 50) % 50]
            said = ("来了来了", "这段太好听了", "啊啊啊", "前排", "转场好美", "这个编曲绝了", "下一首", "泪目")[
                number % 8
            ]
            c.says(begins + number * 9 * SECOND, who, said, scene=number % 20 == 0)
    c.tolerate("member_at_risk")
    c.never("flood", "false_activity")


def many_people_wish_a_happy_new_year(c: Community) -> None:
    """At midnight of New Year forty people each wished the others well within five minutes: forty voices are no flood."""
    settled(c, 22, members=180)
    wishes = ("新年快乐！", "新年好呀各位", "祝大家身体健康", "万事如意", "恭喜发财", "Happy New Year")
    for number, who in enumerate(names("邻居", 40)):
        c.says(moment("20 00:00") + number * 7 * SECOND, who, wishes[number % len(wishes)])
    c.never("flood", "advertising")


def a_lively_debate_runs_hot_for_an_hour(c: Community) -> None:
    """Ten regulars wrote ninety lines in an hour about the new bins: far above the usual, and wanted."""
    settled(c, 22)
    who = [person.name for person in NEIGHBOURS[:10]]
    said = (
        "我觉得分类是好事", "可是垃圾桶太远了", "走两步的事", "老人不方便啊", "那就加一个点", "物业说没钱", "可以大家投票",
        "同意投票", "我也赞成", "先问问街道再说",
    )  # fmt: skip
    for number in range(90):
        c.says(
            moment("20 20:00") + number * 40 * SECOND, who[(number * 7) % 10], said[(number * 3 + number // 10) % 10]
        )
    c.never("flood", "quarrel")


def one_person_tells_a_story_in_twelve_lines(c: Community) -> None:
    """A regular told of her journey in twelve short messages within three minutes, as one does on the phone."""
    settled(c, 22)
    for number in range(12):
        c.says(moment("20 20:00") + number * 15 * SECOND, "阿梅", f"然后我们走到第{number + 1}站，雨就停了，真好看")
    c.never("flood")


def a_group_grows_busy_over_weeks(c: Community) -> None:
    """From twenty lines a day to two hundred within five weeks: growth, spread over the day."""
    c.group(members=150, staff="群主")
    for week, many in enumerate((5, 10, 18, 28, 36)):
        cast = people(" ".join(names("邻居", 10 + 6 * week)))
        c.talk((1 + 7 * week, 7 + 7 * week), [*cast, Person("群主", 1.0, "lead")], a_day=many, mix={CHAT: 5, HELLO: 1})
    c.until(moment("35 23:00") + DAY - 10 * MINUTE)
    c.tolerate("member_at_risk")
    c.never("flood", "false_activity")
