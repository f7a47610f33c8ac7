"""The Discord relay: its gateway is a WebSocket that only a bot can hold, so a process of its own holds it.

discord.py keeps the connection (heartbeats, resumption, limits); what is dispatched is read from its raw frames, so that every
event is made by :mod:`producers.discord.events` from what Discord documents, and nothing is kept but what that needs.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import aiohttp
import discord
import msgspec
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from huoqun import log
from producers.discord.events import Groups, Reader
from producers.discord.forwarding import Forwarder, poster
from producers.sources.base import Ignored

MOST_WAITING: Final = 50_000
_DRAIN_SECONDS: Final = 10.0


class RelayError(Exception):
    """Why the relay can't go on; the message says what to do."""


class Settings(NamedTuple):
    """How the relay is run."""

    token: str
    url: str
    key: bytes | None
    source: str
    groups: Groups
    members: bool
    most_waiting: int = MOST_WAITING


class _Frame(msgspec.Struct):
    op: int
    t: str | None = None
    d: msgspec.Raw = msgspec.Raw(b"null")


_frames: Final = msgspec.json.Decoder(_Frame)


class Relay(discord.Client):
    """A bot that says nothing: every dispatch is read, and the events go to ``forwarder``."""

    def __init__(
        self,
        reader: Reader,
        forwarder: Forwarder,
        *,
        members: bool,
        clock: Callable[[], int],
        registry: CollectorRegistry,
    ) -> None:
        super().__init__(
            intents=_intents(members=members),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            enable_debug_events=True,  # which is how raw frames are had
        )
        self._reader = reader
        self._forwarder = forwarder
        self._clock = clock
        self._log = log.get("relay")
        self._events = Counter("huoqun_relay_events", "Events read, by type.", ["type"], registry=registry)
        self._ignored = Counter("huoqun_relay_ignored", "Dispatches that carry no event.", ["what"], registry=registry)
        registry.register(_Forwarded(forwarder))

    async def on_socket_raw_receive(self, message: str | bytes) -> None:
        """Take one frame. Nothing in it may end the connection."""
        try:
            frame = _frames.decode(message)
            if frame.op != 0 or frame.t not in self._reader.kinds:
                return
            found = self._reader.read(frame.t, msgspec.json.decode(frame.d), self._clock())
        except Exception as error:  # noqa: BLE001  # one bad dispatch must not cost the others
            self._log.error("a dispatch can't be read", error=type(error).__name__, exc_info=error)
            self._ignored.labels("unreadable").inc()
            return
        if isinstance(found, Ignored):
            self._ignored.labels(found.what).inc()
            return
        for event in found:
            self._events.labels(event["type"]).inc()
            self._forwarder.put(event)

    async def on_ready(self) -> None:
        """Say that all is well."""
        self._log.info("connected to Discord", servers=len(self.guilds))


class _Forwarded(Collector):
    def __init__(self, forwarder: Forwarder) -> None:
        self._forwarder = forwarder

    def collect(self) -> list[Any]:
        counts = CounterMetricFamily("huoqun_relay_forwarded", "What became of the events.", labels=["outcome"])
        for name in ("accepted", "refused", "dropped", "retries"):
            counts.add_metric([name], self._forwarder.counts[name])
        waiting = GaugeMetricFamily("huoqun_relay_waiting_events", "Events that the gateway does not have yet.")
        waiting.add_metric([], self._forwarder.waiting)
        return [counts, waiting]


def _intents(*, members: bool) -> discord.Intents:
    intents = discord.Intents.none()
    intents.guilds = True
    intents.guild_messages = True
    intents.guild_reactions = True
    intents.moderation = True
    intents.message_content = True
    intents.members = members
    return intents


async def run(settings: Settings, *, clock: Callable[[], int], registry: CollectorRegistry) -> None:
    """Relay until SIGTERM or SIGINT, then bring home what waits. Raises :class:`RelayError`."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with aiohttp.ClientSession() as session:
        forwarder = Forwarder(
            poster(session, settings.url),
            key=settings.key,
            source=settings.source,
            most=settings.most_waiting,
            clock=clock,
        )
        reader = Reader(groups=settings.groups, members=settings.members)
        relay = Relay(reader, forwarder, members=settings.members, clock=clock, registry=registry)
        sending = asyncio.create_task(forwarder.run())
        connected = asyncio.create_task(_hold(relay, settings.token))
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({connected, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if connected.done():
                connected.result()
        finally:
            await relay.close()
            if not await forwarder.drained(_DRAIN_SECONDS):
                log.get("relay").error("ended before the gateway had everything", lost=forwarder.waiting)
            for task in (connected, sending, stopped):
                task.cancel()
            await asyncio.gather(connected, sending, stopped, return_exceptions=True)


async def _hold(relay: Relay, token: str) -> None:
    try:
        await relay.start(token)
    except discord.LoginFailure:
        raise RelayError("Discord does not know this bot token: copy it anew from the developer portal, Bot") from None
    except discord.PrivilegedIntentsRequired:
        raise RelayError(
            "switch on the privileged intents of the bot in the developer portal, Bot: Message Content, and Server Members "
            "(or run with --no-members, which misses leaves)"
        ) from None
    except (aiohttp.ClientError, OSError) as error:
        raise RelayError(f"Discord can't be reached: {type(error).__name__}") from None
    except discord.DiscordException as error:
        raise RelayError(f"the connection to Discord ended: {error}") from None
    except Exception as error:  # noqa: BLE001  # its parsers trust what they are sent
        log.get("relay").error("discord.py can't go on", error=type(error).__name__, exc_info=error)
        raise RelayError(f"discord.py can't go on ({type(error).__name__}): start again, or update it") from None
