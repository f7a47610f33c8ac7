"""The answer desk: what waits for an answer, and how well questions are answered."""

from __future__ import annotations

from typing import Final

from dashboards.panels import Board, Field, Panel, Row, Text
from dashboards.words import ASKED, GROUP, PERSON, PLATFORM, WHO_ANSWERS

_WAITING: Final = Row(
    title=Text("待答", "Waiting"),
    panels=(
        Panel(
            name="open_questions",
            query="open_questions",
            title=Text("等着回答的问题", "Questions that wait for an answer"),
            reading=Text(
                "超时的在前。没有回应就没有出路：新群里漏掉一个问题，常常就少了一个人。",
                "Those past their time first. In a young group a question missed is often a member lost.",
            ),
            shape="table",
            fields=(
                PLATFORM,
                GROUP,
                PERSON,
                Field(column="kind", title=Text("是什么", "Kind"), unit="text", words=ASKED, width=110),
                Field(
                    column="waiting_seconds",
                    title=Text("等了", "Waits"),
                    unit="seconds",
                    levels=((None, "plain"), (600, "warning"), (1800, "bad")),
                    width=110,
                ),
                Field(column="overdue", title=Text("超时", "Overdue"), levels=((None, "plain"), (1, "bad")), width=80),
                Field(column="asked_at", title=Text("提问时间", "Asked"), unit="time", width=150),
                Field(column="due_at", title=Text("期限", "Due"), unit="time", width=150),
            ),
            width=24,
            height=10,
        ),
    ),
)
_HOW_WELL: Final = Row(
    title=Text("答得怎样", "How well"),
    panels=(
        Panel(
            name="deadline_misses",
            query="deadline_misses",
            title=Text("每天的问题和超时", "Questions and missed deadlines by day"),
            reading=Text(
                "超时的比提问的少得多才正常；连续几天变多，要排班或请热心人。",
                "Far fewer missed than asked is normal; rising for days, staff the hours or ask the helpers.",
            ),
            shape="bars",
            x="day",
            fields=(
                Field(column="questions", title=Text("提问", "asked")),
                Field(column="missed", title=Text("超时", "missed")),
            ),
        ),
        Panel(
            name="answer_times",
            query="answer_times",
            title=Text("首次回答要多久（中位数）", "Time to the first answer (median)"),
            reading=Text(
                "成员答得比管理员快，群就活了。",
                "Where members answer faster than staff, the group lives by itself.",
            ),
            shape="lines",
            x="day",
            by="answered_by",
            fields=(Field(column="median_seconds", title=Text("中位数", "median"), unit="seconds", words=WHO_ANSWERS),),
        ),
        Panel(
            name="answers_by_whom",
            query="answer_times",
            title=Text("谁在回答", "Who answers"),
            reading=Text(
                "全靠管理员回答的群离不开管理员。",
                "A group in which only staff answers cannot do without them.",
            ),
            shape="stacked",
            x="day",
            by="answered_by",
            fields=(Field(column="answers", title=Text("回答", "answers"), words=WHO_ANSWERS),),
        ),
    ),
)

BOARD: Final = Board(
    name="answers",
    title=Text("答疑台", "Answer desk"),
    about=Text("谁的问题还没人理，平时答得有多快。", "Whose question waits, and how fast answers come."),
    rows=(_WAITING, _HOW_WELL),
    since="now-14d",
    refresh="10s",
)
