"""Unanswered: what wants an answer, what is one, and how long it may take."""

from __future__ import annotations

from tests.golden.scenarios.language import Community
from tests.golden.scenarios.usual import old, settled


def a_question_waits_in_a_settled_group(c: Community) -> None:
    """A regular asked at three; ten minutes later staff is told, at half past it is urgent, at twenty past four it is answered."""
    old(c)
    c.says("32 15:00", "小何", "请问绣球的叶子发黄是缺铁还是浇多了？", id="q")
    c.says("32 16:20", "老周", "多半是浇多了，先停两天", reply_to="q")
    c.scenes.append((c.events[-2].ts, c.events[-1].ts))
    c.expect(
        "unanswered",
        ("32 15:09:30", "32 15:11"),
        about="小何",
        event="q",
        severity="critical",
        resolved_by="32 16:20:01",
        because="老周",
    )
    c.asked("q", status="answered", answered_by="老周", confidence=(0.9, 1.0))


def a_question_in_a_group_in_its_second_week(c: Community) -> None:
    """The group is young, so five minutes are long enough."""
    settled(c, 12, a_day=4)
    c.says("11 15:00", "小何", "有人知道三角梅冬天要不要搬进屋", id="q")
    c.expect("unanswered", ("11 15:04:30", "11 15:06"), event="q")


def a_newcomers_first_words_are_no_question(c: Community) -> None:
    """Somebody joined and only said hello; nobody said anything back within five minutes: that is how newcomers are lost."""
    old(c)
    c.joins("32 14:50", "新邻居")
    c.says("32 15:00", "新邻居", "大家好，我刚搬来三号楼，也喜欢养花", id="hello")
    c.says("32 15:40", "阿梅", "欢迎欢迎", reply_to="hello")
    c.expect(
        "unanswered", ("32 15:04:30", "32 15:06"), about="新邻居", resolved_by="32 15:40:01", because="新|newcomer"
    )


def staff_is_mentioned_and_does_not_answer(c: Community) -> None:
    """A member turned to the owner by name: three minutes."""
    old(c)
    c.says("32 15:00", "老吴", "@群主 东门的快递柜坏了", id="q")
    c.expect("unanswered", ("32 15:02:30", "32 15:04"), event="q")
    c.asked("q", kind="mention")


def the_next_line_answers_without_any_link(c: Community) -> None:
    """A group in which hardly anybody uses replies: the line that follows the question, about the same thing, answers it."""
    old(c, links=0.0)
    c.scene(
        "32 15:00",
        """
        +0s   [q] 小何: 绣球的叶子发黄了，要不要补铁
        +40s  阿梅: 先看看是不是积水，绣球发黄多半是水多
        """,
    )
    c.never("unanswered")
    c.asked("q", status="answered", answered_by="阿梅", confidence=(0.5, 1.0))


def an_answer_by_mention_half_an_hour_later(c: Community) -> None:
    """Answered after half an hour by a line that mentions the asker: late, so it was raised, and then resolved."""
    old(c)
    c.says("32 15:00", "小何", "请问谁家有多余的花盆可以借一下", id="q")
    c.says("32 15:31", "豆豆", "@小何 我这有三个，晚上来拿")
    c.expect("unanswered", ("32 15:09:30", "32 15:11"), event="q", resolved_by="32 15:31:01")
    c.asked("q", status="answered", answered_by="豆豆")


def a_thumbs_up_answers_nothing(c: Community) -> None:
    """Two people reacted to the question, nobody wrote: it still waits."""
    settled(c, 12, a_day=4)
    c.says("11 15:00", "小何", "请问花市周一开门吗", id="q")
    c.reacts("11 15:01", "阿梅", "q")
    c.reacts("11 15:02", "老周", "q", "❤")
    c.expect("unanswered", ("11 15:04:30", "11 15:06"), event="q", state="open")


def a_bot_answers_nothing(c: Community) -> None:
    """The group's bot replied with its usual sentence: it isn't an answer."""
    settled(c, 12, a_day=4, bots="小助手")
    c.says("11 15:00", "小何", "请问花市周一开门吗", id="q")
    c.says("11 15:00:05", "小助手", "您好，您的问题已收到，请查看群公告", reply_to="q")
    c.expect("unanswered", ("11 15:04:30", "11 15:06"), event="q", state="open")


def the_same_question_three_times_is_one_alert(c: Community) -> None:
    """The asker asked again after eight minutes and again after an hour: one question, one alert, and one answer ends it."""
    old(c)
    c.says("32 15:00", "小何", "请问有没有人会修自动浇水器", id="q1")
    c.says("32 15:08", "小何", "有没有人会修自动浇水器的", id="q2")
    c.says("32 16:00", "小何", "有没有人会修自动浇水器啊，在线等", id="q3")
    c.says("32 16:05", "建国", "我会，晚上过去看看", reply_to="q3")
    c.expect("unanswered", ("32 15:09:30", "32 15:11"), about="小何", resolved_by="32 16:05:01")


def staff_asks_the_group_and_nobody_answers(c: Community) -> None:
    """The owner asked what to do at the weekend, and nobody said a word: counted, never alarmed."""
    settled(c, 12, a_day=4)
    c.says("11 15:00", "群主", "周末大家想去哪里玩？", id="q")
    c.never("unanswered")
    c.asked("q", status="open")


def a_question_at_half_past_eleven_at_night(c: Community) -> None:
    """Quiet hours begin at eleven: the ten minutes of a question at 23:30 begin at half past seven in the morning."""
    old(c, quiet=("23:00", "07:30"))
    c.says("31 23:30", "小何", "请问明早谁去花市能捎我一段", id="q")
    c.scenes.append((c.events[-1].ts, c.events[-1].ts + 9 * 3_600_000))
    c.expect("unanswered", ("32 07:39:30", "32 07:41"), event="q")


def talk_goes_on_over_a_question(c: Community) -> None:
    """Three people were deep in football when somebody asked about the water; they went on, and nobody answered.

    Nearby lines aren't answers when they go on with what came before.
    """
    old(c)
    c.scene(
        "32 20:00",
        """
        +0s   大刘: 昨晚那场球太精彩了
        +15s  阿杰> 尤其是下半场那个任意球
        +12s  老吴> 门将都没反应过来
        +20s  [q] 晓雯: 请问今天几点停水？
        +10s  大刘: 裁判也很公正
        +14s  阿杰> 下一场是周六晚上八点
        +12s  老吴> 一起看吧，来我家
        +15s  大刘> 我带啤酒
        """,
    )
    c.expect("unanswered", ("32 20:10", "32 20:12"), about="晓雯", event="q")


def two_questions_at_once_and_crossed_answers(c: Community) -> None:
    """Two members asked one after the other; the answers came crosswise, without links, and it is plain whose is whose."""
    old(c, links=0.1)
    c.scene(
        "32 15:00",
        """
        +0s   [water] 小何: 请问今天几点停水？
        +20s  [parcel] 雅婷: 东门的快递柜密码是多少？
        +35s  [a1] 老周: 快递柜密码在群公告第二条
        +25s  [a2] 阿梅: 停水是下午两点到五点
        """,
    )
    c.never("unanswered")
    c.asked("parcel", status="answered", answer_event_id="a1")
    c.asked("water", status="answered", answer_event_id="a2")


def a_helper_asks_back_before_answering(c: Community) -> None:
    """The helper's first response is a question, the asker's second line its answer: both are answered, no alert about either."""
    old(c)
    c.scene(
        "32 15:00",
        """
        +0s   [q] 小何: 请问绣球现在可以剪枝吗
        +50s  [back] 老周> 是大花绣球还是圆锥绣球？
        +30s  小何: 大花的
        +40s  老周> 那现在不能剪，花后再剪
        """,
    )
    c.never("unanswered")
    c.asked("q", status="answered", answered_by="老周")


def lines_that_look_like_questions_and_ask_nothing(c: Community) -> None:
    """Rhetoric, surprise, politeness, a quoted question: nobody waits for an answer to these."""
    old(c)
    said = {
        "怎么可能，哈哈": "阿杰",
        "不是吧，又下雨": "豆豆",
        "没什么，随便说说": "建国",
        "怎么说呢，一言难尽": "阿珍",
        "这谁受得了啊": "大刘",
        "哪有什么秘诀，浇水而已": "老吴",
        "谁说不是呢": "雅婷",
        "我妈天天问我什么时候结婚，烦死": "晓雯",
    }
    for number, (text, who) in enumerate(said.items()):
        c.says(f"32 {9 + number}:05", who, text, id=f"r{number}")
        c.asked(f"r{number}", status=None)
    c.tolerate("unanswered")


def plain_lines_of_talk(c: Community) -> None:
    """Count me in, an opinion, a tip: everyday lines that the first learned detector took for questions."""
    old(c)
    said = {
        "算我一个": "豆豆",
        "2 算我一个": "雅婷",
        "最近我在琢磨，月季到底是量重要还是质重要，我倾向后者": "小林",
        "我一直在东门那家买海报，还不错": "老周",
        "月季还是东门那家好": "阿梅",
    }
    for number, (text, who) in enumerate(said.items()):
        c.says(f"32 {9 + number}:05", who, text, id=f"p{number}")
        c.asked(f"p{number}", status=None)
    c.tolerate("unanswered")


def the_asker_finds_it_out_alone(c: Community) -> None:
    """Four minutes after asking, the asker wrote that it was solved: nobody needs to act.

    Arguable: nobody else answered. But an alert is for somebody who should do something, and there is nothing to do.
    """
    old(c)
    c.says("32 15:00", "小何", "请问浇水器的定时怎么取消？", id="q")
    c.says("32 15:04", "小何", "不用了，我自己找到了，长按三秒就行")
    c.never("unanswered")


def a_question_in_english(c: Community) -> None:
    """No question mark, plain English: it waits like any other."""
    old(c)
    c.says("32 15:00", "mike", "does anyone know how to reset the sprinkler timer", id="q")
    c.expect("unanswered", ("32 15:04", "32 15:11"), event="q")


def a_member_tells_and_another_asks_for_the_price(c: Community) -> None:
    """A short question of two words in the middle of a talk, answered at once without a link: no alarm."""
    old(c)
    c.scene(
        "32 15:00",
        """
        +0s   阿珍: 今天买的这盆月季真不错
        +20s  豆豆> 多少钱
        +15s  阿珍: 三十五
        +20s  豆豆: 不贵
        """,
    )
    c.never("unanswered")
