"""``huoqun doctor``: what is wrong on this machine, and what to do about it."""

from __future__ import annotations

import click

from huoqun.cli import configured


@click.command(name="doctor")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Look at everything that could keep huoqun from working here; a line each, with the mend where something is wrong.

    Checks Python, what is installed, the data directory and its disk, ports, the clock, the broker with its topics, and
    the store with its schema. What simply does not run (yet) is no mistake and marked with a dot. Status 1: something
    is wrong.
    """
    from huoqun.local.doctor import examine  # noqa: PLC0415  # keeps `huoqun --help` instant

    wrong = 0
    for finding in examine(configured(ctx)):
        mark = {"ok": "✓", "note": "·", "wrong": "✗"}[finding.state]
        click.echo(f"{mark} {finding.what:<10} {finding.said}")
        if finding.mend:
            click.echo(f"             → {finding.mend}")
        wrong += finding.state == "wrong"
    if wrong:
        click.echo(f"\n{wrong} {'thing is' if wrong == 1 else 'things are'} wrong", err=True)
        ctx.exit(1)
    click.echo("\nnothing is wrong · 一切正常")
