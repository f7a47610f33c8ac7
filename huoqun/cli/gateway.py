"""``huoqun gateway``: the service that takes webhooks in."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from huoqun import loops, topics
from huoqun.cli import configured

_WAIT_SECONDS: Final = 30.0
_PATIENCE_SECONDS: Final = 5.0
"""How long a broker may take to answer before the spool is used; one that is just slow may."""
_REPORT_SECONDS: Final = 3.0
"""A report that is not acknowledged by then is given up: the next says it all again, and a gateway has to end in time."""

if TYPE_CHECKING:
    from huoqun.config import Config
    from producers.gateway.admission import Sources
    from producers.gateway.app import App
    from producers.gateway.plain import Mask
    from producers.gateway.rates import Rates
    from producers.publishing.publisher import Publisher
    from producers.spool.spooling import SpoolingPublisher
    from producers.watch.reporting import Reporting


@click.command()
@click.option("--host", default=None, metavar="ADDRESS", help="Listen here instead of gateway.host.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=None, help="Instead of gateway.port; 0 takes a free one."
)
@click.option(
    "--workers", type=click.IntRange(1, 256), default=None, help="So many processes instead of gateway.workers."
)
@click.option(
    "--wait",
    "seconds",
    type=click.FloatRange(0),
    default=None,
    metavar="SECONDS",
    help="How long to wait for the broker at start: 30, or with a spool hardly at all.",
)
@click.option("--worker", type=int, default=None, hidden=True)  # what the first process tells each of the others
@click.pass_context
def command(
    ctx: click.Context,
    host: str | None,
    port: int | None,
    workers: int | None,
    seconds: float | None,
    worker: int | None,
) -> None:
    """Take events in: POST /v1/events and /webhooks/{source}, into the events topic.

    A request is answered with 2xx only after the broker has acknowledged all its events. While the broker is away they are
    kept on disk instead (gateway.spool_bytes below data_dir/spool), and sent in order when it is back. Unless
    gateway.tick_seconds is 0, it also writes the time into every partition: one gateway must do so, several may.

    \b
    Metrics:  GET /metrics       Health: GET /healthz, /readyz
    Stop:     SIGTERM or Ctrl-C; requests that have begun are finished, then it ends with status 0.

    With --workers N, N processes share the port, each on a core. One writes the time; max_in_flight and spool_bytes are
    divided among them, and each has metrics of its own: at gateway.metrics_port, the next port, and so on; add them up. A
    worker that dies is started again; when that happens again and again, all end with status 1.
    """  # noqa: D301  # \\b is click's mark for text that it must not wrap
    from huoqun import log, pseudonyms  # noqa: PLC0415  # keeps `huoqun --help` instant
    from huoqun.config import ConfigError  # noqa: PLC0415  # the same
    from producers.gateway.admission import read_sources  # noqa: PLC0415  # the same, and the shared room imports rooms lazily

    config = configured(ctx)
    log.configure(service="gateway")
    try:
        sources = read_sources(config, os.environ)
        pseudonyms.read_key(config, os.environ)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    gateway = config.gateway
    gateway.host = gateway.host if host is None else host
    gateway.port = gateway.port if port is None else port
    gateway.workers = gateway.workers if workers is None else workers
    if worker is not None:
        _loop_run(_serve(config, sources, worker))
        return
    _check_broker(config, seconds)
    for source in sources.canonical:
        if not source.keys:
            click.echo(f"source {source.name} has no secret: only this machine may post to /v1/events", err=True)
    if gateway.workers > 1:
        _supervise(ctx.obj, config)
    else:
        _loop_run(_serve(config, sources, None))


def _check_broker(config: Config, seconds: float | None) -> None:
    """Refuse to start without a broker with the right topics; with a spool only where the broker says that they are wrong."""
    from huoqun import broker  # noqa: PLC0415  # see command()

    spooling = config.gateway.spool_bytes > 0
    wait = (0.0 if spooling else _WAIT_SECONDS) if seconds is None else seconds
    found: list[list[str] | broker.BrokerError] = []

    def check() -> None:
        try:
            broker.wait_for_broker(config.kafka, wait)
            found.append(broker.verify(config))
        except broker.BrokerError as error:
            found.append(error)

    checking = threading.Thread(target=check, daemon=True)  # a broker that never answers must not hold us up
    checking.start()
    checking.join(wait + _PATIENCE_SECONDS if spooling else None)
    problems = found[0] if found else broker.BrokerError(f"the broker at {config.kafka.bootstrap} does not answer")
    if isinstance(problems, broker.BrokerError):
        if not spooling:
            raise click.ClickException(str(problems))
        click.echo(f"{problems}; until it answers events are kept on disk", err=True)
    elif problems:
        raise click.ClickException("\n".join(problems))


def _supervise(path: str | None, config: Config) -> None:
    from huoqun.cli.workers import Workers, WorkersError, reserve  # noqa: PLC0415  # see command()

    gateway = config.gateway
    try:
        held = reserve(gateway.host, gateway.port)
    except OSError as error:
        raise _no_listening(gateway.host, gateway.port, error) from None
    options = [] if path is None else ["--config", path]
    shared = ["--host", gateway.host, "--port", str(held.getsockname()[1]), "--workers", str(gateway.workers)]

    def ready(lines: list[str]) -> None:
        said = [line.split() for line in lines]
        click.echo(f"gateway: {said[0][1]}")
        click.echo(f"metrics: {' '.join(f'{words[3]}/metrics' for words in said)}")

    workers = Workers(
        lambda index: [sys.executable, "-m", "huoqun", *options, "gateway", *shared, "--worker", str(index)],
        gateway.workers,
        ready=ready,
        stop_seconds=_drain_seconds(config) + 5.0,
    )
    with contextlib.suppress(OSError):
        _rates_file(config).unlink()  # of another start: that of another machine's clock, and of other sources
    with held:
        try:
            asyncio.run(workers.run())
        except WorkersError as error:
            raise click.ClickException(str(error)) from None


def _drain_seconds(config: Config) -> float:
    return config.gateway.request_timeout_seconds + config.gateway.publish_timeout_seconds


def _no_listening(host: str, port: int, error: OSError) -> click.ClickException:
    return click.ClickException(f"can't listen on {host}:{port}: {error.strerror}; choose another --port")


def _loop_run(serving: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=loops.new) as runner:
        runner.run(serving)


async def _serve(config: Config, sources: Sources, worker: int | None) -> None:
    """Serve until a signal. ``worker`` is this process's number among several, ``None`` for the only one."""
    from prometheus_client import REGISTRY  # noqa: PLC0415  # see command()

    from huoqun.clock import now_ms  # noqa: PLC0415  # see command()
    from producers.gateway.app import App, listen, listen_watched  # noqa: PLC0415  # see command()
    from producers.ticker import Ticker  # noqa: PLC0415  # see command()

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    gateway = config.gateway
    if worker is not None:
        gateway.max_in_flight = max(1, gateway.max_in_flight // gateway.workers)
    publisher: Publisher = _publisher(config)
    spooling = _spooling(config, publisher, worker or 0) if gateway.spool_bytes else None
    publisher = spooling or publisher
    await publisher.start()
    app = App(
        gateway=gateway,
        sources=sources,
        publisher=publisher,
        clock=now_ms,
        registry=REGISTRY,
        partitions=config.kafka.partitions,
        alone=worker is None,
        remark=(lambda: None) if spooling is None else spooling.remark,
        rates=None if worker is None else _shared_rates(config, sources),
        mask=_mask(config),
    )
    watched = None
    place = (gateway.host, gateway.port)
    try:
        running = await listen(app, *place, drain_seconds=_drain_seconds(config), share=worker is not None)
        if worker is not None:
            place = (gateway.metrics_host, gateway.metrics_port and gateway.metrics_port + worker)
            watched = await listen_watched(app, *place)
    except OSError as error:
        await publisher.close()
        raise _no_listening(*place, error) from None
    ticking = None
    if gateway.tick_seconds > 0 and not worker:
        clock = spooling.tick_ms if spooling is not None else now_ms
        ticker = Ticker(publisher, seconds=gateway.tick_seconds, clock=clock, metrics=app.metrics)
        ticking = asyncio.create_task(ticker.run())
    reporting = _reporting(config, app, worker or 0)
    await reporting.start()
    click.echo(f"gateway: {running.address}" + ("" if watched is None else f" metrics: {watched.address}"))
    failed = await _stopped(stop, ticking, publisher)
    await running.close()
    if watched is not None:
        await watched.close()
    await reporting.close()
    await publisher.close()
    if failed:
        raise click.ClickException("the ticker ended")


async def _stopped(stop: asyncio.Event, ticking: asyncio.Task[None] | None, publisher: Publisher) -> bool:
    """Wait for the signal; return whether it was the ticker that ended: without ticks no deadline passes."""
    from huoqun import log  # noqa: PLC0415  # see command()

    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({stopped, *([ticking] if ticking is not None else [])}, return_when=asyncio.FIRST_COMPLETED)
    log.get("gateway").info("stopping", in_flight=publisher.in_flight())
    if ticking is None:
        return False
    failed = ticking.done()  # it never ends by itself: better start anew
    ticking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await ticking
    return failed


def _publisher(config: Config) -> Publisher:
    gateway = config.gateway
    return _publisher_to(
        config,
        topics.EVENTS,
        timeout_seconds=gateway.publish_timeout_seconds,
        patience_seconds=gateway.spool_after_seconds if gateway.spool_bytes else None,
    )


def _publisher_to(
    config: Config, topic: str, *, timeout_seconds: float, patience_seconds: float | None = None
) -> Publisher:
    if config.gateway.publisher == "aiokafka":
        from producers.publishing.aio import AiokafkaPublisher as Chosen  # noqa: PLC0415  # only the client that is used
    else:
        from producers.publishing.kafka_python import KafkaPythonPublisher as Chosen  # type: ignore[assignment]  # noqa: PLC0415  # the same
    return Chosen(
        kafka=config.kafka,
        topic=topics.full_name(config.kafka.topic_prefix, topic),
        timeout_seconds=timeout_seconds,
        patience_seconds=patience_seconds,
        max_in_flight=config.gateway.max_in_flight,
    )


def _reporting(config: Config, app: App, worker: int) -> Reporting:
    from huoqun.clock import now_ms  # noqa: PLC0415  # see command()
    from producers.watch.reporting import Reporting  # noqa: PLC0415  # see command()

    return Reporting(
        config,
        app.watches,
        process=f"{socket.gethostname()}:{os.getpid()}:{app.watches.started_at}",
        clock=now_ms,
        publisher=_publisher_to(config, topics.SOURCES, timeout_seconds=_REPORT_SECONDS),
        alerts=None if worker else _publisher_to(config, topics.ALERTS, timeout_seconds=_REPORT_SECONDS),
        metrics=app.source_metrics,
    )


def _shared_rates(config: Config, sources: Sources) -> Rates | None:
    from producers.gateway.rates import Rates, shared_cells  # noqa: PLC0415  # see command()

    limits = sources.limits()
    if not limits:
        return None
    try:
        return Rates(limits, time.monotonic, shared_cells(_rates_file(config), len(limits)))
    except OSError as error:
        raise click.ClickException(
            f"{_rates_file(config)}: {error.strerror}; the sources' limits are shared there"
        ) from None


def _mask(config: Config) -> Mask | None:
    from huoqun import pseudonyms  # noqa: PLC0415  # see command()

    people = pseudonyms.read_key(config, os.environ)
    return None if people is None else people.mask


def _rates_file(config: Config) -> Path:
    return Path(config.data_dir) / "rates"


def _spooling(config: Config, publisher: Publisher, worker: int) -> SpoolingPublisher:
    from prometheus_client import REGISTRY  # noqa: PLC0415  # see command()

    from huoqun.clock import now_ms  # noqa: PLC0415  # see command()
    from producers.gateway.metrics import SpoolMetrics  # noqa: PLC0415  # see command()
    from producers.spool.spooling import SpoolingPublisher  # noqa: PLC0415  # see command()
    from producers.spool.spools import Place  # noqa: PLC0415  # see command()

    gateway = config.gateway
    return SpoolingPublisher(
        publisher,
        Place(Path(config.data_dir) / "spool", gateway.spool_bytes // gateway.workers, worker, gateway.workers),
        clock=now_ms,
        metrics=SpoolMetrics(REGISTRY),
        patience_seconds=gateway.spool_after_seconds,
        timeout_seconds=gateway.publish_timeout_seconds,
        max_in_flight=gateway.max_in_flight,
    )
