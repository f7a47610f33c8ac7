"""One community: how it lives, who carries it."""

from __future__ import annotations

from typing import Final

from dashboards.panels import Board, Field, Panel, Row, Text
from dashboards.words import KPIS, LAYERS, ROLES, WHO_ANSWERS

_FIRST: Final = Row(
    title=Text("这类群先看什么", "What counts in this kind of group"),
    panels=(
        Panel(
            name="group_kpis",
            query="group_kpis",
            title=Text("关键指标：最近七天和之前七天", "Key figures: the last seven days, and the seven before"),
            reading=Text(
                "最要紧的在最上面，看哪些由群的类型决定：买卖群看成交，学习群看有没有人回。连着两周变差就要管。",
                "The most telling first; which, the kind of group decides: sales where people buy, replies where they learn. "
                "Worse two weeks in a row wants somebody.",
            ),
            shape="table",
            fields=(
                Field(column="kpi", title=Text("指标", "Figure"), unit="text", words=KPIS, width=300),
                Field(column="now", title=Text("最近七天", "Last 7 days"), unit="text", width=110),
                Field(column="before", title=Text("之前七天", "7 days before"), unit="text", width=110),
            ),
            width=24,
            height=6,
        ),
    ),
)
_NOW: Final = Row(
    title=Text("这两天", "These two days"),
    panels=(
        Panel(
            name="group_activity",
            query="group_activity",
            title=Text("最近一小时的消息和说话的人", "Messages and speakers of the last hour"),
            reading=Text(
                "每分钟看一次前一个小时。两条线贴近，说明不是几个人在刷。",
                "Each minute looks back an hour. The closer the two lines, the more people share the talk.",
            ),
            shape="steps",
            x="window_end",
            fields=(
                Field(column="messages", title=Text("消息", "messages")),
                Field(column="speakers", title=Text("说话的人", "speakers")),
            ),
        ),
        Panel(
            name="group_reply_rate",
            query="group_activity",
            title=Text("回复率", "Reply rate"),
            reading=Text(
                "半小时内有人接话的消息占多少。长期低于 30% 的群在自说自话。",
                "The share of messages that drew a reply within half an hour. For long below 30 %: nobody listens.",
            ),
            shape="steps",
            x="window_end",
            fields=(
                Field(column="reply_rate", title=Text("回复率", "reply rate"), unit="share"),
                Field(column="top5_share", title=Text("最活跃五人占比", "share of the five busiest"), unit="share"),
            ),
        ),
    ),
)
_LIFE: Final = Row(
    title=Text("走势", "Over time"),
    panels=(
        Panel(
            name="group_messages_by_day",
            query="group_messages_by_day",
            title=Text("每天的消息", "Messages by day"),
            reading=Text(
                "看几周的走向，不看一天。",
                "Look at the direction over weeks, not at a day.",
            ),
            shape="bars",
            x="day",
            fields=(
                Field(column="messages", title=Text("消息", "messages")),
                Field(column="staff_messages", title=Text("其中管理员", "of them by staff")),
            ),
        ),
        Panel(
            name="group_speakers_by_day",
            query="group_speakers_by_day",
            title=Text("每天说话的人", "Speakers by day"),
            reading=Text(
                "不含管理员和机器人。比消息数更能说明群是不是活着。",
                "Without staff and bots. Tells better than messages whether a group lives.",
            ),
            shape="lines",
            x="day",
            fields=(Field(column="speakers", title=Text("说话的人", "speakers")),),
        ),
        Panel(
            name="heat_map",
            query="heat_map",
            title=Text("什么时候在聊", "When it talks"),
            reading=Text(
                "行是星期几，列是几点。在深色的时段发通知、安排人值班。",
                "Rows are weekdays (1 is Monday), columns hours. Announce and be present where it is dark.",
            ),
            shape="matrix",
            x="hour_of_day",
            by="weekday",
            fields=(Field(column="messages", title=Text("消息", "messages")),),
            width=14,
            height=9,
        ),
        Panel(
            name="group_answer_times",
            query="group_answer_times",
            title=Text("首次回答要多久（中位数）", "Time to the first answer (median)"),
            reading=Text(
                "成员答得比管理员快，群就活了。",
                "Where members answer faster than staff, the group lives by itself.",
            ),
            shape="lines",
            x="day",
            by="answered_by",
            fields=(Field(column="median_seconds", title=Text("中位数", "median"), unit="seconds", words=WHO_ANSWERS),),
            width=10,
            height=9,
        ),
        Panel(
            name="group_leaves_by_hour",
            query="group_leaves_by_hour",
            title=Text("每小时入群和退群", "Joined and left by hour"),
            reading=Text(
                "被请出的不算人心散了；自己走的成串出现，看前半小时发生了什么。",
                "Those removed are not people leaving; a string of others asks what happened in the half hour before.",
            ),
            shape="bars",
            x="hour",
            fields=(
                Field(column="joins", title=Text("入群", "joined")),
                Field(column="leaves", title=Text("退群", "left")),
                Field(column="removed", title=Text("其中被请出", "of them removed")),
            ),
            width=24,
        ),
    ),
)
_PEOPLE: Final = Row(
    title=Text("谁撑着这个群", "Who carries it"),
    panels=(
        Panel(
            name="top_speakers",
            query="top_speakers",
            title=Text("28 天里说得最多的人", "Those who spoke most within 28 days"),
            reading=Text(
                "前几个人走了群就散：先私下谢谢他们，再培养接班的人。",
                "If the first few go, so does the group: thank them in private, and find who may follow them.",
            ),
            shape="table",
            fields=(
                Field(column="user_name", title=Text("名字", "Name"), unit="text"),
                Field(column="user_id", title=Text("成员", "Member"), unit="text"),
                Field(column="role", title=Text("角色", "Role"), unit="text", words=ROLES, width=110),
                Field(column="layer", title=Text("层次", "Layer"), unit="text", words=LAYERS, width=110),
                Field(column="messages", title=Text("消息", "Messages"), width=90),
                Field(column="days", title=Text("发言天数", "Days"), width=90),
                Field(column="last_message_at", title=Text("最后发言", "Last message"), unit="time", width=150),
            ),
            width=24,
            height=10,
        ),
    ),
)

BOARD: Final = Board(
    name="community",
    title=Text("单个群", "One community"),
    about=Text("这个群怎么样，谁撑着它。", "How it is, and who carries it."),
    rows=(_FIRST, _NOW, _LIFE, _PEOPLE),
    variables=("community", "zone"),
)
