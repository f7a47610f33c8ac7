"""All communities: which live, which fade, which die; those that need somebody first."""

from __future__ import annotations

from typing import Final

from dashboards.panels import Board, Field, Panel, Row, Text
from dashboards.words import ALERTS, GROUP, KINDS, PLATFORM, SEVERITIES, STAGES, WHY

_NOW: Final = Row(
    title=Text("现在", "Now"),
    panels=(
        Panel(
            name="open_alerts",
            query="open_alerts",
            title=Text("现在需要人的事", "What needs somebody now"),
            reading=Text(
                "未处理的提醒，最急的在前。空着才是好事。",
                "Open alerts, the most urgent first. Empty is what you want.",
            ),
            shape="table",
            fields=(
                Field(column="severity", title=Text("程度", "Severity"), unit="text", words=SEVERITIES, width=90),
                Field(column="kind", title=Text("事由", "Kind"), unit="text", words=ALERTS, width=150),
                GROUP,
                Field(column="title", title=Text("什么事", "What"), unit="text"),
                WHY,
                Field(column="raised_at", title=Text("起于", "Since"), unit="time", width=150),
            ),
            width=24,
            height=9,
        ),
        Panel(
            name="communities",
            query="communities",
            title=Text("各群，最需要照看的在前", "Communities, those that need somebody first"),
            reading=Text(
                "健康度 100% 表示和平时一样；低于 50% 要找原因。点群名看这个群。",
                "Health 100 % is as usual; below 50 % look for the reason. Click a group to see it.",
            ),
            shape="table",
            fields=(
                PLATFORM,
                GROUP,
                Field(column="group_name", title=Text("群名", "Name"), unit="text", opens="community"),
                Field(column="kind", title=Text("类型", "Kind"), unit="text", words=KINDS, width=80),
                Field(column="stage", title=Text("阶段", "Stage"), unit="text", words=STAGES, width=100),
                Field(
                    column="health",
                    title=Text("健康", "Health"),
                    unit="share",
                    levels=((None, "bad"), (0.5, "warning"), (0.8, "good")),
                    width=80,
                ),
                Field(column="members", title=Text("成员", "Members"), width=80),
                Field(column="messages_24h", title=Text("24h 消息", "Messages 24 h"), width=90),
                Field(column="joins_24h", title=Text("24h 入群", "Joined 24 h"), width=80),
                Field(column="leaves_24h", title=Text("24h 退群", "Left 24 h"), width=80),
                Field(
                    column="open_questions",
                    title=Text("待答", "Open questions"),
                    levels=((None, "plain"), (1, "warning"), (5, "bad")),
                    width=80,
                ),
                Field(
                    column="critical_alerts",
                    title=Text("紧急", "Critical"),
                    levels=((None, "plain"), (1, "bad")),
                    width=80,
                ),
                Field(column="last_message_at", title=Text("最后发言", "Last message"), unit="time", width=150),
                WHY,
            ),
            width=24,
            height=12,
        ),
    ),
)
_OVER_TIME: Final = Row(
    title=Text("走势", "Over time"),
    panels=(
        Panel(
            name="messages_by_day",
            query="messages_by_day",
            title=Text("每天的消息", "Messages by day"),
            reading=Text(
                "所有选中的群。管理员越说越多而总数不涨，是对空喊话。",
                "All chosen communities. Staff posting more while the total does not grow is shouting into the void.",
            ),
            shape="lines",
            x="day",
            fields=(
                Field(column="messages", title=Text("消息", "messages")),
                Field(column="staff_messages", title=Text("其中管理员", "of them by staff")),
            ),
        ),
        Panel(
            name="speakers_by_day",
            query="speakers_by_day",
            title=Text("每天说话的人", "Speakers by day"),
            reading=Text(
                "每人一天只算一次，不含管理员和机器人。消息多而人少是虚假活跃。",
                "Each person once a day, without staff and bots. Many messages by few people is false activity.",
            ),
            shape="lines",
            x="day",
            fields=(Field(column="speakers", title=Text("说话的人", "speakers")),),
        ),
        Panel(
            name="joins_and_leaves",
            query="messages_by_day",
            title=Text("每天入群和退群", "Joined and left by day"),
            reading=Text(
                "退群突然变多时，看「接连退群」里写的原因。",
                "When leaves jump, see what the leave bursts say had happened.",
            ),
            shape="bars",
            x="day",
            fields=(
                Field(column="joins", title=Text("入群", "joined")),
                Field(column="leaves", title=Text("退群", "left")),
            ),
        ),
        Panel(
            name="alerts_by_day",
            query="alerts_by_day",
            title=Text("每天的提醒", "Alerts by day"),
            reading=Text(
                "一种提醒天天很多，要么真有问题，要么门槛不合适。",
                "A kind that comes often every day is either a real trouble or a threshold that does not fit.",
            ),
            shape="stacked",
            x="day",
            by="kind",
            fields=(Field(column="raised", title=Text("提醒", "alerts"), words=ALERTS),),
        ),
        Panel(
            name="speakers_28_days",
            query="speakers_28_days",
            title=Text("28 天里说过话的人", "People who spoke within 28 days"),
            reading=Text(
                "群名空着的一行是全部：一个人在几个群里说话也只算一次。",
                "The row without a group is everything: who speaks in several groups counts once.",
            ),
            shape="table",
            fields=(PLATFORM, GROUP, Field(column="speakers", title=Text("说话的人", "Speakers"))),
        ),
    ),
)

BOARD: Final = Board(
    name="communities",
    title=Text("全部群", "All communities"),
    about=Text("哪些群活着，哪些在变冷，哪些要马上照看。", "Which live, which fade, and which need somebody now."),
    rows=(_NOW, _OVER_TIME),
)
