"""Quarrels: the turn to hostility, and what only sounds like it."""

from __future__ import annotations

from tests.golden.scenarios.language import Community, moment
from tests.golden.scenarios.usual import settled


def two_members_fall_out_in_chinese(c: Community) -> None:
    """A remark about a delivery turned into insults within two minutes: staff must know within a minute of the turn.

    The first plain insult falls at 20:00:55, the answer to it at 20:01:10; the alert names the two.
    """
    settled(c, 15, a_day=5)
    c.scene(
        "14 20:00",
        """
        +0s   阿杰: 团购的蛋碎了三个，谁负责
        +25s  大刘> 到的时候好好的
        +15s  阿杰> 你的意思是我讹你？
        +15s  大刘> 你脑子有病吧，三个蛋也闹
        +15s  阿杰> 你再骂一句试试，什么东西
        +12s  大刘> 骂你怎么了，傻逼
        +10s  阿杰> 滚，王八蛋
        +15s  大刘> 给我等着，弄死你
        """,
    )
    c.expect("quarrel", ("14 20:00:50", "14 20:02"), because="(?s)(?=.*大刘)(?=.*阿杰)")


def two_members_fall_out_in_english(c: Community) -> None:
    """The same in an English-speaking group, with the words that are used there."""
    settled(c, 15, a_day=5)
    c.scene(
        "14 20:00",
        """
        +0s   mike: who moved my post again
        +20s  dave> mods do that when it's off topic
        +15s  mike> nobody asked you
        +12s  dave> then stop whining, you idiot
        +10s  mike> shut the fuck up dave
        +11s  dave> make me, you pathetic clown
        +9s   mike> go to hell
        """,
    )
    c.tolerate("unanswered")
    c.expect("quarrel", ("14 20:00:45", "14 20:02"), because="(?s)(?=.*mike)(?=.*dave)")


def three_gang_up_on_one(c: Community) -> None:
    """Three members went for a fourth, who answered twice and fell silent: a quarrel of four, named as far as it goes."""
    settled(c, 15, a_day=5)
    c.scene(
        "14 21:00",
        """
        +0s   建国: 小何你的狗又在楼道拉屎
        +20s  小何> 不是我家的
        +15s  建国> 还装，不要脸
        +10s  老吴: 就是他家，垃圾
        +12s  雅婷: 养不起就别养，废物
        +14s  小何> 你们有病吧，凭什么说是我
        +9s   老吴> 闭嘴，全小区就你最贱
        +10s  建国> 滚出去
        """,
    )
    c.expect("quarrel", ("14 21:00:35", "14 21:02"), because="小何|建国")


def staff_steps_in_and_it_is_over(c: Community) -> None:
    """Two insulted each other, an admin stopped them after two minutes, nothing more came: one alert, and not a second one."""
    settled(c, 15, a_day=5)
    c.scene(
        "14 20:00",
        """
        +0s   阿杰: 你就是个骗子
        +10s  大刘> 放你妈的屁，你才是骗子
        +12s  阿杰> 滚蛋，废物
        +10s  大刘> 你有病吧，脑残
        +60s  群主: 两位都停一下，再骂就请出去了，有事私下说
        +40s  大刘: 行，不说了
        +30s  阿杰: 抱歉各位
        """,
    )
    c.until("15 20:00")
    c.expect("quarrel", ("14 20:00:05", "14 20:01:30"))


def ten_people_debate_the_new_bins_and_stay_polite(c: Community) -> None:
    """They contradicted each other in quick turns for a quarter of an hour, and nobody became personal: wanted."""
    settled(c, 15, a_day=5)
    said = [
        ("大刘", "我反对，太远了"), ("小林", "我觉得不远，五分钟"), ("阿杰", "不对，七分钟，我走过"), ("雅婷", "这也要争，哈哈"),
        ("老周", "方案二明明更差"), ("大刘", "凭什么说更差"), ("老周", "因为贵一倍啊"), ("小何", "贵是贵，但是省事"),
        ("阿珍", "不同意，不能老是花钱"), ("小林", "那你说说你的办法"), ("阿珍", "轮流倒"), ("大刘", "这不现实"),
    ]  # fmt: skip
    at = 0
    for _ in range(4):
        for who, text in said:
            c.says(moment("14 20:00") + at, who, text)
            at += 18_000
    c.tolerate("unanswered")
    c.never("quarrel", "flood")


def friends_swear_at_a_football_match(c: Community) -> None:
    """Four friends cursed the referee and teased each other, with laughter in every other line: no quarrel.

    Arguable from a single line; over the whole exchange it isn't, since nobody turns on anybody.
    """
    settled(c, 15, a_day=5)
    c.scene(
        "14 21:00",
        """
        +0s   大刘: 卧槽这都不进？？
        +8s   阿杰: 哈哈哈哈臭脚
        +9s   老周: 裁判瞎了吧，他妈的
        +10s  大刘: 真特么气人哈哈
        +12s  阿杰> 你个傻子，昨天还说稳赢😂
        +8s   大刘> 哈哈哈滚，赌一顿饭
        +10s  老周: 笑死，你俩别丢人了
        +9s   阿杰: 进了进了！！牛逼
        +7s   大刘: 卧槽牛逼！！！
        +10s  老周: 哈哈哈哈爽
        """,
    )
    c.tolerate("unanswered")
    c.never("quarrel")


def one_rude_line_that_nobody_takes_up(c: Community) -> None:
    """Somebody was rude once at night and everybody went on as if nothing had been said: no quarrel takes one."""
    settled(c, 15, a_day=5)
    c.scene(
        "14 22:00",
        """
        +0s   建国: 吵死了，有病吧
        +60s  阿梅: 晚安各位
        +30s  晓雯: 晚安
        """,
    )
    c.never("quarrel")


def hard_words_about_a_third_party(c: Community) -> None:
    """Five members curse the property management, together: anger at one who isn't here, and a bond among those who are."""
    settled(c, 15, a_day=5)
    c.scene(
        "14 20:00",
        """
        +0s   阿珍: 物业又停水，不通知，垃圾物业
        +12s  大刘> 就是，一群废物
        +14s  老吴> 收钱的时候倒快，不要脸
        +13s  阿杰: 投诉他们
        +11s  阿珍> 对，一起投诉，太恶心了
        +15s  雅婷: 我写了封信，大家签名吧
        """,
    )
    c.never("quarrel")


def a_quote_of_an_insult_told_as_a_story(c: Community) -> None:
    """A member tells how a driver insulted her and is comforted: hostile words, and only kindness between those who write."""
    settled(c, 15, a_day=5)
    c.scene(
        "14 20:00",
        """
        +0s   晓雯: 今天被一个司机骂了，说我"滚，神经病"，气哭
        +15s  阿梅> 抱抱，这种人别理
        +12s  豆豆> 太过分了，凭什么骂人闭嘴
        +14s  晓雯> 谢谢你们，好多了
        """,
    )
    c.never("quarrel")
