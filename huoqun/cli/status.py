"""``huoqun status``: what runs, how far it is, and what waits."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

import click

from huoqun import topics
from huoqun.cli import configured
from huoqun.config import Config

_SOURCES: Final = """
    SELECT source, count() AS events, max(received_at) AS last_received, max(ts) AS last_event
    FROM events GROUP BY source ORDER BY source
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
    """Records that one consumer group has not committed, a topic."""

    group: str
    topic: str
    lag: int


class Status(NamedTuple):
    """All that is shown. A part that can't be asked is empty, and ``problems`` say why."""

    services: list[Service]
    lags: list[GroupLag]
    dead_letters: int | None
    sources: list[dict[str, Any]]
    alerts: list[dict[str, Any]]
    problems: list[str]


@click.command(name="status")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Show what can be reached, each group's lag, the last event of each source, dead letters and open alerts.

    Looks for the stack that runs in data_dir first (huoqun up), else at the configured addresses. Lag counts records of
    the log, ticks included: a few are normal, a number that only grows is not. Status 0: all reachable; 1: not.
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
    sources, alerts = _of_store(config, problems)
    return Status(services, lags, dead, sources, alerts, problems)


def _services(config: Config) -> list[Service]:
    from huoqun import broker  # noqa: PLC0415  # keeps `huoqun --help` instant
    from huoqun.local.probe import unready  # noqa: PLC0415  # the same

    bootstrap = config.kafka.bootstrap
    try:
        broker.wait_for_broker(bootstrap, 0)
        services = [Service("broker", bootstrap, None)]
    except broker.BrokerError as error:
        services = [Service("broker", bootstrap, str(error))]
    probes = {
        "gateway": (config.gateway.host, config.gateway.port),
        "worker": (config.worker.metrics_host, config.worker.metrics_port),
        "sink": (config.sink.metrics_host, config.sink.metrics_port),
    }
    for name, (host, port) in probes.items():
        url = f"http://{_reachable(host)}:{port}"
        services.append(Service(name, url, unready(f"{url}/readyz")))
    return services


def _reachable(host: str) -> str:
    """Return where a service that listens on ``host`` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, host)  # noqa: S104  # read, not bound


def _of_broker(config: Config, problems: list[str]) -> tuple[list[GroupLag], int | None]:
    from huoqun import broker  # noqa: PLC0415  # keeps `huoqun --help` instant

    prefix = config.kafka.topic_prefix
    events = topics.full_name(prefix, topics.EVENTS)
    results = [topics.full_name(prefix, name) for name in topics.RESULT_TOPICS]
    dead_letters = topics.full_name(prefix, topics.DEADLETTER)
    try:
        lags = []
        for group, names in ((topics.streams_group(prefix), [events]), (topics.sink_group(prefix), [events, *results])):
            by_topic = dict.fromkeys(names, 0)
            for entry in broker.lag(config, group, names):
                by_topic[entry.topic] += entry.lag
            lags += [GroupLag(group, topic, lag) for topic, lag in by_topic.items()]
        return lags, broker.depth(config.kafka.bootstrap, dead_letters)
    except broker.BrokerError as error:
        problems.append(str(error))
        return [], None


def _of_store(config: Config, problems: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    from sinks import client  # noqa: PLC0415  # rooms only lazily

    try:
        return client.query(config, _SOURCES), client.query(config, _ALERTS)
    except client.QueryError as error:
        problems.append(f"the store: {error}")
        return [], []


def _plain(found: Status) -> dict[str, Any]:
    return {
        "services": [s._asdict() for s in found.services],
        "lag": [g._asdict() for g in found.lags],
        "dead_letters": found.dead_letters,
        "sources": found.sources,
        "open_alerts": found.alerts,
        "problems": found.problems,
    }


def _show(found: Status) -> None:
    from rich.console import Console  # noqa: PLC0415  # heavy
    from rich.table import Table  # noqa: PLC0415  # the same
    from rich.text import Text  # noqa: PLC0415  # the same

    console = Console()

    def table(title: str, columns: list[str], rows: list[list[Any]], nothing: str) -> None:
        if not rows:
            console.print(Text(f"{title}: {nothing}\n"))
            return
        made = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for column in columns:
            made.add_column(column, overflow="fold", justify="right" if column in ("lag", "events", "open") else "left")
        for row in rows:
            made.add_row(*(Text(f"{value:,}" if isinstance(value, int) else str(value)) for value in row))
        console.print(made)
        console.print()

    table("Services", ["name", "at", "state"], [[s.name, s.place, s.why or "ready"] for s in found.services], "none")
    table(
        "Lag", ["group", "topic", "lag"], [list(entry) for entry in found.lags], "unknown, the broker does not answer"
    )
    table(
        "Sources",
        ["source", "events", "last received", "last event"],
        [[s["source"] or "-", int(s["events"]), s["last_received"], s["last_event"]] for s in found.sources],
        "no events yet",
    )
    table(
        "Open alerts",
        ["kind", "severity", "open", "oldest"],
        [[a["kind"], a["severity"], int(a["open"]), a["oldest"]] for a in found.alerts],
        "none",
    )
    if found.dead_letters is not None:
        console.print(Text(f"Dead letters: {found.dead_letters:,}"))
    for problem in found.problems:
        click.echo(problem, err=True)
