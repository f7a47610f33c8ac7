"""``huoqun sink``: results and events from the topics into the store."""

from __future__ import annotations

import click

from huoqun.cli import configured


@click.command()
@click.option(
    "--wait", "seconds", type=click.FloatRange(0), default=10.0, show_default=True, metavar="SECONDS",
    help="How long to wait for the broker to answer.",
)  # fmt: skip
@click.pass_context
def command(ctx: click.Context, seconds: float) -> None:
    """Run the sink: events and results from the topics into the store.

    Offsets are committed after their rows are stored, so stopping it anywhere, kill -9 included, loses nothing and
    shows nothing twice. While the store is away it waits, keeping what it has. Run several on a server: they share the
    partitions. SIGTERM stores what is at hand and ends with status 0.

    With `store.kind = "embedded"` this process owns the directory, makes the schema by itself, and answers read-only
    SQL over HTTP (store.query_host, store.query_port) for `huoqun query`, the desk and Grafana: exactly one may run.
    With `store.kind = "clickhouse"` run `huoqun migrate` first.

    Metrics, /healthz and /readyz: sink.metrics_host, sink.metrics_port.
    """
    from huoqun import broker, log  # noqa: PLC0415  # keeps `huoqun --help` instant
    from sinks import process  # noqa: PLC0415  # the same
    from sinks.store import StoreError  # noqa: PLC0415  # the same

    config = configured(ctx)
    log.configure(service="sink")
    try:
        broker.wait_for_broker(config.kafka, seconds)
        process.run(config)
    except (broker.BrokerError, StoreError) as error:
        raise click.ClickException(str(error)) from None
    except ImportError as error:
        raise click.ClickException(
            f"the embedded store is not installed: pip install 'huoqun[local]' ({error})"
        ) from None
    except OSError as error:
        raise click.ClickException(
            f"a port cannot be opened ({error.strerror}): see sink.metrics_port and store.query_port"
        ) from None
