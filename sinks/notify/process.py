"""The notifier as a process: its parts put together from the configuration."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping

from huoqun import broker, health, log, records, topics
from huoqun.config import Config
from huoqun.results import Delivery
from sinks.notify import metrics
from sinks.notify.channels import open_channel
from sinks.notify.reading import Leadership, Log, LogError
from sinks.notify.remembering import Store
from sinks.notify.rules import Rules
from sinks.notify.service import Service, names_of, usable


def run(config: Config, environ: Mapping[str, str] = os.environ) -> None:
    """Run until SIGTERM or SIGINT. Raises ``BrokerError`` or ``OSError``, with what to do."""
    asyncio.run(_run(config, environ))


async def _run(config: Config, environ: Mapping[str, str]) -> None:
    logger = log.get("notify")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    notify = config.notify
    if not notify.routes:
        checks = health.serve(notify.metrics_host, notify.metrics_port, lambda: None)
        logger.info(
            "no route is configured: nobody is told. Add [[notify.channels]] and [[notify.routes]]: docs/notify.md",
            metrics=health.address(checks),
        )
        await stop.wait()
        checks.shutdown()
        return
    problems = await asyncio.get_running_loop().run_in_executor(None, broker.verify, config)
    if problems:
        raise broker.BrokerError("\n".join(problems))
    rules = Rules(config)
    wanted = names_of(rules.routes)
    opened = {each.name: open_channel(each, notify, environ) for each in notify.channels if each.name in wanted}
    channels, closed = usable(opened)
    for name, why in closed.items():
        logger.error("a channel cannot be opened: nothing is told there", channel=name, why=why)
    metrics.prepare(wanted)
    metrics.UNUSABLE.set(len(closed))
    prefix, kafka = config.kafka.topic_prefix, config.kafka
    deliveries = topics.full_name(prefix, topics.DELIVERIES)
    read = [topics.full_name(prefix, name) for name in (topics.ALERTS, topics.ACTIONS)]
    keeper = records.Keeper(kafka, deliveries)
    service = Service(
        rules,
        channels,
        Leadership(kafka, deliveries, topics.notify_group(prefix)),
        lambda: Log(kafka, [*read, deliveries]),
        lambda record: _keep(keeper, record),
        Store(config),
    )
    checks = health.serve(notify.metrics_host, notify.metrics_port, service.why_not_ready)
    logger.info(
        "telling", routes=[route.name for route in rules.routes], channels=wanted, metrics=health.address(checks)
    )
    stopping = asyncio.create_task(_stop(stop, service))
    try:
        await service.run()
    finally:
        stopping.cancel()
        keeper.close()
        checks.shutdown()
    logger.info("ended: what was sent is recorded, the rest is sent after the next start")


async def _stop(stop: asyncio.Event, service: Service) -> None:
    await stop.wait()
    service.stop()


def _keep(keeper: records.Keeper, record: Delivery) -> None:
    """Return when all replicas have it. Raises :class:`LogError`."""
    try:
        done = keeper.keep(record)
    except broker.BrokerError as error:
        raise LogError(str(error)) from None
    if not isinstance(done, records.Place):
        raise LogError(f"the broker did not take a record: {done}")
