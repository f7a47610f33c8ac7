"""The platforms whose webhooks are understood: each a module with a pure ``open_delivery`` and a pure ``parse``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from producers.sources import (
    cloudevents,
    dingtalk,
    dingtalk_events,
    feishu,
    github_style,
    matrix,
    mattermost,
    onebot11,
    onebot12,
    qqbot,
    rocketchat,
    slack,
    telegram,
    wecom,
    wecom_archive,
    wecom_bot,
    zulip,
)
from producers.sources.base import Platform

PLATFORMS: Final[Mapping[str, Platform]] = {
    "cloudevents": cloudevents.WEBHOOK,
    "dingtalk": dingtalk.WEBHOOK,
    "dingtalk_events": dingtalk_events.WEBHOOK,
    "feishu": feishu.WEBHOOK,
    "github_style": github_style.WEBHOOK,
    "matrix": matrix.WEBHOOK,
    "mattermost": mattermost.WEBHOOK,
    "onebot11": onebot11.WEBHOOK,
    "onebot12": onebot12.WEBHOOK,
    "qqbot": qqbot.WEBHOOK,
    "rocketchat": rocketchat.WEBHOOK,
    "slack": slack.WEBHOOK,
    "telegram": telegram.WEBHOOK,
    "wecom": wecom.WEBHOOK,
    "wecom_archive": wecom_archive.WEBHOOK,
    "wecom_bot": wecom_bot.WEBHOOK,
    "zulip": zulip.WEBHOOK,
}
"""Source kind -> how it is spoken to."""
