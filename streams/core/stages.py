"""The stage of a group's life, decided each midnight: forming, blending, fading, dormant, dead."""

from __future__ import annotations

from typing import Final

from huoqun.results import alert_id
from streams.core.alerts import close_alert, raise_alert
from streams.core.daily import messages_from
from streams.core.history import History
from streams.core.settings import GroupSettings
from streams.core.state import DAY_MS, LONG_DAYS

FADING: Final = 0.5
"""A week below this share of the group's usual week is fading …"""
FADING_OVER: Final = 0.7
"""… until it is above this share again (hysteresis)."""
FADING_LEAST: Final = 20.0
"""Usual weeks below this many messages are too small to fade."""
DORMANT_DAYS: Final = 7
DEAD_DAYS: Final = 28
FORMING_DAYS: Final = 30


def on_day(h: History, settings: GroupSettings, today: int) -> None:
    """Set the life-cycle stage for the day, with the reason for a change."""
    at = today * DAY_MS
    head, life = h.head, h.change_life()
    week = messages_from(life.days, today - 7)
    before = messages_from(life.days, today - LONG_DAYS) - week
    first_day = max(life.first_ts // DAY_MS, today - LONG_DAYS)
    weeks = max(0.0, (today - 7 - first_day) / 7)
    usual = life.usual_week or (before / weeks if weeks >= 1 else 0.0)
    silent = (at - (head.last_member_message or life.first_ts)) // DAY_MS
    stage = "blending"
    reasons: tuple[str, ...] = ()
    share = week / usual if usual else 1.0
    limit = FADING_OVER if life.stage in ("fading", "dormant") else FADING
    if silent >= DEAD_DAYS:
        stage, reasons = "dead", (f"{silent} 天无人发言 · no member spoke for {silent} d",)
    elif silent >= DORMANT_DAYS:
        stage, reasons = "dormant", (f"{silent} 天无人发言 · no member spoke for {silent} d",)
    elif usual >= FADING_LEAST and share < limit:
        stage = "fading"
        reasons = (f"本周 {week} 条，平时每周 {usual:.0f} 条 · {week} messages this week, usually {usual:.0f}",)
    elif at - life.first_ts < FORMING_DAYS * DAY_MS:
        stage = "forming"
    life.health = round(0.0 if stage == "dead" else 0.1 if stage == "dormant" else min(1.0, share), 3)
    life.reasons = reasons
    life.usual_week = usual if stage in {"fading", "dormant", "dead"} else 0.0
    if stage == life.stage:
        return
    life.stage, life.stage_since = stage, at
    fading = alert_id("group_fading", settings.platform, settings.group_id, "")
    dormant = alert_id("group_dormant", settings.platform, settings.group_id, "")
    if stage == "fading":
        raise_alert(
            h,
            settings,
            "group_fading",
            "",
            at=at,
            severity="warning",
            title="群在变冷 · the group is fading",
            reasons=list(reasons),
            evidence={"week": week, "usual_week": round(usual, 1)},
        )
    elif stage == "dormant":
        close_alert(h, fading, at=at, state="expired", reason="已经沉寂 · it has fallen dormant")
        raise_alert(
            h,
            settings,
            "group_dormant",
            "",
            at=at,
            severity="warning",
            title="群已沉寂 · the group is dormant",
            reasons=list(reasons),
            evidence={"silent_days": silent},
        )
    elif stage != "dead":
        close_alert(h, fading, at=at, state="resolved", reason="恢复了 · it has recovered")
        close_alert(h, dormant, at=at, state="resolved", reason="又有人说话了 · people talk again")
