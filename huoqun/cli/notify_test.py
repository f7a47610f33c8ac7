"""``huoqun notify test``: does every channel of a route take a notice."""

from __future__ import annotations

import os

import click

from huoqun.cli import configured


@click.command("test")
@click.argument("route")
@click.option("--config", "path", metavar="FILE", default=None, help="Configuration file, as of `huoqun --config`.")
@click.pass_context
def command(ctx: click.Context, route: str, path: str | None) -> None:
    """Send a test notice, labelled as one, through every channel of ROUTE, and say what came of each.

    Those that the route escalates to are tried too. Nothing else is touched: no broker, no store. Status 0: all took it;
    1: at least one did not; 2: there is no such route.
    """
    from sinks.notify.notice import Again, Sent  # noqa: PLC0415  # keeps `huoqun --help` instant
    from sinks.notify.trying import tried  # noqa: PLC0415  # the same

    if path is not None:
        ctx.obj = path
    notify = configured(ctx).notify
    found = next((each for each in notify.routes if each.name == route), None)
    if found is None:
        names = (
            ", ".join(each.name for each in notify.routes) or "none: add one to [[notify.routes]], see docs/notify.md"
        )
        raise click.BadParameter(f"no route is named {route!r}; there are: {names}", param_hint="ROUTE")
    results = tried(found, notify, os.environ)
    for channel, outcome, took_ms in results:
        name = f"{channel.name} ({channel.kind})"
        if isinstance(outcome, Sent):
            click.echo(f"✓ {name}: taken in {took_ms} ms · 已送达")
        elif isinstance(outcome, Again):
            wait = f", not before {outcome.after_ms / 1000:g} s are over" if outcome.after_ms else ""
            click.echo(f"… {name}: not now: {outcome.why}; try again{wait} · 暂时送不出去")
        else:
            click.echo(f"✗ {name}: {outcome.why} · 送不出去")
    if not all(isinstance(each.outcome, Sent) for each in results):
        ctx.exit(1)
