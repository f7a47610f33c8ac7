"""The senders: how a notice becomes each service's own request, and its answer an outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from huoqun import standard_webhooks
from huoqun.notify_config import ChannelKind, Notify, NotifyChannel
from sinks.notify.channels import pagerduty
from sinks.notify.channels.alertmanager import Alertmanager
from sinks.notify.channels.base import Poster
from sinks.notify.channels.dingtalk import DingTalk
from sinks.notify.channels.feishu import Feishu
from sinks.notify.channels.pagerduty import PagerDuty
from sinks.notify.channels.webhook import Webhook
from sinks.notify.channels.wecom import WeCom
from sinks.notify.notice import Channel
from sinks.notify.outbound import Outbound
from sinks.notify.targets import Allowed, Forbidden, allowed, inside, target

_POSTERS: Final[dict[ChannelKind, Callable[[Outbound, str, str], Poster]]] = {
    "feishu": Feishu,
    "dingtalk": DingTalk,
    "wecom": WeCom,
    "webhook": Webhook,
    "alertmanager": Alertmanager,
    "pagerduty": PagerDuty,
}
_HTTPS: Final = frozenset({"feishu", "dingtalk", "wecom", "pagerduty"})
"""Their addresses or bodies hold the secret: never in the clear, but to a proxy of one's own."""


def open_channel(channel: NotifyChannel, notify: Notify, environ: Mapping[str, str]) -> Channel | str:
    """Open a configured channel, or say why it can't be: the variable to set and how, and no secret.

    Nothing is connected to. Call it where an event loop runs.
    """
    opened = allowed(each for each in notify.allow_private.split(",") if each.strip())
    if isinstance(opened, Forbidden):
        return f"notify.allow_private: {opened.why}"
    for variable in (channel.url_env, channel.secret_env):
        if variable and not environ.get(variable, "").strip():
            return f"the environment variable {variable} is not set: docs/notify.md says what belongs there"
    url = environ.get(channel.url_env, "").strip() if channel.url_env else ""
    secret = environ.get(channel.secret_env, "").strip() if channel.secret_env else ""
    if channel.kind == "apprise":
        return _by_apprise(channel, url, opened)
    if channel.kind == "pagerduty":
        url = url or pagerduty.URL
    wrong = _wrong(channel, url, secret, opened)
    return wrong or _POSTERS[channel.kind](Outbound(opened), url, secret)


def _wrong(channel: NotifyChannel, url: str, secret: str, opened: Allowed) -> str:
    found = target(url)
    if isinstance(found, Forbidden):
        return f"the environment variable {channel.url_env}: {found.why}"
    if channel.kind in _HTTPS and found.url.scheme != "https" and not inside(found.host, opened):
        return f"the environment variable {channel.url_env}: a {channel.kind} address begins with https://"
    if channel.kind == "webhook" and secret and standard_webhooks.shared_key(secret) is None:
        least = standard_webhooks.MIN_KEY_BYTES
        return f"the environment variable {channel.secret_env}: must be whsec_ and base64 of at least {least} bytes"
    return ""


def _by_apprise(channel: NotifyChannel, url: str, opened: Allowed) -> Channel | str:
    from sinks.notify.channels import by_apprise  # noqa: PLC0415  # half a second, for those who use it

    found = by_apprise.opened(url, opened)
    return f"the environment variable {channel.url_env}: {found}" if isinstance(found, str) else found
