"""``huoqun status``: what runs, how far it is, and what waits."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from huoqun import topics
from huoqun.cli import configured
from huoqun.cli.source_rows import SourceRow, rows
from huoqun.config import Config

if TYPE_CHECKING:
    from huoqun.broker import PartitionLag
    from huoqun.dlq import Count

_NUMBERS: Final = ("applied lag", "saved lag", "events", "open", "a min")
_PIPED_WIDTH: Final = 160
_APPLIED: Final = "huoqun_worker_applied_offset"
_SPOOLED: Final = "huoqun_gateway_spool_records"
_SOURCES: Final = """
    SELECT source, count() AS events, max(received_at) AS last_received, max(ts) AS last_event
    FROM events GROUP BY source
"""
_ALERTS: Final = """
    SELECT kind, severity, count() AS open, min(raised_at) AS oldest
    FROM alerts WHERE state = 'open' GROUP BY kind, severity ORDER BY open DESC, kind
"""


class Service(NamedTuple):
    """One service: ``why`` is ``None`` when it can do its work."""

    name: str
    place: str
    why: str | None


class GroupLag(NamedTuple):
    """How many records of a topic one consumer group has still to do.

    ``applied_lag`` counts those that have had no effect yet, ``None`` when that is not known; ``saved_lag`` those that would
    be read again after a restart.
    """

    group: str
    topic: str
    applied_lag: int | None
    saved_lag: int


class Status(NamedTuple):
    """All that is shown. A part that can't be asked is empty, and ``problems`` say why."""

    services: list[Service]
    spooled: int | None
    """Accepted events on the gateway's disk that wait for the broker; ``None``: it has no spool, or does not answer."""
    lags: list[GroupLag]
    dead_letters: int | None
    dead_letters_replayed: int | None
    sources: list[SourceRow]
    alerts: list[dict[str, Any]]
    problems: list[str]


@click.command(name="status")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Show what can be reached, each group's lag, how each source does, dead letters and open alerts.

    Looks for the stack that runs in data_dir first (huoqun up), else at the configured addresses. Lag counts records of
    the log, ticks included. Applied lag is the work left: a few are normal, a number that only grows is not. Saved lag
    is what a restart would read again: workers save late, so up to 200,000 records a worker or three minutes are
    normal. The worker at worker.metrics_host and metrics_port is asked what is applied; unknown if it does not hold all
    partitions. Status 0: all reachable; 1: not.

    Of each source, all gateways together: when anything authentic last came, events a minute (last five minutes), what was
    refused within the last hour and why, how far its clock is from ours, and what a day's counters and heartbeats show as lost.
    """
    config = configured(ctx)
    found = gather(config)
    if as_json:
        click.echo(json.dumps(_plain(found), ensure_ascii=False, indent=2))
    else:
        _show(found)
    if found.problems or any(service.why is not None for service in found.services):
        ctx.exit(1)


def gather(config: Config) -> Status:
    """Ask everything that can be asked; what does not answer is said, never raised."""
    from huoqun.local.addresses import of_running_stack  # noqa: PLC0415  # keeps `huoqun --help` instant

    config = of_running_stack(config)
    problems: list[str] = []
    services = _services(config)
    lags, dead = _of_broker(config, problems) if services[0].why is None else ([], None)
    stored, alerts = _of_store(config, problems)
    sources = _sources(config, stored, problems, asked=services[0].why is None)
    waiting, replayed = (None, None) if dead is None else dead
    return Status(services, spooled(config), lags, waiting, replayed, sources, alerts, problems)


def _services(config: Config) -> list[Service]:
    from huoqun import broker  # noqa: PLC0415  # keeps `huoqun --help` instant
    from huoqun.local.probe import unready  # noqa: PLC0415  # the same

    address = config.kafka.bootstrap
    try:
        broker.wait_for_broker(config.kafka, 0)
        services = [Service("broker", address, None)]
    except broker.BrokerError as error:
        services = [Service("broker", address, str(error))]
    probes = {
        "gateway": (config.gateway.host, config.gateway.port),
        "worker": (config.worker.metrics_host, config.worker.metrics_port),
        "sink": (config.sink.metrics_host, config.sink.metrics_port),
    }
    if config.notify.routes:
        probes["notify"] = (config.notify.metrics_host, config.notify.metrics_port)
    for name, (host, port) in probes.items():
        url = f"http://{_reachable(host)}:{port}"
        services.append(Service(name, url, unready(f"{url}/readyz")))
    return services


def _reachable(host: str) -> str:
    """Return where a service that listens on ``host`` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)  # noqa: S104  # read, not bound


def _of_broker(config: Config, problems: list[str]) -> tuple[list[GroupLag], Count | None]:
    from huoqun import broker, dlq  # noqa: PLC0415  # keeps `huoqun --help` instant

    prefix = config.kafka.topic_prefix
    events = topics.full_name(prefix, topics.EVENTS)
    results = [topics.full_name(prefix, name) for name in topics.RESULT_TOPICS]
    streams, sink = topics.streams_group(prefix), topics.sink_group(prefix)
    try:
        # What is applied is asked first: it can only grow until the ends are known.
        lags = by_topic(streams, [events], _applied(config), broker.lag(config, streams, [events]))
        lags += by_topic(sink, [events, *results], None, broker.lag(config, sink, [events, *results]))
        return lags, dlq.count(config)
    except broker.BrokerError as error:
        problems.append(str(error))
        return [], None


def spooled(config: Config) -> int | None:
    """Return how many accepted events wait on this gateway's disk; ``None``: it has no spool, or does not answer."""
    from huoqun.local.samples import samples  # noqa: PLC0415  # keeps `huoqun --help` instant

    door = config.gateway
    places = [(door.host, door.port)]
    if door.workers > 1:
        places = [(door.metrics_host, door.metrics_port + number) for number in range(door.workers)]
    urls = [f"http://{_reachable(host)}:{port}/metrics" for host, port in places]
    told = [value for url in urls for _, value in samples(url, _SPOOLED)]
    return int(sum(told)) if told else None


def _applied(config: Config) -> dict[int, int]:
    """Return partition -> the last offset of the events that the worker has applied, of the partitions that it holds."""
    from huoqun.local.samples import samples  # noqa: PLC0415  # keeps `huoqun --help` instant

    url = f"http://{_reachable(config.worker.metrics_host)}:{config.worker.metrics_port}/metrics"
    return {int(labels["partition"]): int(value) for labels, value in samples(url, _APPLIED)}


def by_topic(
    group: str, names: Iterable[str], applied: Mapping[int, int] | None, found: Iterable[PartitionLag]
) -> list[GroupLag]:
    """Add up what was found of each partition.

    ``applied`` is partition -> the last offset applied; without it a group saves whatever it applies, as the sink does.
    """
    found = list(found)
    lags = []
    for name in names:
        mine = [entry for entry in found if entry.topic == name]
        left = [entry.lag if applied is None else _left(entry, applied.get(entry.partition)) for entry in mine]
        known = [count for count in left if count is not None]
        total = sum(known) if len(known) == len(left) else None
        lags.append(GroupLag(group, name, total, sum(entry.lag for entry in mine)))
    return lags


def _left(entry: PartitionLag, applied: int | None) -> int | None:
    """Return how many records are not applied: never more than are not saved."""
    if applied is None:
        return None if entry.lag else 0
    return min(entry.lag, max(0, entry.end - applied - 1))


def _of_store(config: Config, problems: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    from sinks import client  # noqa: PLC0415  # rooms only lazily

    try:
        return client.query(config, _SOURCES), client.query(config, _ALERTS)
    except client.QueryError as error:
        problems.append(f"the store: {error}")
        return [], []


def _sources(config: Config, stored: list[dict[str, Any]], problems: list[str], *, asked: bool) -> list[SourceRow]:
    """Return the sources: what gateways tell of them, if the broker can be ``asked``, and what is stored."""
    from huoqun import broker, records  # noqa: PLC0415  # keeps `huoqun --help` instant
    from huoqun.clock import now_ms  # noqa: PLC0415  # the same
    from producers.watch import reporting  # noqa: PLC0415  # rooms only lazily

    topic = topics.full_name(config.kafka.topic_prefix, topics.SOURCES)
    found: list[tuple[int, bytes | None]] = []
    try:
        if asked:
            read = records.read(config.kafka, topic, most=reporting.MOST_READ)
            found = [(record.offset, record.value) for record in read]
    except broker.BrokerError as error:
        problems.append(str(error))
    overview = reporting.overview_of(found, reporting.rules_of(config.sources))
    return rows(overview.seen(), stored, now=now_ms(), newest_report=overview.newest_at)


def _plain(found: Status) -> dict[str, Any]:
    return {
        "services": [s._asdict() for s in found.services],
        "spooled": found.spooled,
        "lag": [g._asdict() for g in found.lags],
        "dead_letters": found.dead_letters,
        "dead_letters_replayed": found.dead_letters_replayed,
        "sources": [s._asdict() for s in found.sources],
        "open_alerts": found.alerts,
        "problems": found.problems,
    }


def _show(found: Status) -> None:
    from rich.console import Console  # noqa: PLC0415  # heavy
    from rich.table import Table  # noqa: PLC0415  # the same
    from rich.text import Text  # noqa: PLC0415  # the same

    console = Console(width=None if sys.stdout.isatty() else _PIPED_WIDTH)

    def table(title: str, columns: list[str], rows: list[list[Any]], nothing: str) -> None:
        if not rows:
            console.print(Text(f"{title}: {nothing}\n"))
            return
        made = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for column in columns:
            number = column in _NUMBERS
            whole = number or column in columns[:1] or column == "kind"
            made.add_column(column, overflow="fold", no_wrap=whole, justify="right" if number else "left")
        for row in rows:
            made.add_row(*(Text(f"{value:,}" if isinstance(value, int) else str(value)) for value in row))
        console.print(made)
        console.print()

    table("Services", ["name", "at", "state"], [[s.name, s.place, s.why or "ready"] for s in found.services], "none")
    if found.spooled:
        console.print(Text(f"On the gateway's disk: {found.spooled:,} events that wait for the broker\n"))
    table(
        "Lag",
        ["group", "topic", "applied lag", "saved lag"],
        [[g.group, g.topic, "unknown" if g.applied_lag is None else g.applied_lag, g.saved_lag] for g in found.lags],
        "unknown, the broker does not answer",
    )
    table(
        "Sources",
        ["source", "kind", "events", "last event", "a min", "refused", "clock", "lost", "state"],
        [
            [
                s.source or "-", s.sort, s.events, s.last, "-" if s.per_minute is None else f"{s.per_minute:,.1f}",
                s.refusals, s.clock, s.lost, s.state,
            ]
            for s in found.sources
        ],
        "none",
    )  # fmt: skip
    table(
        "Open alerts",
        ["kind", "severity", "open", "oldest"],
        [[a["kind"], a["severity"], int(a["open"]), a["oldest"]] for a in found.alerts],
        "none",
    )
    if found.dead_letters is not None:
        more = f" (and {found.dead_letters_replayed:,} sent again)" if found.dead_letters_replayed else ""
        look = ": huoqun dlq list --summary" if found.dead_letters else ""
        console.print(Text(f"Dead letters: {found.dead_letters:,}{more}{look}"))
    for problem in found.problems:
        click.echo(problem, err=True)
