"""The report's words in Chinese and English."""

from __future__ import annotations

from typing import Final, Literal

Lang = Literal["both", "zh", "en"]

BETWEEN: Final = " · "
"""Between the Chinese and the English of one text, here and in the titles and reasons that the streams write."""

KINDS: Final = {
    "unanswered": "无人回应 · unanswered",
    "leave_burst": "接连退群 · leave burst",
    "newcomer_at_risk": "新人可能流失 · newcomer at risk",
    "member_at_risk": "成员可能流失 · member at risk",
    "group_fading": "群在变冷 · group fading",
    "group_dormant": "群已沉寂 · group dormant",
    "false_activity": "虚假活跃 · false activity",
    "advertising": "广告 · advertising",
    "flood": "刷屏 · flood",
    "quarrel": "争吵 · quarrel",
    "silence_after_broadcast": "公告无人响应 · silence after broadcast",
    "shouting_into_void": "对空喊话 · shouting into the void",
    "source_silent": "数据源无声 · source silent",
    "invited_crowd": "拉来的人不说话 · silent invited crowd",
    "purpose_ended": "群的使命已完成 · purpose ended",
    "question": "提问 · question",
    "newcomer": "新人首言 · first message",
    "mention": "找管理 · asks staff",
}
SEVERITIES: Final = {
    "critical": "紧急 · critical",
    "warning": "警告 · warning",
    "info": "提示 · info",
}
STAGES: Final = {
    "forming": "成形 · forming",
    "blending": "融合 · blending",
    "acting_together": "协作 · acting together",
    "fading": "变冷 · fading",
    "dormant": "沉寂 · dormant",
    "dead": "消亡 · dead",
}


def said(text: str, lang: Lang) -> str:
    """Return the part of a two-language text that ``lang`` asks for; a text in one language is returned as it is."""
    zh, between, en = text.partition(BETWEEN)
    if lang == "both" or not between:
        return text
    return zh if lang == "zh" else en


def duration(ms: int) -> str:
    """Return a length of time in at most two units: ``45 s``, ``12 min``, ``3 h 5 min``, ``2 d 4 h``."""
    seconds = max(0, ms) // 1000
    if seconds < 60:  # noqa: PLR2004  # a minute
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:  # noqa: PLR2004  # an hour
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:  # noqa: PLR2004  # a day
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours and days < 10 else f"{days} d"  # noqa: PLR2004  # hours stop mattering


def short(text: str, most: int) -> str:
    """Return ``text`` on one line and at most ``most`` characters, cut with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
