"""The relay against a Discord made here: discord.py logs in, is greeted, and what is dispatched arrives at a gateway."""

import asyncio
import json
import os
import signal
from typing import Any

import discord
import pytest
import yarl
from aiohttp import WSMsgType, web
from click.testing import CliRunner
from prometheus_client import CollectorRegistry, generate_latest

from huoqun.cli import main
from producers.discord import relay as discord_relay
from producers.discord.events import Reader
from producers.discord.forwarding import Answer, Forwarder
from producers.discord.relay import Relay, RelayError, Settings, run
from tests.support.discord import ADA, ASKED, BOT, HELP, MEI, PEOPLE, SERVER, member, message, server, snowflake
from tests.support.gateway_kit import SIGNED, gateway
from tests.support.specimens.base import NOW
from tests.unit.producers.test_forwarding import KEY

TOKEN = "a.bot.token"


def as_json(document: Any, status: int = 200) -> web.Response:
    """Answer as Discord does, without a charset: discord.py would not take it for JSON."""
    return web.Response(body=json.dumps(document).encode(), status=status, content_type="application/json")


class Discord:
    """As much of Discord as a bot needs to log in: https://docs.discord.com/developers/events/gateway."""

    def __init__(self) -> None:
        self.identified: list[dict[str, Any]] = []
        self.dispatches: list[tuple[str, Any]] = []
        self.close_with = 0

    async def me(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bot {TOKEN}":
            return as_json({"message": "401: Unauthorized", "code": 0}, 401)
        return as_json(PEOPLE[BOT])

    async def application(self, _request: web.Request) -> web.Response:
        return as_json(
            {"id": BOT, "name": "huoqun", "icon": None, "description": "", "verify_key": "", "flags": 0, "summary": ""}
            | {"bot_public": True, "bot_require_code_grant": False, "owner": PEOPLE[ADA], "team": None}
        )

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 41_250}})
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                break
            said = json.loads(frame.data)
            if said["op"] == 1:
                await socket.send_json({"op": 11})
            if said["op"] == 2:
                self.identified.append(said["d"])
                if self.close_with:
                    await socket.close(code=self.close_with)
                    break
                await self._talk(socket)
        return socket

    async def _talk(self, socket: web.WebSocketResponse) -> None:
        ready = {
            "v": 10,
            "user": PEOPLE[BOT],
            "guilds": [{"id": SERVER, "unavailable": True}],
            "session_id": "s",
            "resume_gateway_url": "ws://127.0.0.1:9/",
            "application": {"id": BOT, "flags": 0},
        }
        for number, (kind, data) in enumerate([("READY", ready), *self.dispatches], 1):
            await socket.send_json({"op": 0, "t": kind, "s": number, "d": data})


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what runs a test beside a Discord that discord.py takes for the real one."""

    def runner(test: Any) -> None:
        async def main() -> None:
            made = Discord()
            app = web.Application()
            app.router.add_get("/api/v10/users/@me", made.me)
            app.router.add_get("/api/v10/oauth2/applications/@me", made.application)
            app.router.add_get("/", made.socket)
            served = web.AppRunner(app, shutdown_timeout=0.1)
            await served.setup()
            await web.TCPSite(served, "127.0.0.1", 0).start()
            port = served.addresses[0][1]
            monkeypatch.setattr(discord.http.Route, "BASE", f"http://127.0.0.1:{port}/api/v10")
            monkeypatch.setattr(
                discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(f"ws://127.0.0.1:{port}/")
            )
            try:
                await test(made)
            finally:
                await served.cleanup()

        asyncio.run(main())

    return runner


def test_what_discord_dispatches_arrives_at_the_gateway(here: Any) -> None:
    async def test(made: Discord) -> None:
        reply = {"type": 0, "message_id": ASKED, "channel_id": HELP, "guild_id": SERVER}
        made.dispatches = [
            ("GUILD_CREATE", server()),
            ("MESSAGE_CREATE", message()),
            ("TYPING_START", {"guild_id": SERVER, "channel_id": HELP, "user_id": ADA, "timestamp": NOW // 1000}),
            ("MESSAGE_CREATE", message("water less", MEI, id=snowflake(NOW - 9000), type=19, message_reference=reply)),
            ("GUILD_MEMBER_REMOVE", {"guild_id": SERVER, "user": PEOPLE[MEI]}),
        ]
        registry = CollectorRegistry()
        async with gateway(SIGNED) as kit:
            settings = Settings(TOKEN, kit.address, KEY, "discord", "server", members=True)
            relay = asyncio.create_task(run(settings, clock=lambda: kit.clock[0], registry=registry))
            for _ in range(600):
                if len(kit.stored()) == 4 or relay.done():
                    break
                await asyncio.sleep(0.05)
            os.kill(os.getpid(), signal.SIGTERM)
            await relay
            stored = kit.stored()
        assert sorted(e["type"] for e in stored) == ["leave", "member_count", "message", "message"]
        assert {(e["group_id"], e["source"]) for e in stored} == {(SERVER, "discord")}
        (answer,) = [e for e in stored if e.get("reply_to")]
        assert answer["reply_to"] == f"{SERVER}:{ASKED}"
        said = generate_latest(registry).decode()
        assert 'huoqun_relay_events_total{type="message"} 2.0' in said
        assert 'huoqun_relay_forwarded_total{outcome="accepted"} 4.0' in said
        assert "huoqun_relay_waiting_events 0.0" in said
        wanted = discord.Intents(made.identified[0]["intents"])
        assert wanted.members
        assert wanted.message_content
        assert not wanted.presences
        assert not wanted.dm_messages

    here(test)


@pytest.mark.parametrize(
    ("token", "close_with", "why"), [("wrong", 0, "token"), (TOKEN, 4014, "privileged intents"), (TOKEN, 4013, "ended")]
)
def test_why_it_can_not_go_on_is_said(here: Any, token: str, close_with: int, why: str) -> None:
    async def test(made: Discord) -> None:
        made.close_with = close_with
        settings = Settings(token, "http://127.0.0.1:9", None, "discord", "server", members=False)
        with pytest.raises(RelayError, match=why):
            async with asyncio.timeout(30):
                await run(settings, clock=lambda: NOW, registry=CollectorRegistry())

    here(test)


def test_a_dispatch_that_discord_py_can_not_read_ends_the_relay_with_a_word(here: Any) -> None:
    async def test(made: Discord) -> None:
        made.dispatches = [("TYPING_START", {})]
        settings = Settings(TOKEN, "http://127.0.0.1:9", None, "discord", "server", members=True)
        with pytest.raises(RelayError, match="KeyError"):
            async with asyncio.timeout(30):
                await run(settings, clock=lambda: NOW, registry=CollectorRegistry())

    here(test)


def test_a_discord_that_is_away_is_said_to_be() -> None:
    async def test() -> None:
        settings = Settings(TOKEN, "http://127.0.0.1:9", None, "discord", "server", members=True)
        with pytest.raises(RelayError, match="can't be reached"):
            await run(settings, clock=lambda: NOW, registry=CollectorRegistry())

    base, discord.http.Route.BASE = discord.http.Route.BASE, "http://127.0.0.1:9/api/v10"
    try:
        asyncio.run(test())
    finally:
        discord.http.Route.BASE = base


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\xff",
        "{}",
        '{"op":0}',
        '{"op":0,"t":"MESSAGE_CREATE","d":[]}',
        '{"op":0,"t":"MESSAGE_CREATE","d":',
        "[1]",
        '{"op":"x"}',
    ],
)
def test_a_frame_that_can_not_be_read_costs_nothing_else(frame: Any) -> None:
    async def test() -> None:
        async def post(_body: bytes, _headers: Any) -> Answer:
            return Answer(202)

        forwarder = Forwarder(post, key=None, source="x", most=9, clock=lambda: NOW)
        relay = Relay(Reader(), forwarder, members=True, clock=lambda: NOW, registry=CollectorRegistry())
        await relay.on_socket_raw_receive(frame)
        assert forwarder.waiting == 0
        joined = {"op": 0, "t": "GUILD_MEMBER_ADD", "s": 1, "d": member() | {"guild_id": SERVER, "user": PEOPLE[ADA]}}
        await relay.on_socket_raw_receive(json.dumps(joined))
        assert forwarder.waiting == 1
        await relay.close()

    asyncio.run(test())


def test_the_command_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISCORD_BOT_TOKEN", raising=False)
    found = CliRunner().invoke(main, ["relay", "discord"])
    assert found.exit_code == 2
    assert "DISCORD_BOT_TOKEN" in found.output


def test_the_command_ends_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Settings] = []

    async def fails(settings: Settings, **_: Any) -> None:
        asked.append(settings)
        raise RelayError("Discord does not know this bot token")

    monkeypatch.setattr(discord_relay, "run", fails)
    arguments = [
        "relay",
        "discord",
        "--metrics-port",
        "0",
        "--url",
        "http://127.0.0.1:9",
        "--groups",
        "channel",
        "--no-members",
    ]
    found = CliRunner().invoke(main, arguments, env={"DISCORD_BOT_TOKEN": TOKEN})
    assert found.exit_code == 1
    assert "does not know this bot token" in found.output
    assert asked == [Settings(TOKEN, "http://127.0.0.1:9", None, "discord", "channel", members=False)]
