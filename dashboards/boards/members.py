"""Members and churn: who is about to go, whom to greet, who stays how long, and what drove people away."""

from __future__ import annotations

from typing import Final

from dashboards.panels import Board, Field, Panel, Row, Text
from dashboards.words import GROUP, PERSON, PLATFORM, ROLES, WHY

_RISK: Final = Row(
    title=Text("谁可能要走", "Who may go"),
    panels=(
        Panel(
            name="members_at_risk",
            query="members_at_risk",
            title=Text("该挽回的人", "Members to win back"),
            reading=Text(
                "风险是 30 天内不再说话的概率。先看常来的人：一句私下的问候就够。",
                "Risk is the probability of 30 silent days. Regulars first: a private word is often enough.",
            ),
            shape="table",
            fields=(
                PLATFORM,
                GROUP,
                Field(column="user_name", title=Text("名字", "Name"), unit="text", width=140),
                PERSON,
                Field(column="role", title=Text("角色", "Role"), unit="text", words=ROLES, width=90),
                Field(
                    column="risk",
                    title=Text("风险", "Risk"),
                    unit="share",
                    levels=((None, "plain"), (0.25, "warning"), (0.5, "bad")),
                    width=80,
                ),
                Field(column="messages_28d", title=Text("28 天消息", "Messages 28 d"), width=110),
                Field(column="last_message_at", title=Text("最后发言", "Last message"), unit="time", width=150),
                Field(column="risk_reasons", title=Text("原因", "Why"), unit="text"),
            ),
            width=24,
            height=11,
        ),
    ),
)
_STAY: Final = Row(
    title=Text("谁留下来", "Who stays"),
    panels=(
        Panel(
            name="retention",
            query="retention",
            title=Text("入群后第几周还说话（按入群周）", "Speaking so many weeks after joining, by week of joining"),
            reading=Text(
                "横着看一批人怎样变少，竖着看后来的人是不是留得更好。",
                "Along a row a cohort thins out; down a column later cohorts do better or worse.",
            ),
            shape="matrix",
            x="weeks",
            by="cohort",
            fields=(Field(column="share", title=Text("比例", "share"), unit="share"),),
            width=14,
            height=10,
        ),
        Panel(
            name="survival",
            query="survival",
            title=Text("入群后第几周还在（按入群月）", "Still there so many weeks after joining, by month of joining"),
            reading=Text(
                "每条线是一个月入群的人（Kaplan-Meier，没走的人按已经待的时间算）。头几周掉得最快，那里最值得下功夫。",
                "A line for each month's joiners (Kaplan-Meier: who is still there counts as long as they have been). "
                "The first weeks fall fastest; that is where care pays most.",
            ),
            shape="curves",
            x="week",
            by="month",
            fields=(Field(column="survival", title=Text("还在的比例", "share still there"), unit="share"),),
            width=10,
            height=10,
        ),
    ),
)
_GONE: Final = Row(
    title=Text("什么把人赶走了", "What drove people away"),
    panels=(
        Panel(
            name="leave_bursts",
            query="leave_bursts",
            title=Text("接连退群和之前发生的事", "Leave bursts and what had happened"),
            reading=Text(
                "原因里写着前半小时的广告、刷屏、争吵、公告。同一个原因第二次出现就要立规矩。",
                "The reasons name ads, floods, quarrels, announcements of the half hour before. Twice the same: make a rule.",
            ),
            shape="table",
            fields=(
                PLATFORM,
                GROUP,
                Field(column="raised_at", title=Text("时间", "When"), unit="time", width=150),
                Field(column="title", title=Text("什么事", "What"), unit="text"),
                WHY,
                Field(column="state", title=Text("状态", "State"), unit="text", width=90),
            ),
            width=24,
            height=9,
        ),
    ),
)

BOARD: Final = Board(
    name="members",
    title=Text("成员与流失", "Members and churn"),
    about=Text("谁可能要走，谁留下来，什么把人赶走了。", "Who may go, who stays, and what drove people away."),
    rows=(_RISK, _STAY, _GONE),
    since="now-90d",
    refresh="5m",
)
