"""``huoqun worker``: the streams."""

from __future__ import annotations

import os

import click

from huoqun import log, pseudonyms
from huoqun.cli import configured
from huoqun.config import ConfigError


@click.command(name="worker")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Compute: read events, keep each group's state, write activity, questions, alerts, members and groups.

    Run as many as there are partitions: they share the groups between them and take over from one that dies, within
    some ten seconds. State lives in Kafka; a worker can be killed and started at any moment, anywhere.

    \b
    Needs:     a broker with the topics made (huoqun provision)
    Settings:  [worker] in huoqun.toml, or HUOQUN_WORKER_… variables
    Metrics:   http://127.0.0.1:9101/metrics (worker.metrics_host, worker.metrics_port; 0 takes any free port)
    Ends:      0 after SIGTERM or Ctrl-C, with everything saved and committed;
               1 when it can't go on: start it again, it repeats what was not saved
    """  # noqa: D301
    config = configured(ctx)
    log.configure(service="worker")
    try:
        people = pseudonyms.read_key(config, os.environ)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    if people is not None:
        config = people.configuration(config)
    from streams.service import WorkerError, run  # noqa: PLC0415  # loaded when the service runs, not for --help

    try:
        run(config)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    except WorkerError as error:
        raise click.ClickException(str(error)) from None
