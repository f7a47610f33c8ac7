"""The embedded stack: broker, sink with the store, gateway and worker, each its own process, in order.

The broker forgets, the store does not: at every start the stored events are published again before anything else is, so
that the streams rebuild open questions, windows and members, and versions of the new log replace those of the old one.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from huoqun import broker, topics
from huoqun.config import Config, dump_env
from huoqun.kafka_config import Kafka
from huoqun.local import addresses, tansu
from huoqun.local.addresses import Addresses
from huoqun.local.ports import Ports
from huoqun.local.probe import unready
from huoqun.local.processes import Family, Spec, StartError
from huoqun.local.progress import wait_processed, wait_stored

BROKER: Final = "broker"
SINK: Final = "sink"
GATEWAY: Final = "gateway"
WORKER: Final = "worker"
DESK: Final = "desk"
NOTIFY: Final = "notify"

_READY_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 15.0
_HURRIED_SECONDS: Final = 1.0
_DRAIN_SECONDS: Final = 15.0
_START_RESTARTS: Final = 1
_RESTART_SECONDS: Final = 60.0
_KEPT: Final = (topics.EVENTS, topics.ACTIONS, topics.DELIVERIES)
"""What cannot be computed again: it is stored before the broker that forgets is ended."""

Say = Callable[[str], None]
Progress = Callable[[int], None]


class StackError(Exception):
    """The stack can't start, or has ended; the message says why and what to do."""


class LocalStack:
    """Runs while the ``with`` block does. Addresses are in :attr:`addresses` and in ``<data_dir>/stack.json``."""

    def __init__(
        self,
        config: Config,
        *,
        config_file: str | None = None,
        free_ports: bool = False,
        desk: bool = False,
        say: Say = lambda _line: None,
        restoring: Progress = lambda _count: None,
    ) -> None:
        """``desk``: with the operators' desk, and the notifier if there is a route.

        ``say`` is told what a person should know; ``restoring`` how many stored events have been published again.
        """
        if config.store.kind != "embedded":
            raise StackError(
                'store.kind is "clickhouse": the embedded stack keeps its own store. Set store.kind = "embedded", or '
                "run gateway, worker and sink as services"
            )
        self._desk = desk
        self._notify = desk and bool(config.notify.routes)
        self._say = say
        self._restoring = restoring
        self.data_dir = Path(config.data_dir).absolute()
        self.config = _with_ports(config, self.data_dir, Ports(any_free=free_ports), say)
        self.restored = 0
        """Stored events published again at the start."""
        self._config_file = config_file
        self._family: Family | None = None
        self._lock: addresses.Lock | None = None
        self._hurry = threading.Event()

    def __enter__(self) -> Self:
        """Start; whatever had started is ended again when it fails."""
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop in order."""
        self.stop()

    @property
    def addresses(self) -> Addresses:
        """Where everything answers now."""
        config = self.config
        return Addresses(
            gateway=f"http://{config.gateway.host}:{config.gateway.port}",
            query=f"http://{config.store.query_host}:{config.store.query_port}",
            worker_metrics=f"http://{config.worker.metrics_host}:{config.worker.metrics_port}",
            sink_metrics=f"http://{config.sink.metrics_host}:{config.sink.metrics_port}",
            bootstrap=config.kafka.bootstrap,
            desk=f"http://{config.desk.host}:{config.desk.port}" if self._desk else "",
            notify_metrics=f"http://{config.notify.metrics_host}:{config.notify.metrics_port}" if self._notify else "",
            pids=self._family.pids() if self._family else {},
        )

    @property
    def logs(self) -> Path:
        """The directory with one log a process."""
        return self.data_dir / "logs"

    def start(self) -> None:
        """Start everything and return when it is ready. Raises :class:`StackError`."""
        try:
            self._lock = addresses.Lock(self.data_dir)
            addresses.remove(self.data_dir)
            self._family = Family(self._environment(), self.logs, self._say)
            self._start_broker()
            self._start_service(SINK)
            self._wait(SINK)
            self._restore()
            self._start_service(GATEWAY)
            self._start_service(WORKER)
            self._wait(GATEWAY)
            self._wait(WORKER)
            if self._desk:
                self._start_service(DESK)
                self._wait(DESK)
            if self._notify:
                self._start_service(NOTIFY)
                self._wait(NOTIFY)
        except (StartError, addresses.InUseError, tansu.BrokerMissingError, broker.BrokerError, OSError) as error:
            raise StackError(str(error)) from error
        addresses.write(self.data_dir, self.addresses)

    def stop(self) -> None:
        """Stop in order, so that everything accepted is stored: gateway, (drain), worker, sink, broker."""
        family, self._family = self._family, None
        if family is not None:
            running = family.pids()
            for name in (NOTIFY, DESK, GATEWAY):
                self._stop_one(family, name)
            if {BROKER, SINK} <= running.keys():
                self._drain(family)
            for name in (WORKER, SINK, BROKER):
                self._stop_one(family, name)
            family.kill_all()
        if self._lock is not None:
            addresses.remove(self.data_dir)
            self._lock.release()
            self._lock = None

    def hurry(self) -> None:
        """Make :meth:`stop`, in another thread, wait for nothing more.

        What was accepted and is not stored yet (usually less than a second's worth) is lost with the embedded broker.
        """
        self._hurry.set()

    def wait_until_dead(self, seconds: float | None = None) -> str | None:
        """Return the part whose death ended the stack; ``None`` if it lives after ``seconds``."""
        family = self._running()
        family.ended.wait(seconds)
        return family.dead

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """Send a signal to one part. All but the broker are then started again by themselves."""
        self._running().signal(name, number)

    def restart(self, name: str) -> None:
        """End one part in good order (SIGTERM), and return when it is ready again."""
        before = self._running().pids().get(name)
        self.kill(name, signal.SIGTERM)
        self.wait_restarted(name, before)

    def wait_restarted(self, name: str, old_pid: int | None, seconds: float = _RESTART_SECONDS) -> None:
        """Return when a part runs as another process than ``old_pid`` and is ready. Raises :class:`StackError`."""
        deadline = time.monotonic() + seconds
        while self._running().pids().get(name) in (None, old_pid):
            if time.monotonic() >= deadline:
                raise StackError(f"{name} was not started again within {seconds:.0f} s")
            time.sleep(0.1)
        try:
            self._wait(name, restarts=3)
        except StartError as error:
            raise StackError(str(error)) from error
        addresses.write(self.data_dir, self.addresses)

    def wait_processed(self, seconds: float) -> bool:
        """Wait until all that was sent so far is computed and stored; tell whether it is within ``seconds``."""
        return wait_processed(self.config, seconds)

    def _running(self) -> Family:
        if self._family is None:
            raise StackError("the stack does not run")
        return self._family

    def _start_broker(self) -> None:
        host, _, port = self.config.kafka.bootstrap.rpartition(":")
        family = self._running()
        family.start(Spec(BROKER, tansu.command(host, int(port)), fatal=True))
        family.wait_ready(BROKER, lambda: _broker_unready(self.config.kafka), _READY_SECONDS)
        broker.provision(self.config)

    def _start_service(self, name: str) -> None:
        self._running().start(Spec(name, [sys.executable, "-m", "huoqun", name]))

    def _wait(self, name: str, *, restarts: int = _START_RESTARTS) -> None:
        places = self.addresses
        url = {
            SINK: f"{places.query}/ping",
            GATEWAY: f"{places.gateway}/readyz",
            WORKER: f"{places.worker_metrics}/readyz",
            DESK: f"{places.desk}/readyz",
            NOTIFY: f"{places.notify_metrics}/readyz",
        }[name]
        self._running().wait_ready(name, lambda: unready(url), _READY_SECONDS, restarts=restarts)

    def _restore(self) -> None:
        from sinks.client import QueryError  # noqa: PLC0415  # rooms only lazily
        from sinks.restore import stored_events  # noqa: PLC0415  # the same

        try:
            self.restored = broker.republish(self.config, stored_events(self.config), self._restoring)
        except QueryError as error:
            raise StackError(f"the stored events cannot be read: {error}") from error

    def _environment(self) -> dict[str, str]:
        environment = os.environ | dump_env(self.config) | {"PYTHONUNBUFFERED": "1"}
        if self._config_file is not None:
            environment["HUOQUN_CONFIG"] = str(Path(self._config_file).absolute())
        return environment

    def _stop_one(self, family: Family, name: str) -> None:
        # Without the broker a service has nothing to finish, only to wait for; all of them survive being killed.
        soon = self._hurry.is_set() or family.dead is not None
        family.stop(name, _HURRIED_SECONDS if soon else _STOP_SECONDS)

    def _drain(self, family: Family) -> None:
        def give_up() -> bool:
            return self._hurry.is_set() or BROKER not in family.pids()

        try:
            if not wait_stored(self.config, _KEPT, _DRAIN_SECONDS, give_up) and not give_up():
                self._say(f"the sink has not stored every event within {_DRAIN_SECONDS:.0f} s")
        except broker.BrokerError as error:
            self._say(f"cannot tell whether everything is stored: {error}")


def _broker_unready(kafka: Kafka) -> str | None:
    try:
        broker.wait_for_broker(kafka, 0)
    except broker.BrokerError as error:
        return str(error)
    return None


def _with_ports(config: Config, data_dir: Path, ports: Ports, say: Say) -> Config:
    """Return ``config`` with ports that are free, and with the embedded broker as its broker."""
    broker_host, _, broker_port = config.kafka.bootstrap.rpartition(":")
    if broker_host not in ("127.0.0.1", "localhost") or not broker_port.isdecimal():
        raise StackError(
            f"kafka.bootstrap is {config.kafka.bootstrap}: the embedded stack runs its own broker on this machine. "
            "Set it to 127.0.0.1:9092, or run gateway, worker and sink as services"
        )

    def choose(what: str, host: str, wanted: int) -> int:
        port = ports.choose(host, wanted)
        if port != wanted and not ports.any_free:
            say(f"port {wanted} ({what}) is taken: using {port}")
        return port

    replace = msgspec.structs.replace
    gateway, worker, sink, store, notify = config.gateway, config.worker, config.sink, config.store, config.notify
    bootstrap = f"127.0.0.1:{choose('broker', '127.0.0.1', int(broker_port))}"
    return replace(
        config,
        data_dir=str(data_dir),
        kafka=replace(config.kafka, bootstrap=bootstrap, replication=1),
        gateway=replace(gateway, port=choose("webhook", gateway.host, gateway.port)),
        worker=replace(worker, metrics_port=choose("worker metrics", worker.metrics_host, worker.metrics_port)),
        sink=replace(sink, metrics_port=choose("sink metrics", sink.metrics_host, sink.metrics_port)),
        store=replace(store, query_port=choose("SQL", store.query_host, store.query_port)),
        desk=replace(config.desk, port=choose("desk", config.desk.host, config.desk.port)),
        notify=replace(notify, metrics_port=choose("notify metrics", notify.metrics_host, notify.metrics_port)),
    )
