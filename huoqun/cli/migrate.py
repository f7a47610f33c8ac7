"""``huoqun migrate``: bring the store's schema up to this version."""

from __future__ import annotations

import os

import click

from huoqun.cli import configured


@click.command()
@click.option("--check", is_flag=True, help="Apply nothing; status 1 if anything is missing.")
@click.pass_context
def command(ctx: click.Context, *, check: bool) -> None:
    """Bring the store's schema up to this version, and say what was applied.

    Run it before the sinks when the store is a ClickHouse server; again, or twice at once, it does no harm. An embedded
    store is brought up to date by its sink when that starts: here, its directory must not be in use by one.

    A schema step that was applied and then edited is refused, as is a store that a newer version has worked on.
    """
    from sinks import migrate, process  # noqa: PLC0415  # keeps `huoqun --help` instant
    from sinks.clickhouse import ClickHouseStore  # noqa: PLC0415  # the same
    from sinks.store import Store, StoreError  # noqa: PLC0415  # the same

    config = configured(ctx)
    database = config.store.database
    store: Store
    try:
        if config.store.kind == "embedded":
            store = process.open_embedded(config)
        else:
            store = ClickHouseStore(config.store, os.environ.get(config.store.password_env, ""))
        try:
            if check:
                migrate.check(store, database)
                done = []
            else:
                done = migrate.migrate(store, database)
        finally:
            store.close()
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    except ImportError as error:
        raise click.ClickException(
            f"the embedded store is not installed: pip install 'huoqun[local]' ({error})"
        ) from None
    for step in done:
        click.echo(f"applied {step.number:03}_{step.name}")
    if not done:
        click.echo("nothing to do: the schema is up to date")
