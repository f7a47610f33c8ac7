"""The gateway: HTTP in, acknowledged records out. Routing, limits and answers; what they mean is decided elsewhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

import msgspec
from aiohttp.web import BaseRequest, Response, ServerRunner, StreamResponse, TCPSite
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from huoqun import __version__, log
from huoqun.config import Gateway
from huoqun.events import Refused
from producers.gateway import bodies, cloudevents, forms, openapi
from producers.gateway.admission import (
    SOURCE_HEADER,
    Budget,
    KnownSource,
    Sender,
    Shares,
    Sources,
    TooFast,
    admit_canonical,
    claims_signature,
    is_local,
    unsigned,
)
from producers.gateway.guard import MAX_CONNECTIONS, GuardedServer, begin, hasten, seconds_left
from producers.gateway.metrics import Metrics
from producers.gateway.plain import Mask
from producers.gateway.problems import Problem
from producers.gateway.rates import Rates, private_cells
from producers.gateway.understanding import not_authenticated, understand
from producers.publishing.publisher import Overloaded, Publisher, Record, Unavailable
from producers.sources import PLATFORMS
from producers.sources.base import JSON, Delivery, Platform
from producers.verify import Denied
from producers.watch.source_metrics import SourceMetrics
from producers.watch.watching import Watch, Watches

_BODIES_HELD: Final = 32
"""Bodies of the largest size that may be in memory at one time, over all connections."""

_WATCHERS: Final = 32
"""Connections that may look at one process's metrics and health."""

_YIELD_EVERY: Final = 500
"""Events read before other requests get a turn."""

_LABELS: Final = {
    "/": "home",
    "/v1/events": "events",
    "/openapi.json": "openapi",
    "/healthz": "healthz",
    "/readyz": "readyz",
    "/metrics": "metrics",
}
_WEBHOOKS: Final = "/webhooks/"


class App:
    """The gateway's behaviour, given its publisher, sources and clock (milliseconds since the epoch)."""

    def __init__(
        self,
        *,
        gateway: Gateway,
        sources: Sources,
        publisher: Publisher,
        clock: Callable[[], int],
        registry: CollectorRegistry,
        partitions: int | None = None,
        max_connections: int = MAX_CONNECTIONS,
        alone: bool = True,
        remark: Callable[[], str | None] = lambda: None,
        rates: Rates | None = None,
        mask: Mask | None = None,
    ) -> None:
        """``remark`` tells what is not as it should be although events can be taken; ``rates`` are the sources' limits.

        ``mask`` takes out of events what must not leave here.
        """
        self._remark = remark
        self._mask = mask
        limits = sources.limits()
        self._rates = rates or Rates(limits, time.monotonic, private_cells(len(limits)))
        self._alone = alone
        self.metrics = Metrics(registry)
        self.watches = Watches(sources, clock())
        self.source_metrics = SourceMetrics(self.watches)
        registry.register(self.source_metrics)
        self._gateway = gateway
        self._sources = sources
        self._publisher = publisher
        self._clock = clock
        self._partitions = partitions
        self._shares = Shares(gateway.max_in_flight)
        self._budget = Budget(_BODIES_HELD * gateway.max_body_bytes)
        self._max_connections = max_connections
        self._names = {s.name for s in sources.canonical} | set(sources.platforms)
        self._keys = any(s.keys for s in sources.canonical)
        self._document = msgspec.json.encode(openapi.document(sources))
        self._log = log.get("gateway")
        self._routes: dict[str, tuple[tuple[str, ...], Callable[[BaseRequest], Awaitable[Response]]]] = {
            "/": (("GET",), self._home),
            "/openapi.json": (("GET",), self._openapi),
            "/healthz": (("GET",), self._health),
            "/readyz": (("GET",), self._readiness),
            "/metrics": (("GET",), self._metrics),
            "/v1/events": (("POST", "OPTIONS"), self._events),
        }

    def server(self) -> GuardedServer:
        """Return the HTTP server; its :meth:`GuardedServer.sweep` has to run beside it."""
        gateway = self._gateway
        server = GuardedServer(
            self.handle,
            head_seconds=gateway.request_timeout_seconds * 0.9,  # the sweep comes a little late
            request_seconds=gateway.request_timeout_seconds + gateway.publish_timeout_seconds + 5.0,
            count=lambda why: self.metrics.closed.labels(why).inc(),
            max_connections=self._max_connections,
        )
        self.metrics.watch(self._publisher.in_flight, lambda: len(server.open))
        return server

    def watched_server(self) -> GuardedServer:
        """Return a second server, for metrics and health only: where several processes share the first one's port."""
        return GuardedServer(
            self.handle_watching,
            head_seconds=self._gateway.request_timeout_seconds,
            request_seconds=self._gateway.request_timeout_seconds,
            count=lambda why: self.metrics.closed.labels(why).inc(),
            max_connections=_WATCHERS,
        )

    async def handle_watching(self, request: BaseRequest) -> StreamResponse:
        """Answer one request to :meth:`watched_server`."""
        begin(request)
        if request.method not in ("GET", "HEAD"):
            return self._refuse(Problem(405, "method", "use GET", allow="GET, HEAD"))
        if request.path == "/metrics":
            return self._exposition()
        if request.path == "/healthz":
            return await self._health(request)
        if request.path == "/readyz":
            return await self._readiness(request)
        return self._refuse(Problem(404, "no_route", "there are /metrics, /healthz and /readyz"))

    async def handle(self, request: BaseRequest) -> StreamResponse:
        """Answer one request. Never raises; whatever is wrong with the request is a 4xx."""
        begin(request)
        began = time.perf_counter()
        label = _LABELS.get(request.path, "webhooks" if request.path.startswith(_WEBHOOKS) else "other")
        try:
            response = await self._dispatch(request)
        except Problem as problem:
            if problem.status == 408:  # noqa: PLR2004  # Request Timeout
                hasten(request)
            response = self._refuse(problem)
        except TooFast as error:
            response = self._refuse(Problem(429, "too_fast", str(error), retry_after=error.retry_after))
        except Overloaded as error:
            response = self._refuse(
                Problem(
                    503,
                    "overloaded",
                    "too many events await the broker; nothing of this request was taken",
                    retry_after=error.retry_after,
                )
            )
        except Unavailable as error:
            response = self._refuse(
                Problem(
                    503,
                    "unavailable",
                    f"{error}; send the whole request again (events are counted once by id)",
                    retry_after=error.retry_after,
                )
            )
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001  # the last line of defence: no trace leaves the house
            self._log.error("request failed", route=label, error=type(error).__name__, exc_info=error)
            response = self._refuse(Problem(500, "internal", "this is our fault; the log says more", close=True))
        response.headers["Server"] = "huoqun"
        self.metrics.request(label, response.status, time.perf_counter() - began)
        return response

    def _refuse(self, problem: Problem) -> Response:
        self.metrics.refused.labels(problem.reason).inc()
        response = Response(status=problem.status, body=problem.body(), headers=problem.headers())
        if problem.close:
            response.force_close()
        return response

    async def _dispatch(self, request: BaseRequest) -> Response:
        path = request.path
        if path.startswith(_WEBHOOKS):
            return await self._webhook(request, path.removeprefix(_WEBHOOKS))
        route = self._routes.get(path)
        if route is None:
            raise Problem(404, "no_route", "post events to /v1/events, or a platform's webhook to /webhooks/{source}")
        _allow(request, *route[0])
        return await route[1](request)

    # Canonical events.

    async def _events(self, request: BaseRequest) -> Response:
        if request.method == "OPTIONS":
            return self._permit(request)
        with _Attempt(self.watches.unnamed, self._clock) as attempt:
            return await self._take(request, attempt)

    async def _take(self, request: BaseRequest, attempt: _Attempt) -> Response:
        headers = request.headers
        kind = forms.check_kind(headers.get("Content-Type", ""))
        signed = claims_signature(headers)
        # A signature covers the body alone: what else a CloudEvent says in headers is believed of this machine only.
        attributes = cloudevents.attributes_of(headers) if kind == JSON and not signed else None
        coding = bodies.check_encoding(headers.get("Content-Encoding", ""))
        local = not signed and is_local(_peer(request), headers)  # a signature has to fit, wherever it comes from
        if not local and not self._keys:
            raise not_authenticated(unsigned("canonical"))  # before reading a stranger's megabyte
        if not local and not signed:
            raise not_authenticated(Denied("webhook-signature", "missing"))
        raw = await self._read(request)
        try:
            sender = admit_canonical(
                self._sources,
                local=local,
                ids=headers.getall("webhook-id", []),
                timestamps=headers.getall("webhook-timestamp", []),
                signatures=headers.getall("webhook-signature", []),
                body=raw,
                now_s=self._clock() // 1000,
                label=headers.get(SOURCE_HEADER),
            )
            if isinstance(sender, Denied):
                if sender.where == SOURCE_HEADER:
                    raise Problem(400, "malformed", f"{sender.where} {sender.why}", where=sender.where)
                raise not_authenticated(sender)
            watch = attempt.watch = self.watches.of(sender.admitted)  # whatever it calls itself
            watch.lives(self._clock(), headers)
            body = bodies.decompress(raw, coding, self._gateway.max_body_bytes)
            types, records, refused = await self._read_items(body, kind, attributes, sender)
        finally:
            self._budget.give(len(raw))
        if refused:
            self.metrics.refused.labels("event").inc(len(refused))
            watch.refuse(self._clock(), "event", len(refused))
            if not records:
                raise forms.none_taken(refused)
        await self._publish(sender, records)
        self._count(sender, types, records)
        if not refused:
            return Response(status=202, body=b'{"accepted":%d,"refused":[]}' % len(records), headers=_JSON)
        return _json(202, {"accepted": len(records), "refused": refused})

    def _permit(self, request: BaseRequest) -> Response:
        if not self._keys and not is_local(_peer(request), request.headers):
            raise not_authenticated(unsigned("canonical"))
        permission = cloudevents.permission(request.headers)
        if isinstance(permission, Refused):
            raise Problem(400, "malformed", f"{permission.where}: {permission.why}", where=permission.where)
        return Response(headers=permission)

    async def _read_items(
        self, body: bytes, kind: str, attributes: dict[str, str] | Refused | None, sender: Sender
    ) -> tuple[dict[str, int], list[Record], list[dict[str, Any]]]:
        stamp = forms.Stamp(self._clock(), sender.source, sender.coverage, self._mask)
        items = forms.read(body, kind, stamp) if attributes is None else forms.read_binary(body, attributes, stamp)
        types: dict[str, int] = {}
        records: list[Record] = []
        refused: list[dict[str, Any]] = []
        for index, item in enumerate(items):
            if index and index % _YIELD_EVERY == 0:
                await asyncio.sleep(0)
            if isinstance(item, Refused):
                refused.append(forms.refusal(index, item))
            else:
                name, record = item
                types[name] = types.get(name, 0) + 1
                records.append(record)
        return types, records, refused

    # Platforms.

    async def _webhook(self, request: BaseRequest, name: str) -> Response:
        name, slash, rest = name.partition("/")
        source = self._sources.platforms.get(name)
        if source is None:
            if any(s.name == name for s in self._sources.canonical):
                raise Problem(404, "unknown_source", "a canonical source posts to /v1/events")
            raise Problem(404, "unknown_source", "no such source; add it to [[sources]] in huoqun.toml")
        platform = PLATFORMS[source.kind]
        watch = self.watches.of(source.name)
        try:
            with _Attempt(watch, self._clock):
                return await self._deliver(request, slash + rest, source, platform, watch)
        except Problem as problem:
            problem.members = platform.refused_with(problem.status, problem.detail)
            raise

    async def _deliver(
        self, request: BaseRequest, path: str, source: KnownSource, platform: Platform, watch: Watch
    ) -> Response:
        _allow(request, *platform.methods)
        coding = bodies.check_encoding(request.headers.get("Content-Encoding", ""))
        if request.method in ("POST", "PUT"):
            _check_kind(request.headers.get("Content-Type", ""), platform.kinds)
        self._rates.check(source.name)  # before its body is read
        if not source.keys and not is_local(_peer(request), request.headers):
            raise not_authenticated(unsigned(source.kind), platform.denied_status)
        raw = await self._read(request)
        try:
            delivery = Delivery(
                request.method,
                path,
                request.query,
                request.headers,
                raw,
                bodies.decompress(raw, coding, self._gateway.max_body_bytes),
                self._clock() // 1000,
            )
            found = understand(platform, delivery, source, received_at=self._clock(), mask=self._mask)
        finally:
            self._budget.give(len(raw))
        if not found.handshake:
            watch.lives(self._clock(), request.headers, request.query)
        watch.heard(self._clock(), found.signs)
        for what in found.ignored:
            self.metrics.ignored.labels(source.kind, what).inc()
        if found.refused:
            self.metrics.refused.labels("event").inc(len(found.refused))
            watch.refuse(self._clock(), "event", len(found.refused))
        sender = Sender(source.name, source.kind, source.coverage)
        await self._publish(sender, found.records)
        self._count(sender, found.types, found.records)
        answer = found.answer
        headers = {**answer.headers, "Content-Type": answer.content_type} if answer.content_type else answer.headers
        return Response(status=answer.status, body=answer.body or None, headers=headers)

    # Shared by both.

    async def _read(self, request: BaseRequest) -> bytes:
        limit = self._gateway.max_body_bytes
        bodies.check_length(request.headers.get("Content-Length"), limit)
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # else the answer would count as begun
        return await bodies.read_body(
            request.content, limit=limit, seconds=partial(seconds_left, request), budget=self._budget
        )

    async def _publish(self, sender: Sender, records: list[Record]) -> None:
        if not records:
            return
        self._rates.take(sender.admitted or sender.source, len(records))
        self._shares.take(sender.source, len(records))
        began = time.perf_counter()
        try:
            await self._publisher.publish(records)
        finally:
            self._shares.give(sender.source, len(records))
        self.metrics.published(time.perf_counter() - began)

    def _count(self, sender: Sender, types: Mapping[str, int], records: list[Record]) -> None:
        if types:
            now = self._clock()
            self.metrics.accepted(sender.kind, types.items())
            self.metrics.seen(sender.source if sender.source in self._names else "other", now / 1000)
            self.watches.of(sender.admitted or sender.source).sent(now, records)

    # What looks at the gateway itself.

    async def _home(self, request: BaseRequest) -> Response:
        host = request.headers.get("Host", "")
        host = host if host.isascii() and host.isprintable() and not set(host) & set("'\"\\$`") else "127.0.0.1"
        return Response(
            text=_HOME.format(version=__version__, host=host), headers={"Link": '</openapi.json>; rel="service-desc"'}
        )

    async def _openapi(self, _request: BaseRequest) -> Response:
        return Response(body=self._document, headers={"Content-Type": openapi.KIND_OF_DOCUMENT})

    async def _health(self, _request: BaseRequest) -> Response:
        return Response(text="ok\n")

    async def _readiness(self, _request: BaseRequest) -> Response:
        why = self._publisher.trouble()
        partitions = self._publisher.partitions()
        if why is None and self._partitions is not None and partitions and partitions != self._partitions:
            why = f"the events topic has {partitions} partitions, the configuration says {self._partitions}"
        if why is not None:
            return Response(status=503, text=f"{why}\n")
        remark = self._remark()
        return Response(text=f"ready: {remark}\n" if remark else "ready\n")

    async def _metrics(self, _request: BaseRequest) -> Response:
        if not self._alone:
            raise Problem(
                404,
                "no_route",
                "several processes share this port; each has its own metrics, from gateway.metrics_port on: add them up",
            )
        return self._exposition()

    def _exposition(self) -> Response:
        return Response(body=generate_latest(self.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


class _Attempt:
    """A request that a source makes: whatever refuses it counts for the source that is known by then."""

    __slots__ = ("_clock", "watch")

    def __init__(self, watch: Watch, clock: Callable[[], int]) -> None:
        self.watch = watch
        self._clock = clock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Problem):
            self.watch.refuse(self._clock(), error.reason)
        elif isinstance(error, TooFast | Overloaded | Unavailable):
            reason = next(name for kind, name in _NOT_TAKEN if isinstance(error, kind))
            self.watch.refuse(self._clock(), reason)


_NOT_TAKEN: Final = ((TooFast, "too_fast"), (Overloaded, "overloaded"), (Unavailable, "unavailable"))


class Running:
    """A gateway that listens; ``address`` is where."""

    def __init__(self, app: App, runner: ServerRunner, sweep: asyncio.Task[None], address: str) -> None:
        self.app = app
        self.address = address
        self._runner = runner
        self._sweep = sweep

    async def close(self) -> None:
        """Take no more, finish what has begun, then end."""
        await self._runner.cleanup()
        self._sweep.cancel()


async def listen(app: App, host: str, port: int, *, drain_seconds: float, share: bool = False) -> Running:
    """Start listening; port 0 takes any free one, ``share`` lets other processes listen there, too.

    Raises :class:`OSError` where that is not possible.
    """
    return await _listen(app, app.server(), host, port, drain_seconds=drain_seconds, share=share)


async def listen_watched(app: App, host: str, port: int) -> Running:
    """Start answering for metrics and health of this process alone. Raises :class:`OSError` where that is not possible."""
    return await _listen(app, app.watched_server(), host, port, drain_seconds=1.0, share=False)


async def _listen(
    app: App, server: GuardedServer, host: str, port: int, *, drain_seconds: float, share: bool
) -> Running:
    runner = ServerRunner(server, shutdown_timeout=drain_seconds)
    await runner.setup()
    try:
        await TCPSite(runner, host, port, backlog=1024, reuse_port=share or None).start()
    except OSError:
        await runner.cleanup()
        raise
    bound_host, bound_port = runner.addresses[0][:2]
    shown = f"[{bound_host}]" if ":" in bound_host else bound_host
    return Running(app, runner, asyncio.create_task(server.sweep()), f"http://{shown}:{bound_port}")


def _allow(request: BaseRequest, *methods: str) -> None:
    if request.method not in methods and not (request.method == "HEAD" and "GET" in methods):
        shown = ", ".join((*methods, "HEAD") if "GET" in methods else methods)
        raise Problem(405, "method", f"use {' or '.join(methods)}", allow=shown)


def _peer(request: BaseRequest) -> str | None:
    peer = request.transport.get_extra_info("peername") if request.transport is not None else None
    return str(peer[0]) if isinstance(peer, tuple) and peer else None


def _check_kind(content_type: str, kinds: tuple[str, ...]) -> None:
    if kinds and content_type.partition(";")[0].strip().lower() not in kinds:
        raise Problem(415, "content_type", f"send {' or '.join(kinds)}", where="Content-Type")


def _json(status: int, document: Mapping[str, Any]) -> Response:
    return Response(status=status, body=msgspec.json.encode(document), headers=_JSON)


_JSON: Final = {"Content-Type": "application/json"}

_HOME: Final = """\
huoqun {version} gateway: chat events in, from webhooks and programs.

  POST /v1/events           canonical events: one JSON object, a JSON array, NDJSON (application/x-ndjson), CloudEvents
  POST /webhooks/{{source}}   a platform that huoqun.toml names under [[sources]]
  GET  /healthz /readyz /metrics
  GET  /openapi.json        all of this for programs

Try it:

  curl -sS http://{host}/v1/events -H 'Content-Type: application/json' -d '{{
    "id": "m1", "type": "message", "ts": "2026-11-21T08:30:00Z", "platform": "demo", "group_id": "g1",
    "user_id": "u1", "text": "Hello, can anybody help me?"}}'

202 means that the broker has stored it, or that it is on disk until the broker is back. Send an event again with the same
id and it counts once.
"""
