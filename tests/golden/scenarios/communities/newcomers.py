"""Newcomers: the first week."""

from __future__ import annotations

from tests.golden.scenarios.language import Community
from tests.golden.scenarios.usual import settled


def a_newcomer_is_welcomed_and_stays(c: Community) -> None:
    """She said hello, was welcomed within a minute, asked something on the third day and was answered: no work for staff."""
    settled(c, 22, a_day=5)
    c.joins("10 19:00", "新邻居")
    c.scene(
        "10 19:10",
        """
        +0s  新邻居: 大家好，五号楼的
        +50s 阿梅> 欢迎欢迎
        """,
    )
    c.scene(
        "12 20:00",
        """
        +0s  [q] 新邻居: 请问多肉晒伤了还能救吗
        +80s 老周> 能，移到散光处
        +60s 新邻居> 谢谢
        """,
    )
    c.never("newcomer_at_risk", "unanswered")


def a_newcomer_says_nothing(c: Community) -> None:
    """He joined and was never heard: on the fourth day at the latest staff should think of him, while the first week lasts."""
    settled(c, 22, a_day=5)
    c.joins("10 19:00", "沉默新人", by="阿梅")
    c.expect("newcomer_at_risk", ("13 00:00", "14 12:00"), about="沉默新人", because="3")


def a_newcomer_speaks_and_nobody_responds(c: Community) -> None:
    """She said hello into a busy evening, nobody took it up; she is told of at once as unanswered, and as at risk within days."""
    settled(c, 22, a_day=5)
    c.joins("10 19:00", "小新")
    c.says("10 19:30", "小新", "大家好，我是新来的小新", id="hello")
    c.expect("unanswered", ("10 19:34:30", "10 19:36"), about="小新")
    c.expect("newcomer_at_risk", ("12 00:00", "14 12:00"), about="小新", because="没人回应|respon")


def a_silent_newcomer_is_greeted_and_answers(c: Community) -> None:
    """On the fifth day the owner wrote to him by name, he answered and they talked: the alert is resolved by that."""
    settled(c, 22, a_day=5)
    c.joins("10 19:00", "沉默新人")
    c.scene(
        "15 20:00",
        """
        +0s  群主: @沉默新人 欢迎呀，家里养了什么
        +90s 沉默新人> 两盆茉莉，刚养
        +40s 群主> 好养的，有问题随时问
        """,
    )
    c.expect("newcomer_at_risk", ("13 00:00", "14 12:00"), about="沉默新人", resolved_by="15 20:05")


def a_passer_by_joins_and_leaves_on_the_same_day(c: Community) -> None:
    """Joined at noon, gone by evening: nobody to welcome any more."""
    settled(c, 18, a_day=5)
    c.joins("10 12:00", "路人")
    c.leaves("10 19:00", "路人")
    c.never("newcomer_at_risk", "leave_burst")


def staff_and_bots_join(c: Community) -> None:
    """A second admin and a bot were added and said nothing: no newcomers."""
    settled(c, 18, a_day=5, staff="群主 二管", bots="签到机")
    c.joins("10 12:00", "二管")
    c.joins("10 12:01", "签到机")
    c.never("newcomer_at_risk")
