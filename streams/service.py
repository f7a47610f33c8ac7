"""The worker's process: our own launcher of the Faust app, its supervision, and its end.

No ``faust worker``: that would start a web server on all interfaces and redirect standard output.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from huoqun import broker, health, log, loops, topics
from huoqun.config import Config
from streams import memory, metrics
from streams.agent import Incoming, Limits, Loop
from streams.core.interface import PartitionState
from streams.instance import instance
from streams.watchdog import Watchdog

if TYPE_CHECKING:
    from streams.app import StreamsApp

MakeState = Callable[[int], PartitionState]

BROKER_WAIT_SECONDS: Final = 30.0
SUPERVISE_SECONDS: Final = 0.1
TRIM_SECONDS: Final = 60.0
LAG_SECONDS: Final = 1.0
FINISH_SECONDS: Final = 4.0
"""For the last checkpoint and commit; then the same again for leaving the group: service managers kill after ten."""

_log = log.get(__name__)


class WorkerError(Exception):
    """Why the worker did not start; the message names the mend, one line a problem."""


def partition_states(config: Config) -> MakeState:
    """Return what makes the core's state for a partition number."""
    from streams.core.partition import Partition  # noqa: PLC0415  # the one place that knows which core runs
    from streams.weights import answer_model  # noqa: PLC0415  # for the same reason

    answers = answer_model(config.streams.answer_weights)
    return lambda number: Partition(number, config, answers=answers)


def run(config: Config, make_state: MakeState | None = None) -> NoReturn:
    """Run, and end the process: with 0 on SIGTERM or SIGINT, 1 on a failure. Raises :class:`WorkerError` at the start.

    ``make_state`` makes the state of a partition, by default the core's.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until there is something to save
    make_state = partition_states(config) if make_state is None else make_state
    group = topics.streams_group(config.kafka.topic_prefix)
    membership = _verify(config, group)
    asyncio.set_event_loop_policy(loops.Policy())  # before Faust is imported: it makes loops for its threads
    ready: list[str | None] = ["starting"]
    try:
        server = health.serve(config.worker.metrics_host, config.worker.metrics_port, lambda: ready[0])
    except OSError as error:
        where = f"{config.worker.metrics_host}:{config.worker.metrics_port}"
        raise WorkerError(f"metrics can't be served on {where} ({error.strerror}): set worker.metrics_port") from None
    _log.info("worker starting", metrics_port=server.server_address[1], group=group)
    with instance(Path(config.data_dir) / "worker") as name:
        asyncio.run(_serve(config, make_state, ready, name if membership.named else None, membership.may_leave))
    raise AssertionError("the worker has ended")


def _verify(config: Config, group: str) -> broker.Membership:
    try:
        broker.wait_for_broker(config.kafka, BROKER_WAIT_SECONDS)
        problems = broker.verify(config)
        membership = broker.membership(config.kafka, group)
    except broker.BrokerError as error:
        raise WorkerError(str(error)) from None
    if problems:
        raise WorkerError("\n".join(problems))
    return membership


async def _serve(
    config: Config, make_state: MakeState, ready: list[str | None], name: str | None, may_leave: Callable[[], bool]
) -> NoReturn:
    worker = _Worker(config, make_state, ready, name, may_leave)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop.set)
    try:
        code = await worker.run()
    except Exception:  # noqa: BLE001  # the process ends, with the reason in the log
        _log.exception("the worker failed")
        code = 1
    _end(code)


def _end(code: int) -> NoReturn:
    """End the process here and now, out of its event loop.

    That loop would first wait for all of the Kafka client's tasks, and some of those, when the broker was away, go on for ever
    whatever they are told. Its threads may outlive a failure as well; and nothing is left to do.
    """
    _log.info("worker ended", status=code)
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class _Worker:
    def __init__(
        self,
        config: Config,
        make_state: MakeState,
        ready: list[str | None],
        name: str | None,
        may_leave: Callable[[], bool],
    ) -> None:
        from streams.app import FaustPorts, build, events_channel  # noqa: PLC0415  # after the event loop policy

        self.stop = asyncio.Event()
        self.app: StreamsApp = build(config, name)
        self._may_leave = may_leave
        limits = Limits(config.worker.checkpoint_seconds, config.worker.checkpoint_events, config.kafka.bad_in_a_row)
        self._ports = FaustPorts(self.app, config)
        self.loop = Loop(config.kafka.topic_prefix, make_state, self._ports, limits)
        self._ready = ready
        self._watchdog = Watchdog(config.worker.watchdog_seconds, time.monotonic())
        self._lag_at = 0.0
        self._trimmed_at = time.monotonic()
        self.app.agent(events_channel(self.app), name="events", concurrency=1)(self._agent)
        self.app.on_partitions_revoked.connect(self._on_revoked, weak=False)
        self.app.on_partitions_assigned.connect(self._on_assigned, weak=False)

    async def run(self) -> int:
        memory.begin()
        starting = asyncio.create_task(self.app.start(), name="start")
        why = await self._supervise(starting)
        self._ready[0] = "stopping"
        if why is not None:
            _log.error("worker must be restarted", why=why)
        else:
            why = await self._finish()
        starting.cancel()
        self.app.leaves = await asyncio.to_thread(self._may_leave)
        try:
            async with asyncio.timeout(FINISH_SECONDS):
                await self.app.stop()  # commits, and leaves the group
        except TimeoutError:
            _log.warning("the Kafka client did not end in time")
        except Exception as error:  # noqa: BLE001  # the process ends anyway; it must end with our status
            _log.warning("the Kafka client did not end cleanly", error=repr(error))
        return 0 if why is None else 1

    async def _supervise(self, starting: asyncio.Task[None]) -> str | None:
        """Return when the worker should end: ``None`` if it was asked to, else why it must."""
        while not self.stop.is_set():
            why = self._trouble(starting)
            if why is not None:
                return why
            self.loop.begin_due(time.monotonic())
            self._report()
            if time.monotonic() - self._trimmed_at >= TRIM_SECONDS:
                memory.trim()
                self._trimmed_at = time.monotonic()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SUPERVISE_SECONDS):
                    await self.stop.wait()
        return None

    def _trouble(self, starting: asyncio.Task[None]) -> str | None:
        failed = self.loop.failure or self.app.agent_error
        if failed is None and starting.done():
            failed = starting.exception()
        if failed is None and self.app.crashed:
            failed = self.app.crash_reason or RuntimeError("Faust crashed without a reason")
        if failed is not None:
            return f"{type(failed).__name__}: {failed}"
        return self._watchdog.check(
            time.monotonic(),
            held=self.app.held(),
            ticks=self.loop.last_tick,
            batches=self.loop.last_batch,
            settled=self._settled(),
            progress=(self.app.progress(), self._ports.bytes_recovered, len(self.loop.applied)),
        )

    def _settled(self) -> bool:
        return self.app.settled() and self.loop.prepared

    def _report(self) -> None:
        settled = self._settled()
        self._ready[0] = None if settled else "no assignment yet, or its state is being recovered"
        now = time.monotonic()
        if not settled or now - self._lag_at < LAG_SECONDS:
            return
        self._lag_at = now
        held = self.app.held()
        metrics.PARTITIONS.set(len(held))
        for partition, applied in self.loop.applied.items():
            metrics.APPLIED.labels(partition).set(applied)
            end = self.app.end_offset(partition)
            if end is not None:
                metrics.LAG.labels(partition).set(max(0, end - applied - 1))

    async def _finish(self) -> str | None:
        """Checkpoint and commit what was applied; return what went wrong (the next worker repeats it then)."""
        from streams.app import stop_consuming  # noqa: PLC0415  # after the event loop policy

        if not self.app.settled():
            return None
        try:
            async with asyncio.timeout(FINISH_SECONDS):
                await stop_consuming(self.app)
                await self.loop.finish()
                await self.app.consumer.commit()
        except TimeoutError:
            return f"the last checkpoint took longer than {FINISH_SECONDS:g} s"
        except Exception as error:  # noqa: BLE001  # whatever it is, the worker ends and says so
            return f"the last checkpoint failed: {type(error).__name__}: {error}"
        return None

    async def _agent(self, stream: Any) -> None:
        async for event in stream.noack().events():
            message = event.message
            batch = message.value
            try:
                await self.loop.take(Incoming(message.partition, message.generation_id, batch.records, batch.key_at))
            except Exception:
                _log.exception("applying a batch failed", partition=message.partition, up_to_offset=message.offset)
                raise

    async def _on_revoked(self, app: Any, revoked: Any, **kwargs: Any) -> None:
        del app, revoked, kwargs
        metrics.REBALANCES.inc()
        await self.loop.suspend()
        for gauge in (metrics.LAG, metrics.APPLIED, metrics.LAST_TICK):
            gauge.clear()

    async def _on_assigned(self, app: Any, assigned: Any, **kwargs: Any) -> None:
        del app, kwargs
        mine = sorted(tp.partition for tp in assigned if tp.topic == self.app.batched_topic)
        self.loop.resume(mine, self.app.consumer_generation_id)
        _log.info("partitions assigned", partitions=mine)
