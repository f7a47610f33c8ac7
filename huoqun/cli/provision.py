"""``huoqun provision``: make the topics, and check them."""

from __future__ import annotations

import click

from huoqun.cli import configured


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
@click.pass_context
def command(ctx: click.Context, seconds: float, *, check: bool) -> None:
    """Make the topics on the broker that are missing, and check those that are there.

    Run it once before the services start; running it again, or twice at once, does no harm. Topics are never changed or
    deleted: one with a wrong partition count is named, with the mend, and the status is 1.
    """
    from huoqun import broker  # noqa: PLC0415  # keeps `huoqun --help` instant

    config = configured(ctx)
    try:
        broker.wait_for_broker(config.kafka, seconds)
        made = [] if check else broker.provision(config)
        problems = broker.verify(config)
    except broker.BrokerError as error:
        raise click.ClickException(str(error)) from None
    for name in made:
        click.echo(f"made {name}")
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        ctx.exit(1)
    if not made:
        click.echo("nothing to do: every topic is there and as it must be")
