"""``huoqun provision``: make the topics, and check them."""

from __future__ import annotations

import click

from huoqun.cli import configured
from huoqun.config import Config


@click.command()
@click.option(
    "--wait",
    "seconds",
    type=click.FloatRange(0),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the broker to answer.",
)
@click.option("--check", is_flag=True, help="Make nothing; only say what is wrong.")
@click.option("--from-store", is_flag=True, help="Fill the events topic, if it holds no event, with the stored ones.")
@click.pass_context
def command(ctx: click.Context, seconds: float, *, check: bool, from_store: bool) -> None:
    """Make the topics on the broker that are missing, and check those that are there.

    Run it once before the services start; running it again, or twice at once, does no harm. Topics are never changed or
    deleted: one with a wrong partition count is named, with the mend, and the status is 1.

    With --from-store, after Kafka was lost: what ClickHouse has is published again, in the order of time, before gateways
    and workers start; workers then compute everything from it (docs/backup.md).
    """
    from huoqun import broker  # noqa: PLC0415  # keeps `huoqun --help` instant

    config = configured(ctx)
    try:
        broker.wait_for_broker(config.kafka, seconds)
        made = [] if check else broker.provision(config)
        problems = broker.verify(config)
    except broker.BrokerError as error:
        raise click.ClickException(str(error)) from None
    if from_store and not check and not problems:
        _fill(config)
    for name in made:
        click.echo(f"made {name}")
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        ctx.exit(1)
    if not made:
        click.echo("nothing to do: every topic is there and as it must be")


def _fill(config: Config) -> None:
    from huoqun import broker, topics  # noqa: PLC0415  # keeps `huoqun --help` instant
    from sinks import client, restore  # noqa: PLC0415  # the same

    topic = topics.full_name(config.kafka.topic_prefix, topics.EVENTS)
    if any(end > 1 for end in broker.end_offsets(config.kafka, topic).values()):  # the first record is the generation
        raise click.ClickException(
            f"topic {topic} is not empty · 主题不是空的: only a new one is filled; stop gateways, whose ticks go there, too"
        )
    try:
        count = broker.republish(
            config, restore.stored_events(config), lambda done: click.echo(f"{done:,} events …", err=True)
        )
    except (broker.BrokerError, client.QueryError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{count:,} stored events are in {topic} · 已重新写入 {count:,} 条事件")
