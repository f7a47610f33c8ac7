"""``huoqun notify``: alerts to people."""

from __future__ import annotations

import click

from huoqun.cli import configured, notify_test


@click.group(name="notify", invoke_without_command=True)
@click.option(
    "--wait", "seconds", type=click.FloatRange(0), default=10.0, show_default=True, metavar="SECONDS",
    help="How long to wait for the broker to answer.",
)  # fmt: skip
@click.pass_context
def command(ctx: click.Context, seconds: float) -> None:
    """Run the notifier: alerts reach the people that [[notify.routes]] names, by the channels of [[notify.channels]].

    What is told when: docs/notify.md. Each notice is sent until its receiver has it and recorded in `deliveries`; a crash
    repeats at most one a channel and loses none. Of several notifiers one sends, the others stand by. Without a route it waits,
    idle. SIGTERM finishes what is on its way and ends with status 0.

    Metrics, /healthz and /readyz: notify.metrics_host, notify.metrics_port.
    """
    if ctx.invoked_subcommand is not None:
        return
    from huoqun import broker, log  # noqa: PLC0415  # keeps `huoqun --help` instant
    from sinks.notify import process  # noqa: PLC0415  # the same

    config = configured(ctx)
    log.configure(service="notify")
    try:
        if config.notify.routes:
            broker.wait_for_broker(config.kafka, seconds)
        process.run(config)
    except broker.BrokerError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"the port cannot be opened ({error.strerror}): see notify.metrics_port") from None


command.add_command(notify_test.command)
