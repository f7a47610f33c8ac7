"""Words that several boards use; those of alerts, severities and stages are the report's."""

from __future__ import annotations

from typing import Final, get_args

from dashboards.panels import Field, Text
from huoqun.report import words
from huoqun.results import AlertKind


def _text(both: str) -> Text:
    return Text(words.said(both, "zh"), words.said(both, "en"))


def _word(name: str) -> tuple[str, Text]:
    return name, _text(words.KINDS[name])


KINDS: Final = (
    ("commerce", Text("买卖", "commerce")),
    ("interest", Text("兴趣", "interest")),
    ("fan", Text("粉丝", "fan")),
    ("learning", Text("学习", "learning")),
)
STAGES: Final = tuple((name, _text(both)) for name, both in words.STAGES.items())
ALERTS: Final = tuple(_word(name) for name in get_args(AlertKind))
SEVERITIES: Final = tuple((name, _text(both)) for name, both in words.SEVERITIES.items())
ASKED: Final = tuple(_word(name) for name in ("question", "newcomer", "mention"))
WHO_ANSWERS: Final = (("staff", Text("管理员", "staff")), ("members", Text("成员", "members")))
ROLES: Final = (
    ("thinker", Text("发起者", "thinker")),
    ("critic", Text("质疑者", "critic")),
    ("helper", Text("热心人", "helper")),
    ("onlooker", Text("旁观者", "onlooker")),
    ("silent", Text("沉默者", "silent")),
)
LAYERS: Final = (
    ("leader", Text("领头", "leader")),
    ("core", Text("核心", "core")),
    ("ordinary", Text("普通", "ordinary")),
)

KPIS: Final = (
    ("conversions", Text("成交和转化", "conversions")),
    (
        "value_cadence",
        Text("每天有价值的内容（有三人以上接话）", "messages of value a day (three or more took them up)"),
    ),
    ("staff_reply_rate", Text("管理员的回复率", "reply rate of staff")),
    ("net_growth", Text("净增成员（入群减退群）", "net growth (joined less left)")),
    ("mesh_index", Text("成员之间的往来占比", "pairs that are between members")),
    ("active_ratio", Text("说过话的成员占比", "members who spoke")),
    ("reply_rate", Text("回复率", "reply rate")),
    ("same_faces", Text("上周也说过话的占比", "speakers who also spoke the week before")),
    ("new_faces", Text("新面孔的消息占比", "messages by new faces")),
    ("check_in_people", Text("打卡的人", "members who checked in")),
)

PLATFORM: Final = Field(column="platform", title=Text("平台", "Platform"), unit="text", width=90)
GROUP: Final = Field(column="group_id", title=Text("群", "Group"), unit="text", opens="community", width=160)
PERSON: Final = Field(column="user_id", title=Text("成员", "Member"), unit="text", width=140)
WHY: Final = Field(column="reasons", title=Text("原因", "Why"), unit="text")
