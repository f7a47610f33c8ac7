"""``huoqun gateway``: the service that takes webhooks in."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING

import click

from huoqun.cli import configured

if TYPE_CHECKING:
    from huoqun.config import Config
    from producers.admission import Sources
    from producers.publisher import Publisher


@click.command()
@click.option("--host", default=None, metavar="ADDRESS", help="Listen here instead of gateway.host.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=None, help="Instead of gateway.port; 0 takes a free one."
)
@click.option(
    "--wait",
    "seconds",
    type=click.FloatRange(0),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the broker at start.",
)
@click.pass_context
def command(ctx: click.Context, host: str | None, port: int | None, seconds: float) -> None:
    """Take events in: POST /v1/events and /webhooks/{source}, into the events topic.

    A request is answered with 2xx only after the broker has acknowledged all its events. Unless gateway.tick_seconds is
    0, it also writes the time into every partition: one gateway must do so, several may.

    \b
    Metrics:  GET /metrics       Health: GET /healthz, /readyz
    Stop:     SIGTERM or Ctrl-C; requests that have begun are finished, then it ends with status 0.
    """  # noqa: D301  # \\b is click's mark for text that it must not wrap
    from huoqun import broker, log  # noqa: PLC0415  # keeps `huoqun --help` instant
    from huoqun.config import ConfigError  # noqa: PLC0415  # the same
    from producers.admission import read_sources  # noqa: PLC0415  # the same, and the shared room imports rooms lazily

    config = configured(ctx)
    log.configure(service="gateway")
    try:
        sources = read_sources(config, os.environ)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    try:
        broker.wait_for_broker(config.kafka.bootstrap, seconds)
        problems = broker.verify(config)
    except broker.BrokerError as error:
        raise click.ClickException(str(error)) from None
    if problems:
        raise click.ClickException("\n".join(problems))
    _loop_run(
        config, sources, config.gateway.host if host is None else host, config.gateway.port if port is None else port
    )


def _loop_run(config: Config, sources: Sources, host: str, port: int) -> None:
    try:
        import uvloop  # noqa: PLC0415  # not there on every platform; a quarter faster where it is
    except ImportError:
        asyncio.run(_serve(config, sources, host, port))
    else:
        uvloop.run(_serve(config, sources, host, port))


async def _serve(config: Config, sources: Sources, host: str, port: int) -> None:
    from prometheus_client import REGISTRY  # noqa: PLC0415  # see command()

    from huoqun import log  # noqa: PLC0415  # see command()
    from huoqun.clock import now_ms  # noqa: PLC0415  # see command()
    from producers.app import App, listen  # noqa: PLC0415  # see command()
    from producers.ticker import Ticker  # noqa: PLC0415  # see command()

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    publisher = _publisher(config)
    await publisher.start()
    app = App(
        gateway=config.gateway,
        sources=sources,
        publisher=publisher,
        clock=now_ms,
        registry=REGISTRY,
        partitions=config.kafka.partitions,
    )
    drain = config.gateway.request_timeout_seconds + config.gateway.publish_timeout_seconds
    try:
        running = await listen(app, host, port, drain_seconds=drain)
    except OSError as error:
        await publisher.close()
        raise click.ClickException(f"can't listen on {host}:{port}: {error.strerror}; choose another --port") from None
    ticking = None
    if config.gateway.tick_seconds > 0:
        ticker = Ticker(publisher, seconds=config.gateway.tick_seconds, clock=now_ms, metrics=app.metrics)
        ticking = asyncio.create_task(ticker.run())
    click.echo(f"gateway: {running.address}")
    for source in sources.canonical:
        if not source.keys:
            click.echo(f"source {source.name} has no secret: only this machine may post to /v1/events", err=True)
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({stopped, *([ticking] if ticking is not None else [])}, return_when=asyncio.FIRST_COMPLETED)
    log.get("gateway").info("stopping", in_flight=publisher.in_flight())
    if ticking is not None:
        failed = ticking.done()  # it never ends by itself: without ticks no deadline passes, so better start anew
        ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await ticking
    else:
        failed = False
    await running.close()
    await publisher.close()
    if failed:
        raise click.ClickException("the ticker ended")


def _publisher(config: Config) -> Publisher:
    from huoqun import topics  # noqa: PLC0415  # see command()

    if config.gateway.publisher == "aiokafka":
        from producers.aio import AiokafkaPublisher as Chosen  # noqa: PLC0415  # only the client that is used
    else:
        from producers.kafka_python import KafkaPythonPublisher as Chosen  # type: ignore[assignment]  # noqa: PLC0415  # the same
    return Chosen(
        bootstrap=config.kafka.bootstrap,
        topic=topics.full_name(config.kafka.topic_prefix, topics.EVENTS),
        timeout_seconds=config.gateway.publish_timeout_seconds,
        max_in_flight=config.gateway.max_in_flight,
    )
