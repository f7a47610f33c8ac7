"""Words that several boards use."""

from __future__ import annotations

from typing import Final

from dashboards.panels import Field, Text

KINDS: Final = (
    ("commerce", Text("买卖", "commerce")),
    ("interest", Text("兴趣", "interest")),
    ("fan", Text("粉丝", "fan")),
    ("learning", Text("学习", "learning")),
)
STAGES: Final = (
    ("forming", Text("成形", "forming")),
    ("blending", Text("融合", "blending")),
    ("acting_together", Text("协作", "acting together")),
    ("fading", Text("变冷", "fading")),
    ("dormant", Text("沉寂", "dormant")),
    ("dead", Text("消亡", "dead")),
)
ALERTS: Final = (
    ("unanswered", Text("无人回应", "unanswered")),
    ("leave_burst", Text("接连退群", "leave burst")),
    ("newcomer_at_risk", Text("新人可能流失", "newcomer at risk")),
    ("member_at_risk", Text("成员可能流失", "member at risk")),
    ("group_fading", Text("群在变冷", "group fading")),
    ("group_dormant", Text("群已沉寂", "group dormant")),
    ("false_activity", Text("虚假活跃", "false activity")),
    ("advertising", Text("广告", "advertising")),
    ("flood", Text("刷屏", "flood")),
    ("quarrel", Text("争吵", "quarrel")),
    ("silence_after_broadcast", Text("公告无人响应", "silence after broadcast")),
    ("shouting_into_void", Text("对空喊话", "shouting into the void")),
    ("invited_crowd", Text("拉来的人不说话", "silent invited crowd")),
    ("purpose_ended", Text("目标已结束", "purpose ended")),
    ("source_silent", Text("数据源无声", "source silent")),
)
SEVERITIES: Final = (
    ("critical", Text("紧急", "critical")),
    ("warning", Text("警告", "warning")),
    ("info", Text("提示", "info")),
)
ASKED: Final = (
    ("question", Text("提问", "question")),
    ("newcomer", Text("新人首言", "first message")),
    ("mention", Text("找管理", "asks staff")),
)
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

PLATFORM: Final = Field(column="platform", title=Text("平台", "Platform"), unit="text", width=90)
GROUP: Final = Field(column="group_id", title=Text("群", "Group"), unit="text", opens="community", width=160)
PERSON: Final = Field(column="user_id", title=Text("成员", "Member"), unit="text", width=140)
WHY: Final = Field(column="reasons", title=Text("原因", "Why"), unit="text")
