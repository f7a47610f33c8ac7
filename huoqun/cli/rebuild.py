"""``huoqun rebuild``: all results anew from the events topic."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from huoqun.cli import configured
from huoqun.cli.progress import progress_bar
from huoqun.config import Config

if TYPE_CHECKING:
    from huoqun.local import rebuild


@click.command(name="rebuild")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--partial", is_flag=True, help="Also where the topic does not hold all events any more (see above).")
@click.option(
    "--force", is_flag=True, help="Also if the broker still counts workers or sinks, of which none runs any more."
)
@click.option("--quiet", is_flag=True, help="Without a progress bar.")
@click.pass_context
def command(ctx: click.Context, *, yes: bool, partial: bool, force: bool, quiet: bool) -> None:
    """Compute all results anew from the events topic, and put them in the place of those that are stored.

    For when tables are damaged or lost, when an upgrade cannot read the workers' saved state, or to be sure. Stop every
    worker and sink first; gateways may go on, what they take waits in Kafka. People see the old results until the new
    ones are complete: they are made in a database beside (DATABASE_rebuild), then exchanged table by table. The workers'
    saved state is replaced too, and workers and sinks go on behind what was read when you start them. What operators
    did, what was sent and campaigns stay. Cut short, run it again before you start anything.

    Kafka keeps events for 30 days by default. Where the topic's beginning is gone, results of the time before would be
    missing, so it refuses; with --partial it goes on: stored events of before are kept, what was computed of them is not.

    Status 0: done. 1: not done, and why.
    """
    from huoqun import broker  # noqa: PLC0415  # keeps `huoqun --help` instant
    from huoqun.local import rebuild  # noqa: PLC0415  # the same
    from sinks.store import StoreError  # noqa: PLC0415  # the same

    config = configured(ctx)
    try:
        broker.wait_for_broker(config.kafka, 5)
        what = rebuild.plan(config, force=force)
        if not partial:
            rebuild.refuse_cut(what)
        place = config.data_dir if config.store.kind == "embedded" else f"{config.store.host}:{config.store.port}"
        click.echo(
            f"{what.records:,} records of {what.events} into database {config.store.database} at {place} · "
            f"用 {what.records:,} 条记录重算全部结果"
        )
        if not yes:
            click.confirm("replace all results by what comes of them? · 替换全部结果？", abort=True)
        started = time.monotonic()
        done = _run(config, what, quiet=quiet)
    except (rebuild.RebuildError, broker.BrokerError, StoreError) as error:
        raise click.ClickException(str(error)) from None
    except ImportError as error:
        raise click.ClickException(
            f"the embedded store is not installed: pip install 'huoqun[local]' ({error})"
        ) from None
    for table, rows in sorted(done.rows.items()):
        click.echo(f"  {table:<12} {rows:>12,} rows written")
    if done.unreadable or done.refused:
        click.echo(
            f"  left out: {done.unreadable:,} unreadable records, {done.refused:,} rows that the store does not take"
        )
    seconds = time.monotonic() - started
    click.echo(f"done in {seconds:.0f} s: start workers and sinks · 完成，可以启动 worker 和 sink")


def _run(config: Config, what: rebuild.Plan, *, quiet: bool) -> rebuild.Outcome:
    from rich.console import Console  # noqa: PLC0415  # keeps `huoqun --help` instant

    from huoqun.local.rebuild import rebuild as do  # noqa: PLC0415  # the same

    with progress_bar(Console(stderr=True), quiet=quiet) as progress:
        task = progress.add_task("rebuild · 重建", total=what.records, counts="")
        return do(config, what, lambda count: progress.update(task, completed=count, counts=f"{count:,} records"))
