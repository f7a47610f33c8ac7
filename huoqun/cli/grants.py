"""``huoqun grants``: the SQL of the store's users."""

from __future__ import annotations

import os

import click

from huoqun.cli import configured


@click.command()
@click.pass_context
def command(ctx: click.Context) -> None:
    """Print the SQL that makes three ClickHouse users: an owner of the schema, a writer, a reader.

    Their passwords are taken from HUOQUN_CLICKHOUSE_OWNER_PASSWORD, …_WRITER_PASSWORD and …_READER_PASSWORD; what is printed
    holds their hashes only. Run it as an administrator, again after every change:

    huoqun grants | clickhouse-client --user admin --multiquery

    Then each service signs in as one of them, by HUOQUN_STORE_USER and HUOQUN_CLICKHOUSE_PASSWORD (docs/clickhouse.md).
    """
    from sinks import grants  # noqa: PLC0415  # keeps `huoqun --help` instant

    passwords = {role.name: os.environ.get(role.variable, "") for role in grants.ROLES}
    missing = [role.variable for role in grants.ROLES if not passwords[role.name]]
    if missing:
        raise click.UsageError(f"not set in the environment: {', '.join(missing)}")
    try:
        found = grants.statements(configured(ctx).store.database, passwords)
    except grants.GrantError as error:
        raise click.UsageError(str(error)) from None
    for statement in found:
        click.echo(f"{statement};")
