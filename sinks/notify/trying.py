"""A clearly labelled test notice through every channel of a route, and what came of each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from huoqun.clock import now_ms
from huoqun.notify_config import Notify, NotifyChannel, NotifyRoute
from sinks.notify.channels import open_channel
from sinks.notify.notice import Notice, Outcome, Refused


class Tried(NamedTuple):
    """What came of one channel."""

    channel: NotifyChannel
    outcome: Outcome
    took_ms: int


def channels_of(route: NotifyRoute, notify: Notify) -> list[NotifyChannel]:
    """Return all channels that a route tells, those it escalates to last, each once."""
    known = {channel.name: channel for channel in notify.channels}
    return [known[name] for name in dict.fromkeys((*route.channels, *route.escalate_to))]


def tried(route: NotifyRoute, notify: Notify, environ: Mapping[str, str]) -> Sequence[Tried]:
    """Send the test notice, through all channels at once."""
    return asyncio.run(_all(route, notify, environ))


async def _all(route: NotifyRoute, notify: Notify, environ: Mapping[str, str]) -> Sequence[Tried]:
    return await asyncio.gather(*(_one(route, each, notify, environ) for each in channels_of(route, notify)))


async def _one(route: NotifyRoute, channel: NotifyChannel, notify: Notify, environ: Mapping[str, str]) -> Tried:
    began = now_ms()
    opened = open_channel(channel, notify, environ)
    if isinstance(opened, str):
        return Tried(channel, Refused(opened), 0)
    try:
        outcome = await opened.send(
            Notice(
                delivery_id=f"test-{route.name}-{channel.name}-{began}",
                route=route.name,
                channel=channel.name,
                language=channel.language or notify.language,
                step="test",
                at=began,
                link=notify.desk_url,
            )
        )
    finally:
        await opened.close()
    return Tried(channel, outcome, now_ms() - began)
