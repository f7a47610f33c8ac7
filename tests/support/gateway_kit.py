"""A gateway in this process: real HTTP over a real socket, the broker in memory, the clock set by the test."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from prometheus_client import CollectorRegistry, generate_latest

from huoqun.config import Config, Gateway, Source
from producers.gateway.admission import read_sources
from producers.gateway.app import App, Running, listen
from producers.gateway.plain import Mask
from producers.publishing.memory import MemoryPublisher

NOW = 1_764_000_000_000
SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G"
QQ_SECRET = "a secret of QQ"
ENVIRONMENT = {"CANONICAL_KEY": SECRET, "QQ_KEY": QQ_SECRET}
SIGNED = (Source(name="relay", kind="canonical", secret_env="CANONICAL_KEY"),)
ONEBOT = (Source(name="qq", kind="onebot11", secret_env="QQ_KEY"),)
NDJSON = {"Content-Type": "application/x-ndjson"}
JSON = {"Content-Type": "application/json"}


@dataclass
class Kit:
    """A running gateway, a client to it, and what has arrived behind it."""

    running: Running
    publisher: MemoryPublisher
    client: aiohttp.ClientSession
    registry: CollectorRegistry
    clock: list[int] = field(default_factory=lambda: [NOW])

    @property
    def address(self) -> str:
        return self.running.address

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    def stored(self) -> list[dict[str, Any]]:
        return [json.loads(record.value) for partition in self.publisher.log for record in partition]

    async def post(
        self, path: str, body: bytes, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any], Any]:
        async with self.client.post(
            self.address + path, data=body, headers=JSON if headers is None else headers
        ) as answer:
            raw = await answer.read()
            assert "Traceback" not in raw.decode("utf-8", "replace")
            return answer.status, json.loads(raw) if raw.startswith(b"{") else {}, answer.headers

    def metrics(self) -> str:
        return generate_latest(self.registry).decode()


@contextlib.asynccontextmanager
async def gateway(
    sources: tuple[Source, ...] = (),
    *,
    publisher: MemoryPublisher | None = None,
    max_connections: int = 200,
    environ: Mapping[str, str] = ENVIRONMENT,
    mask: Mask | None = None,
    **settings: Any,
) -> AsyncIterator[Kit]:
    """Run a gateway with these sources and ``[gateway]`` settings."""
    publisher = publisher or MemoryPublisher()
    registry = CollectorRegistry()
    clock = [NOW]
    config = Config(sources=list(sources), gateway=Gateway(**settings))
    app = App(
        gateway=config.gateway,
        sources=read_sources(config, environ),
        publisher=publisher,
        clock=lambda: clock[0],
        registry=registry,
        partitions=4,
        max_connections=max_connections,
        mask=mask,
    )
    running = await listen(app, "127.0.0.1", 0, drain_seconds=2.0)
    async with aiohttp.ClientSession(auto_decompress=False) as client:
        try:
            yield Kit(running, publisher, client, registry, clock)
        finally:
            await running.close()


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """Let a test be a coroutine."""

    def runner() -> None:
        asyncio.run(test())

    runner.__name__ = test.__name__
    runner.__doc__ = test.__doc__
    return runner


def event(number: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a good canonical event."""
    return {
        "id": f"m{number}",
        "type": "message",
        "ts": NOW - 1000,
        "platform": "demo",
        "group_id": "g1",
        "user_id": "u1",
        "text": "hello",
        **fields,
    }


def body(*events: object) -> bytes:
    """Return one event as an object, several as NDJSON."""
    return b"\n".join(json.dumps(e, ensure_ascii=False).encode() for e in events)
